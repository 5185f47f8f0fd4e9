"""The run behind `SnippetSpec`: one forward pass, one layer, one tree."""

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from probes import store
from probes.contract import Progress
from probes.corpora.grammars import LANGUAGES
from probes.errors import StrataError
from probes.extract import pooled
from probes.models import Model, loaded
from probes.models.provenance import source_of
from probes.syntax import evaluate
from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.dataset import Snippet, snippet
from probes.syntax.nesting import drawn, parents
from probes.syntax.probe import Probe
from probes.syntax.scores import score
from probes.syntax.snippet import SnippetResult, SnippetSpec
from probes.syntax.targets import Inventory, Targets, targets
from probes.syntax.tuples import Span, SyntaxTuple, decode, encode
from probes.values import Source


@lru_cache(maxsize=4)
def trained(digest: str, _home: Path) -> tuple[SyntaxSpec, SyntaxResult]:
    """Return a syntax run of the store at `_home`; StrataError E-RUN-UNKNOWN for none, or one of another version."""
    return store.finished(
        digest, SyntaxSpec, SyntaxResult, called="syntax run", again="Train the probe again, then look."
    )


def look(spec: SnippetSpec, progress: Progress) -> SnippetResult:
    """Answer a SnippetSpec; refuses code that does not parse or does not fit the model's context."""
    asked, run = trained(spec.run, store.home())
    layer = run.best if spec.layer is None else spec.layer
    if layer not in run.layers:
        raise StrataError(
            "E-LAYER-UNKNOWN", f"This run has no layer '{layer[:40]}'.", fix=f"Choose one of {', '.join(run.layers)}."
        )
    piece = snippet(encode(spec.code, asked.language), asked.input)
    progress.report(1, 3, "reading the snippet")
    model = same_model(asked, run)
    rows = states(model, piece, layer)
    z = project(run, run.layers.index(layer), rows)
    progress.report(2, 3, "decoding")
    guess = predict(run, run.layers.index(layer), rows, chart=asked.decoding == "chart")
    tree = piece.tree
    truth = decode(tree.distances, tree.constituents, tree.unaries)
    source = source_of(
        model, corpus="a snippet", texts=[piece.text], seed=asked.seed, also=[LANGUAGES[asked.language].wheel]
    )
    return _result(piece, (truth, guess), z, (run, layer), source=source)


def same_model(asked: SyntaxSpec, run: SyntaxResult) -> Model:
    """Return the model a run was about; raises StrataError E-MODEL-MOVED when its weights are others now."""
    model = loaded(asked)
    if model.weights != run.source.weights:
        raise StrataError(
            "E-MODEL-MOVED",
            f"'{asked.model}' now has other weights than those this run's probe was trained on.",
            fix="Run the question again, then look.",
        )
    return model


def states(model: Model, piece: Snippet, layer: str) -> np.ndarray:
    """Return one layer's word states, float32 [word, width]."""
    model.check_lengths(model.lengths([piece.text]))
    rows, count = pooled(model, [piece.text], [piece.spans], [layer])
    if (count == 0).any():
        lost = piece.tree.words[int(np.flatnonzero(count == 0)[0])]
        raise StrataError(
            "E-WORD-LOST",
            f"The model's tokenizer drops the word {lost!r}, so it has no hidden state.",
            fix="Remove control characters and the like from the code.",
        )
    return rows[layer].cpu().numpy()


def project(run: SyntaxResult, layer: int, rows: np.ndarray) -> np.ndarray:
    """Return the words in the syntactic subspace, [word, rank]."""
    return (rows - run.center[layer]) * run.scale[layer] @ run.basis[layer]


def predict(run: SyntaxResult, layer: int, rows: np.ndarray, *, chart: bool = False) -> list[Span]:
    """Decode the tree that the stored probe reads off one layer's words."""
    probe = probe_of(run, slice(layer, layer + 1))
    states = torch.from_numpy(((rows - run.center[layer]) * run.scale[layer]).astype(np.float32))[None]
    said = evaluate.read(probe, states, np.array([len(rows)]), chart=chart)
    return evaluate.spans(said[:, 0], Inventory(run.constituents, run.unaries))


def probe_of(run: SyntaxResult, layers: slice = slice(None)) -> Probe:
    """Return the stored probes of some layers."""
    return Probe(*(torch.from_numpy(np.array(getattr(run, part.name)[layers])) for part in fields(Probe)))


def goal_of(run: SyntaxResult, trees: Sequence[SyntaxTuple]) -> Targets:
    """Lay trees out under the labels that a run's probes can say."""
    return targets(trees, Inventory(run.constituents, run.unaries))


def _result(
    piece: Snippet, trees: tuple[list[Span], list[Span]], z: np.ndarray, at: tuple[SyntaxResult, str], *, source: Source
) -> SnippetResult:
    truth, guess = trees
    run, layer = at
    index, n = run.layers.index(layer), len(piece)
    place = (z - run.origin[index]) @ run.axes[index]
    gold, predicted = drawn(truth, guess, n, "gold"), drawn(guess, truth, n, "predicted")
    words = pd.DataFrame(
        {
            "position": np.arange(n),
            "word": piece.tree.words,
            "type": piece.tree.types,
            "category": piece.tree.categories,
            "x": place[:, 0].astype(float),
            "y": place[:, 1].astype(float),
        }
    )
    result = score(guess, truth)
    return SnippetResult(
        words=words,
        nodes=pd.concat([gold[0], predicted[0]], ignore_index=True),
        edges=pd.concat([gold[1], predicted[1]], ignore_index=True),
        subspace_edges=_lines(truth, place),
        layer=layer,
        precision=result.precision,
        recall=result.recall,
        f1=result.f1,
        explained=(float(run.explained[index][0]), float(run.explained[index][1])),
        source=source,
    )


def _lines(spans: list[Span], place: np.ndarray) -> pd.DataFrame:
    """Join each constituent's middle to its parent's, and each word to the lowest constituent around it."""
    ordered, above = parents(spans)
    middles = [place[span.first : span.last + 1].mean(0) for span in ordered]
    holder = np.full(len(place), -1)
    lines = []
    for i, span in enumerate(ordered):
        holder[span.first : span.last + 1] = i
        if above[i] >= 0 and (ordered[above[i]].first, ordered[above[i]].last) != (span.first, span.last):
            lines.append((*middles[above[i]], *middles[i]))
    lines += [(*middles[node], *place[word]) for word, node in enumerate(holder) if node >= 0]
    return pd.DataFrame(lines, columns=["x", "y", "x2", "y2"]).astype(float)
