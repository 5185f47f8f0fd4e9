"""The class directions of a finished probing run, lent to other rooms: where its linear probe's classes lie.

A run keeps the weights of its best layer alone. Those of another layer are learnt again: from the run's own places
(their states are in the store), on the split of its first seed, with the median of the penalties its draws chose there.
States go to the logits, less what all classes share: the rank is at most one less than the classes.
"""

import numpy as np

from probes import store
from probes.contract import Progress
from probes.errors import StrataError
from probes.probing.analysis import TRAINED
from probes.probing.answers import answered
from probes.probing.learning import kept
from probes.probing.margins import trained
from probes.probing.reading import read
from probes.probing.study import split
from probes.subspaces import Lent


def lent(digest: str) -> Lent:
    """Return the class directions of a stored run of a linear probe, for other rooms.

    StrataError E-RUN-UNKNOWN for no run of today's version; E-PROBE-NUMBER for another probe, which has no directions,
    and where single states have no classes: answers that are numbers, and edits, judged on two states at once.
    """
    spec, run = trained(digest, store.home())
    if spec.probe != "linear":
        what = f"The {spec.probe} probe of this run has no class directions."
        raise StrataError("E-PROBE-NUMBER", what, fix="Name a probing run with probe=linear.")
    examples, answers, _ = answered(read(spec.model_copy(update={"random_init": False}), Progress()), spec.label,
                                    spec.task)  # fmt: skip
    if answers.numeric or examples.paired:
        what = f"The probe of {run.label[:60]} tells no classes of single states apart."
        raise StrataError("E-PROBE-NUMBER", what, fix="Name a run whose label has classes, such as role or leaf-type.")
    task = split(examples, answers, spec)

    def project(rows: np.ndarray, layer: str) -> np.ndarray:
        weights = run.weights
        if layer != run.best:
            weights = kept(examples.at(TRAINED, layer), answers, task, run.row(TRAINED, layer).penalty)
        weights = weights.astype(np.float64)
        weights -= weights.mean(1, keepdims=True)
        found: np.ndarray = rows @ weights[:-1] + weights[-1]
        return found

    said = f"the class directions of {run.label[:40]}, run {digest[:12]}"
    return Lent(said, run.source.weights, examples.layers, project)
