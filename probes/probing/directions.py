"""The class directions of a finished probing run, lent to other rooms: where its linear probe's classes lie.

A run stores scores, not weights, so the probe of a layer is learnt again: from the run's own places (their states are
in the store), on the split of its first seed, with the penalty it chose there most often. With W the weights on
standardised columns, states go to (x - mean) / deviation @ (W - the mean over classes): the logits, less what all
classes share. The rank is at most one less than the classes.
"""

import numpy as np

from probes import store
from probes.contract import Progress
from probes.errors import StrataError
from probes.probing import linear
from probes.probing.analysis import TRAINED, ProbingResult, ProbingSpec
from probes.probing.answers import answered
from probes.probing.problems import Problems, standardised
from probes.probing.reading import read
from probes.probing.study import split
from probes.subspaces import Lent


def lent(digest: str) -> Lent:
    """Return the class directions of a stored run; E-RUN-UNKNOWN, or E-PROBE-NUMBER when it has no classes of states.

    Numbers have no classes, and an edit is judged on two states at once: neither is a map of one layer's states.
    """
    asked = store.asked(digest)
    run = store.load(digest, ProbingResult) if asked and asked["kind"] == ProbingSpec.kind else None
    if asked is None or run is None:
        what = f"There is no probing run '{digest}' in the store."
        raise StrataError("E-RUN-UNKNOWN", what, fix="Ask the question again, then this one.")
    spec = ProbingSpec.model_validate(asked["spec"])
    examples, answers, _ = answered(read(spec.model_copy(update={"random_init": False}), Progress()), spec.label,
                                    spec.task)  # fmt: skip
    if answers.numeric or examples.paired:
        what = f"The probe of {run.label} tells no classes of single states apart."
        raise StrataError("E-PROBE-NUMBER", what, fix="Name a run whose label has classes, such as role or leaf-type.")
    task = split(examples, answers, spec)

    def project(rows: np.ndarray, layer: str) -> np.ndarray:
        own = examples.at(TRAINED, layer)
        problems = Problems.crossed([answers.values], task.train[:1], task.classes, [run.row(TRAINED, layer).penalty])
        weights = linear.fit(standardised(own, ~task.test), problems)[:-1, 0].numpy().astype(np.float64)
        known = own[~task.test].astype(np.float64)
        middle, spread = known.mean(0), known.std(0)
        scale = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-6 * np.abs(known).max(0).clip(1e-30))
        found: np.ndarray = ((rows - middle) * scale) @ (weights - weights.mean(1, keepdims=True))
        return found

    return Lent(f"the class directions of {run.label}, run {digest[:12]}", run.source.weights, examples.layers, project)
