"""The run behind `EqualBitsSpec`: the same states, seven kinds of codebooks, and what each keeps in each budget."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from probes.codebooks import controls, judging, kept, measures, splicing
from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.book import Codebook
from probes.codebooks.budgets import Share, shares
from probes.codebooks.concept_list import CONCEPTS
from probes.codebooks.equal_bits import EqualBitsResult, EqualBitsSpec
from probes.codebooks.finding import marks_of
from probes.codebooks.fired import fired_of
from probes.codebooks.judging import Read, Sides
from probes.codebooks.kmeans import Options
from probes.codebooks.names import refuse_trained, wanted
from probes.codebooks.rows import rows_of
from probes.codebooks.splice import CODES, MEAN
from probes.codebooks.typed import same_model
from probes.contract import Progress
from probes.errors import StrataError
from probes.extract import extract
from probes.extract.divergence import Change, divergences
from probes.models import LanguageModel, Model, language_model
from probes.models.provenance import source_of
from probes.stats import bootstrap


@dataclass(frozen=True)
class Fitted:
    """One kind in one budget: its codebook, and what it makes of both sides."""

    share: Share
    book: Codebook
    fitted: Read
    held_out: Read
    other: np.ndarray
    """Held-out choices of the next seed's codebook."""


def weighed(spec: EqualBitsSpec, progress: Progress) -> EqualBitsResult:
    """Answer an EqualBitsSpec; refuses a layer that the run lacks (E-LAYER-UNKNOWN)."""
    asked, run = kept.fitted(spec.run)
    refuse_trained(asked.method)
    layer = run.best if spec.layer == "best" else wanted(spec.layer, run.layers)[0]
    progress.report(0, 1, "loading the model")
    model = same_model(asked, run)
    sides = states_of(asked, run, layer, model, progress.step(0.02, 0.15))
    ways = shares(spec.bits, spec.budgets, sides.fitted.width, len(sides.fitted))
    options, found = Options(2, spec.passes, seed=spec.seed), []
    for number, share in enumerate(ways):
        progress.report(0.15 + 0.6 * number / len(ways), 1, f"fitting {share.method} in {share.budget} bits")
        found.append(_fitted(share, sides, options))
    changes = _spliced(spec, run, layer, model, found, progress.step(0.75, 0.98))
    concepts = _concepts(run, found)
    words, names = pd.factorize(run.tokens["token"].to_numpy(object))
    cut, spread = run.sizes[0], judging.spreads(sides.held_out)
    word = controls.by_word(sides.fitted, words[:cut], sides.held_out, words[cut:])
    return EqualBitsResult(
        table=_table(spec, run, found, changes, concepts, spread),
        concepts=concepts,
        word=float(1 - word.sum(dtype=np.float64) / spread.sum()),
        word_bits=float(np.log2(len(names))),
        looked_for=int(concepts["concept"].nunique()),
        layer=layer,
        depth=run.depth,
        sizes=run.sizes,
        source=source_of(model, corpus=asked.corpus, texts=run.passages["content"].tolist(), seed=spec.seed),
    )


def states_of(asked: CodebookSpec, run: CodebookResult, layer: str, model: Model, progress: Progress) -> Sides:
    """Return the states that a run's codes were fitted to and judged on: stored ones, or read again."""
    texts = run.passages["content"].tolist()
    cuts = np.flatnonzero(np.diff(run.tokens["text"].to_numpy())) + 1
    spans = np.split(run.tokens[["start", "end"]].to_numpy(np.int64), cuts)
    source = source_of(model, corpus=asked.corpus, texts=texts, seed=asked.seed)
    rows = extract(model, texts, spans, source=source, part=asked.site, progress=progress).at(layer)
    cut = run.sizes[0]
    return Sides(rows_of(rows[:cut], model.device), rows_of(rows[cut:], model.device))


def _fitted(share: Share, sides: Sides, options: Options) -> Fitted:
    book = share.fit(sides.fitted, options)
    next_seed = Options(2, options.passes, seed=options.seed + 1)
    other = judging.read(share.fit(sides.fitted, next_seed), sides.held_out).ids
    return Fitted(share, book, judging.read(book, sides.fitted), judging.read(book, sides.held_out), other)


def _spliced(
    spec: EqualBitsSpec, run: CodebookResult, layer: str, model: Model, found: list[Fitted], progress: Progress
) -> list[Change] | None:  # limit: the six things it needs
    """Return what the mean and each codebook change in predictions; none where the model makes none."""
    try:
        lm: LanguageModel = language_model(model)
    except StrataError as error:
        if error.code != "E-HEAD":
            raise
        return None
    _, texts = splicing.texts_of(run, lm, spec.texts, spec.seed)
    edits = [{layer: splicing.replaced(found[0].book, MEAN)}]
    edits += [{layer: splicing.replaced(one.book, CODES)} for one in found]
    return divergences(lm, texts, edits, seed=spec.seed, progress=progress)[1]


def firings(book: Codebook, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and the code of everything that fires: codes of different books are different codes.

    Of a sparse codebook an atom fires when it has a coefficient, once, whichever step took it.
    """
    found = fired_of(book, ids)
    row, number, slot = np.nonzero(found >= 0)
    return row, number * book.codes.shape[1] + found[row, number, slot]


def best_f1(true: tuple[np.ndarray, np.ndarray], fires: tuple[tuple[np.ndarray, np.ndarray], ...]) -> tuple[int, float]:
    """Return the code with the best F1 on the fitted side, and its F1 on the other; `true` is bool [row] of each."""
    values = []
    for marked, (row, code) in zip(true, fires, strict=True):
        size = 1 + max(int(codes.max(initial=0)) for _, codes in fires)
        hits, count = np.bincount(code[marked[row]], minlength=size), np.bincount(code, minlength=size)
        values.append(2 * hits / np.maximum(count + int(marked.sum()), 1))
    best = int(values[0].argmax())
    return best, float(values[1][best])


def _concepts(run: CodebookResult, found: list[Fitted]) -> pd.DataFrame:
    cut, rows = run.sizes[0], []
    marked = ((concept.name, marks_of(run, concept, Counter())) for concept in CONCEPTS)
    enough = {name: at for name, at in marked if at is not None}
    for one in found:
        fires = tuple(firings(one.book, side.ids) for side in (one.fitted, one.held_out))
        for name, at in enough.items():
            _, f1 = best_f1((at[:cut], at[cut:]), fires)
            rows.append((one.share.budget, one.share.method, name, int(at[cut:].sum()), f1))
    columns = {"budget": int, "method": str, "concept": str, "support": int, "f1": float}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def _table(
    spec: EqualBitsSpec,
    run: CodebookResult,
    found: list[Fitted],
    changes: list[Change] | None,
    concepts: pd.DataFrame,
    spread: np.ndarray,
) -> pd.DataFrame:
    _, text = np.unique(run.tokens["text"].to_numpy()[run.sizes[0] :], return_inverse=True)
    means = concepts.groupby(["budget", "method"])["f1"].mean()
    rows = []
    for number, one in enumerate(found):
        share, size = one.share, one.book.codes.shape[1]
        values = measures.explained(np.bincount(text, one.held_out.errors), np.bincount(text, spread))
        explained, low, high = bootstrap(values[None], seed=spec.seed).tolist()
        here, there = (fired_of(one.book, ids) for ids in (one.held_out.ids, one.other))
        alike = [measures.stability(here[:, i], there[:, i], size) for i in range(len(one.book.codes))]
        codes = len(np.unique(firings(one.book, one.held_out.ids)[1]))
        all_codes = size * len(one.book.codes)
        row = {"budget": share.budget, "method": share.method, "choices": share.choices, "size": size}
        row |= {"bits": one.book.capacity, "explained": explained, "low": low, "high": high}
        row |= _damage(changes, number, spec.seed)
        row |= {"f1": float(means.get((share.budget, share.method), np.nan)), "stability": float(np.mean(alike))}
        rows.append(row | {"dead": 1 - codes / all_codes})
    return pd.DataFrame(rows)


def _damage(changes: list[Change] | None, number: int, seed: int) -> dict[str, float]:
    if changes is None:
        return dict.fromkeys(("kl", "kl_low", "kl_high", "kl_score", "agree"), float("nan"))
    mean, own = changes[0], changes[number + 1]
    kl, low, high = bootstrap(own.kl[None], seed=seed).tolist()
    score = float(1 - own.kl.mean() / mean.kl.mean())
    return {"kl": kl, "kl_low": low, "kl_high": high, "kl_score": score, "agree": float(own.agree.mean())}
