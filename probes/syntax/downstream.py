"""Can the tree still be read further on? F1 of a run's own probes at later layers, after a subspace was removed at one.

Nothing is trained again. Where later layers read the tree off the states as before, the model has rebuilt it, or never
took it from there; where their F1 falls as it does not under random subspaces, they took it from the subspace.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from probes.contract import Progress
from probes.extract import pooled
from probes.extract.losses import batches
from probes.models import LanguageModel
from probes.models.edits import EditAt
from probes.models.sites import editing
from probes.stats import bootstrap
from probes.syntax import evaluate, look
from probes.syntax.analysis import SyntaxResult
from probes.syntax.dataset import Snippet
from probes.syntax.series import Series

AS_IT_IS = "nothing removed"
COLUMNS = ["layer", "subspace", "order", "at", "f1", "low", "high"]
F1 = evaluate.METRICS.index("f1")


def downstream(
    lm: LanguageModel,
    run: SyntaxResult,
    pieces: Sequence[Snippet],
    edits: Mapping[tuple[str, str], Sequence[EditAt]],
    progress: Progress,
) -> pd.DataFrame:
    """Return one row an edited layer, subspace and layer read, with intervals over functions and draws: `COLUMNS`.

    `edits` holds what removes each draw of a subspace, by (edited layer, subspace).
    """
    plain, done = f1_of(lm, run, pieces, run.layers[0], None), 0
    tables: dict[tuple[str, str], np.ndarray] = {}
    for (layer, name), draws in edits.items():
        tables.setdefault((layer, AS_IT_IS), plain[None, run.layers.index(layer) :])
        found = []
        for at in draws:
            found.append(f1_of(lm, run, pieces, layer, at))
            done += 1
            progress.report(done, sum(map(len, edits.values())), "reading trees further on")
        tables[layer, name] = np.stack(found)
    rows = []
    for (layer, name), table in tables.items():
        first = run.layers.index(layer)
        bounds = bootstrap(table.swapaxes(0, 1)).tolist()
        rows += [(layer, name, first + i, run.layers[first + i], *bound) for i, bound in enumerate(bounds)]
    return pd.DataFrame(rows, columns=COLUMNS)


def f1_of(lm: LanguageModel, run: SyntaxResult, pieces: Sequence[Snippet], layer: str, at: EditAt | None) -> np.ndarray:
    """Return F1 [layer, function] of the run's probes from `layer` on, its states there edited or not."""
    layers = run.layers[run.layers.index(layer) :]
    parts: dict[int, dict[str, np.ndarray]] = {}
    for rows, states in _states(lm, pieces, layers, layer, at):
        sizes = [len(pieces[i]) for i in rows]
        cuts = np.cumsum(sizes)[:-1]
        by_layer = {label: np.split(found, cuts) for label, found in states.items()}
        for k, i in enumerate(rows.tolist()):
            parts[i] = {label: found[k] for label, found in by_layer.items()}
    arrays = tuple(np.concatenate([parts[i][label] for i in range(len(pieces))]) for label in layers)
    first = len(run.layers) - len(layers)
    series = Series(arrays, run.center[first:], run.scale[first:], "cpu")
    goal = look.goal_of(run, [piece.tree for piece in pieces])
    found = evaluate.scores(look.probe_of(run, slice(first, None)), series, goal, np.arange(len(pieces)))
    return np.asarray(found[..., F1])


def _states(
    lm: LanguageModel, pieces: Sequence[Snippet], layers: Sequence[str], layer: str, at: EditAt | None
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Yield which functions a batch holds, and the word states of its functions end to end."""
    for rows, batch in batches(lm, [piece.text for piece in pieces], 0, Progress()):
        texts, spans = [pieces[i].text for i in rows], [pieces[i].spans for i in rows]
        if at is None:
            states, _ = pooled(lm.model, texts, spans, layers)
        else:
            with editing(lm.model, layer, at(batch.where)):
                states, _ = pooled(lm.model, texts, spans, layers)
        yield rows, {label: found.float().cpu().numpy() for label, found in states.items()}
