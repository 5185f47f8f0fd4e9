"""From scored languages to the tables and sentences of an AlignmentResult."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from probes.alignment.analysis import AlignmentResult
from probes.alignment.cka import gram_cka_between
from probes.alignment.mexa import over_layers
from probes.alignment.scoring import COLUMNS, Scored
from probes.values import Source

if TYPE_CHECKING:
    from probes.alignment.study import Sentences


@dataclass(frozen=True)
class Facts:
    """What a result says besides its numbers."""

    layers: tuple[str, ...]
    published: tuple[str, ...]
    depth: int
    at: int
    left_out: dict[str, int]
    source: Source


def result(
    sentences: "Sentences", scores: Sequence[Scored], within: Sequence[np.ndarray], unknown: list[float], facts: Facts
) -> AlignmentResult:
    """Put the languages, in their order, into tables; the best layer is the one most languages choose."""
    found = sentences.found
    pivot, *names = found.languages
    table = _languages(names, found.scripts, scores, unknown, facts)
    best, _ = Counter(s.best.layer for s in scores).most_common(1)[0]
    there = _scores(names, found.scripts, scores, facts)
    here = there[there.order == best].sort_values(["score", "language"])
    low = here.iloc[0]
    empty = np.empty((0, 0, 0, 0), np.float32)
    return AlignmentResult(
        scores=there,
        languages=table,
        texts=_texts(sentences),
        pivot=pivot,
        best=facts.layers[best],
        depth=facts.depth,
        count=len(names),
        sentences=len(sentences.rows),
        at=facts.at,
        average=float(here.score.mean()),
        floor=float(here.lexical.mean()),
        lowest=str(low.language),
        lowest_score=float(low.score),
        lowest_floor=float(low.lexical),
        layers=facts.layers,
        published=facts.published,
        left_out=facts.left_out,
        own=np.stack([s.own for s in scores]),
        rival=np.stack([s.rival for s in scores]),
        rival_similarity=np.stack([s.rival_similarity for s in scores]),
        cross=np.stack([s.cross for s in scores]) if within else empty,
        within=np.stack(within) if within else empty,
        near=_near(np.stack(within)) if within else np.empty((0, 0, 0), np.float32),
        source=facts.source,
    )


def _scores(names: Sequence[str], scripts: dict[str, str], scores: Sequence[Scored], facts: Facts) -> pd.DataFrame:
    parts = []
    for name, one in zip(names, scores, strict=True):
        part = pd.DataFrame(one.table, columns=list(COLUMNS))
        part.insert(0, "language", name)
        part.insert(1, "script", scripts[name])
        part.insert(2, "order", range(len(part)))
        part.insert(3, "layer", list(facts.layers))
        part.insert(10, "lexical", one.lexical)
        part.insert(11, "length", one.length)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _languages(
    names: Sequence[str], scripts: dict[str, str], scores: Sequence[Scored], unknown: list[float], facts: Facts
) -> pd.DataFrame:
    own = [facts.layers.index(layer) for layer in facts.published]
    at = COLUMNS.index("score")
    rows = [
        {
            "language": name,
            "script": scripts[name],
            "best": facts.layers[one.best.layer],
            "score": one.best.score,
            "low": one.best.low,
            "high": one.best.high,
            "mean": float(over_layers(one.table[own, at])),
            "max": float(over_layers(one.table[own, at], "max")),
            "lexical": one.lexical,
            "length": one.length,
            "p": one.p,
            "tokens": one.tokens,
            "unknown": share,
        }
        for name, one, share in zip(names, scores, unknown, strict=True)
    ]
    return pd.DataFrame(rows)


def _texts(sentences: "Sentences") -> pd.DataFrame:
    found = sentences.found
    ids = [found.sentences[i] for i in sentences.rows]
    rows = [(c, s, t) for c in found.languages for s, t in zip(ids, sentences.of(c), strict=True)]
    return pd.DataFrame(rows, columns=["language", "sentence", "text"])


def _near(within: np.ndarray) -> np.ndarray:
    """Return [layer, language, language] from Gram matrices [language, layer, row, row]."""
    layers = range(within.shape[1])
    return np.stack([gram_cka_between(within[:, i], within[:, i]) for i in layers]).astype(np.float32)
