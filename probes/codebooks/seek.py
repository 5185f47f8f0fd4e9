"""The run behind `SearchSpec`: mark the tokens, count the codes on them, judge the best on held-out text."""

import numpy as np
import pandas as pd

from probes.codebooks import kept, measures, picking
from probes.codebooks.analysis import CodebookResult
from probes.codebooks.cards import AROUND
from probes.codebooks.marks import marked
from probes.codebooks.names import wanted
from probes.codebooks.search import SearchResult, SearchSpec
from probes.contract import Progress
from probes.errors import StrataError

CODES = {"rank": int, "layer": str, "book": int, "code": int, "word": str, "fit_f1": float, "precision": float}
CODES |= {"recall": float, "f1": float, "low": float, "high": float, "hits": int, "fires": int}
EXAMPLES = {"origin": str, "before": str, "token": str, "after": str, "fires": bool}
"""Columns and their types."""
_EXAMPLES = 20


def seek(spec: SearchSpec, progress: Progress) -> SearchResult:
    """Answer a SearchSpec; refuses a pattern that matches no token of either side (E-PATTERN-NOTHING), or all."""
    _, result = kept.fitted(spec.run)
    layers = wanted(spec.layers, result.layers)
    progress.report(0, 1, "matching")
    true, cut = marked(result, spec.pattern, spec.by, spec.part), result.sizes[0]
    support = (int(true[:cut].sum()), int(true[cut:].sum()))
    _check(spec, support, result.sizes)
    progress.report(1, 2, "counting codes")
    ranked = ranking(result, true[:cut], layers, spec.top)
    codes = _judged(result, true, ranked)
    best = codes.iloc[0]
    fires = result.fires(result.layers.index(best.layer), best.book, best.code)
    word, word_f1 = best_word(result, true)
    share = support[1] / result.sizes[1]
    return SearchResult(
        codes=codes,
        examples=_examples(result, true, fires),
        pattern=spec.pattern,
        by=spec.by,
        part=spec.part,
        support=support,
        sizes=result.sizes,
        searched=len(layers) * result.books * result.size,
        word=word,
        word_f1=word_f1,
        always=2 * share / (1 + share),
        source=result.source,
    )


def ranking(
    result: CodebookResult, true: np.ndarray, layers: tuple[str, ...], most: int
) -> list[tuple[float, int, int, int]]:
    """Return (F1, layer, book, code) of the codes that fire on fitted tokens that are true [token], the best first.

    Of equal ones the earlier layer, book and code: a count for each code, and no loop over codes.
    """
    there, at = np.flatnonzero(true), [result.layers.index(label) for label in layers]
    hits = np.stack([measures.counts(result.fired(layer, there), result.books, result.size) for layer in at])
    f1 = 2 * hits / (len(there) + result.taken[at])
    order = np.argsort(-f1, axis=None, kind="stable")[:most]
    where = zip(*(part.tolist() for part in np.unravel_index(order, f1.shape)), strict=True)
    return [(float(f1[n, book, code]), at[n], book, code) for n, book, code in where if hits[n, book, code]]


def _check(spec: SearchSpec, support: tuple[int, int], sizes: tuple[int, int]) -> None:
    if not min(support):
        what = f"“{spec.pattern[:60]}” matches {support[0]} tokens that codes were fitted to and {support[1]} others."
        raise StrataError("E-PATTERN-NOTHING", what, "It takes one of each.", "Search for something more frequent.")
    if support == sizes:
        what = f"“{spec.pattern[:60]}” matches every token."
        raise StrataError("E-PATTERN-ALL", what, "Every code would be right.", "Search for something rarer.")


def _judged(result: CodebookResult, true: np.ndarray, ranked: list[tuple[float, int, int, int]]) -> pd.DataFrame:
    cut, text, rows = result.sizes[0], result.tokens["text"].to_numpy(), []
    for rank, (fit_f1, layer, book, code) in enumerate(ranked, 1):
        every = result.fires(layer, book, code)
        fires = every[cut:]
        found = picking.agreement(true[cut:], fires, text[cut:], seed=result.source.seed)
        word = commonest(result, every)
        counts = (int((fires & true[cut:]).sum()), int(fires.sum()))
        rows.append((rank, result.layers[layer], book, code, word, fit_f1, *found, *counts))
    return pd.DataFrame(rows, columns=list(CODES)).astype(CODES)


def commonest(result: CodebookResult, fires: np.ndarray) -> str:
    """Return the commonest word of some tokens; of equally common ones the first by its characters."""
    return str(result.tokens["token"][fires].mode().iat[0])


def best_word(result: CodebookResult, true: np.ndarray) -> tuple[str, float]:
    """Return the word with the best F1 on the fitted tokens, and its F1 on the held-out ones."""
    number, names = pd.factorize(result.tokens["token"].to_numpy(object))
    cut = result.sizes[0]
    hits = np.bincount(number[:cut][true[:cut]], minlength=len(names))
    best = int((2 * hits / (hits.sum() + np.bincount(number[:cut], minlength=len(names)))).argmax())
    fires, held = number[cut:] == best, true[cut:]
    return str(names[best]), float(2 * (fires & held).sum() / (fires.sum() + held.sum()))


def _examples(result: CodebookResult, true: np.ndarray, fires: np.ndarray) -> pd.DataFrame:
    cut, content, rows = result.sizes[0], result.passages["content"], []
    there = np.flatnonzero(true[cut:]) + cut
    for row in there[np.argsort(fires[there], kind="stable")][:_EXAMPLES].tolist():
        origin, text, start, end = (result.tokens[name].iat[row] for name in ("origin", "text", "start", "end"))
        whole = str(content.iat[text])
        shown = (whole[max(start - AROUND, 0) : start], whole[start:end], whole[end : end + AROUND])
        rows.append((origin, *shown, bool(fires[row])))
    return pd.DataFrame(rows, columns=list(EXAMPLES)).astype(EXAMPLES)
