"""The run behind `ConceptsSpec`: mark each concept's tokens, count every code on them, judge the best on other text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from probes.codebooks import kept, measures, picking
from probes.codebooks.analysis import CodebookResult
from probes.codebooks.concept_list import CONCEPTS, Concept
from probes.codebooks.concepts import GOOD, ConceptsResult, ConceptsSpec
from probes.codebooks.fired import firing
from probes.codebooks.marks import marked
from probes.codebooks.names import wanted
from probes.codebooks.seek import best_word, commonest
from probes.contract import Progress
from probes.errors import StrataError

COLUMNS: dict[str, type] = {"concept": str, "group": str, "pattern": str, "by": str, "part": str, "support": int}
COLUMNS |= {"layer": str, "book": int, "code": int, "word": str, "precision": float, "recall": float, "f1": float}
COLUMNS |= {"low": float, "high": float, "fit_f1": float, "best_word": str, "word_f1": float, "always": float}
COLUMNS |= {"found": bool, "together": int, "codes": str, "union_layer": str, "union_f1": float}
COLUMNS |= {"union_low": float, "union_high": float}
LAYERS: dict[str, type] = {"concept": str, "order": int, "layer": str, "book": int, "code": int, "f1": float}


@dataclass(frozen=True)
class Union:
    """Codes of one book that are taken for a concept together, and their F1 on the tokens they were chosen on."""

    f1: float
    layer: int
    book: int
    codes: tuple[int, ...]

    def fires(self, result: CodebookResult) -> np.ndarray:
        """Return bool [token]: which tokens have one of these codes."""
        return result.fires(self.layer, self.book, self.codes)


@dataclass(frozen=True)
class Among:
    """The codes that are compared: those of some layers of a run, by themselves and up to `most` of a book together."""

    result: CodebookResult
    at: list[int]
    most: int

    @cached_property
    def fires(self) -> list[np.ndarray]:
        """Return integers [fitted token, book, slot] of each layer: which codes fire."""
        return [self.result.fired(layer, slice(0, self.result.sizes[0])) for layer in self.at]

    def together(self, hits: np.ndarray, true: np.ndarray) -> Union:
        """Return the best union of codes for what is true [fitted token]; `hits` are int64 [layer, book, code]."""
        if self.result.slots > 1:
            union = covering(self.fires, true, self.result.size, self.most)
        else:
            union = together(hits, self.result.taken[self.at], int(true.sum()), self.most)
        return replace(union, layer=self.at[union.layer])


def find(spec: ConceptsSpec, progress: Progress) -> ConceptsResult:
    """Answer a ConceptsSpec; raises StrataError E-CONCEPTS-NONE when the texts hold none of them often enough."""
    _, result = kept.fitted(spec.run)
    layers = wanted(spec.layers, result.layers)
    left_out: Counter[str] = Counter()
    among = Among(result, [result.layers.index(name) for name in layers], spec.union)
    rows, by_layer = [], []
    for number, concept in enumerate(CONCEPTS):
        progress.report(number, len(CONCEPTS), concept.name)
        true = marks_of(result, concept, left_out)
        if true is not None:
            row, each = _one(result, concept, true, among)
            rows.append(row)
            by_layer += each
    if not rows:
        what = f"None of the {len(CONCEPTS)} concepts has {picking.LEAST} tokens on either side of this run."
        raise StrataError("E-CONCEPTS-NONE", what, fix="Fit codes to more text, or to code and English.")
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    frame = frame.sort_values(["f1", "concept"], ascending=[False, True], ignore_index=True)
    return ConceptsResult(
        concepts=frame,
        by_layer=pd.DataFrame(by_layer, columns=list(LAYERS)).astype(LAYERS),
        left_out=dict(left_out),
        searched=len(layers) * result.books * result.size,
        sizes=result.sizes,
        summary=_summary(frame),
        good=GOOD,
        source=result.source,
    )


def _summary(frame: pd.DataFrame) -> pd.DataFrame:
    more = frame["found"] & (frame["word_f1"] < GOOD)
    counts = (len(frame), int(frame["found"].sum()), int(more.sum()), int((frame["union_f1"] >= GOOD).sum()))
    return pd.DataFrame([counts], columns=["concepts", "found", "more", "union"])


def marks_of(result: CodebookResult, concept: Concept, left_out: Counter[str]) -> np.ndarray | None:
    """Return bool [token], or None when the texts do not have the concept, which is counted."""
    try:
        true = marked(result, concept.pattern, concept.by, concept.part)
    except StrataError as error:
        if error.code != "E-LEAF-UNKNOWN":
            raise
        left_out["no such leaf in these texts"] += 1
        return None
    if min(true[: result.sizes[0]].sum(), true[result.sizes[0] :].sum()) < picking.LEAST:
        left_out[f"fewer than {picking.LEAST} tokens"] += 1
        return None
    return true


def _one(
    result: CodebookResult, concept: Concept, true: np.ndarray, among: Among
) -> tuple[tuple[object, ...], list[tuple[object, ...]]]:
    """Return the row of a concept, and a row a layer."""
    at = among.at
    cut, text = result.sizes[0], result.tokens["text"].to_numpy()[result.sizes[0] :]
    here = np.flatnonzero(true[:cut])
    hits = np.stack([measures.counts(result.fired(layer, here), result.books, result.size) for layer in at])
    f1 = 2 * hits / (len(here) + result.taken[at])
    n, book, code = (int(i) for i in np.unravel_index(f1.argmax(), f1.shape))
    best = Union(float(f1.max()), at[n], book, (code,))
    union = among.together(hits, true[:cut])
    held = true[cut:]
    judged = [picking.agreement(held, one.fires(result)[cut:], text, seed=result.source.seed) for one in (best, union)]
    word, word_f1 = best_word(result, true)
    share = float(held.mean())
    own = (concept.name, concept.group, concept.pattern, concept.by, concept.part, int(held.sum()))
    single = (result.layers[best.layer], book, code, commonest(result, best.fires(result)), *judged[0], best.f1)
    beside = (word, word_f1, 2 * share / (1 + share), judged[0][2] >= GOOD)
    whole = (len(union.codes), ", ".join(map(str, union.codes)), result.layers[union.layer], *judged[1][2:])
    return (*own, *single, *beside, *whole), _layers(result, concept, held, (at, f1))


def _layers(
    result: CodebookResult, concept: Concept, held: np.ndarray, where: tuple[list[int], np.ndarray]
) -> list[tuple[object, ...]]:
    """Return a row a layer: the F1 on held-out tokens of the code that is best on the fitted ones."""
    rows: list[tuple[object, ...]] = []
    for layer, f1 in zip(*where, strict=True):
        book, code = (int(i) for i in np.unravel_index(f1.argmax(), f1.shape))
        fires = result.fires(layer, book, code)[result.sizes[0] :]
        value = 2 * int((held & fires).sum()) / max(int(held.sum() + fires.sum()), 1)
        rows.append((concept.name, layer, result.layers[layer], book, code, value))
    return rows


def together(hits: np.ndarray, taken: np.ndarray, true: int, most: int) -> Union:
    """Return the codes of one book, `most` at the most, whose union has the best F1; a code more must raise it.

    `hits` and `taken` are int64 [layer, book, code]: tokens of each code that are true, and all of them. Codes of a
    book that gives each token one share no token, so that counts add up, and the next best code is found without
    looking at tokens.
    """
    found = Union(-1.0, 0, 0, ())
    for layer, book in np.ndindex(*hits.shape[:2]):
        own, every = hits[layer, book].astype(float), taken[layer, book].astype(float)
        chosen, best, have = list[int](), 0.0, np.zeros(2)
        for _ in range(most):
            f1 = 2 * (have[0] + own) / (true + have[1] + every)
            f1[chosen] = -1.0
            code = int(f1.argmax())
            if f1[code] <= best:
                break
            chosen.append(code)
            best, have = float(f1[code]), have + (own[code], every[code])
        if best > found.f1:
            found = Union(best, layer, book, tuple(chosen))
    return found


def covering(fires: Sequence[np.ndarray], true: np.ndarray, size: int, most: int) -> Union:
    """Return the same of codes that share tokens: each one more counts where those before it do not fire.

    `fires` are integers [token, book, slot] of each layer, `true` is bool [token]; books have `size` codes.
    """
    found = Union(-1.0, 0, 0, ())
    places = [(layer, book) for layer, every in enumerate(fires) for book in range(every.shape[1])]
    for layer, book in places:
        ids, chosen, best = fires[layer][:, book], list[int](), 0.0
        rest = np.ones(len(true), bool)
        for _ in range(most):
            own, every = (np.bincount(firing(ids[some]), minlength=size) for some in (rest & true, rest))
            f1 = 2 * (int((true & ~rest).sum()) + own) / (int(true.sum() + (~rest).sum()) + every)
            f1[chosen] = -1.0
            code = int(f1.argmax())
            if f1[code] <= best:
                break
            chosen.append(code)
            best, rest = float(f1[code]), rest & ~(ids == code).any(1)
        if best > found.f1:
            found = Union(best, layer, book, tuple(chosen))
    return found
