"""What a code stands for, as far as its tokens tell: how often, which word, in which places, beside which code."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from probes.codebooks.measures import counts, neighbours, overlap

if TYPE_CHECKING:
    from probes.codebooks.analysis import CodebookResult

BINS = 10
"""Parts of a text that the density is counted in."""
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the squared distance between a state and what its codes stand for: the best decoded place is at 0."""
TOP = 5
"""Contexts shown of a code."""
AROUND = 40
"""Characters of text on either side of a token."""
USAGE = {"book": int, "code": int, "count": int, "share": float, "fitted": int, "word": str, "purity": float}
USAGE |= {"words": int, "near": int, "cosine": float, "overlap": float}
DENSITY = {"part": int, "tokens": int, "fires": int, "share": float}
PLACE = {"row": int, "origin": str, "start": int, "end": int, "before": str, "token": str, "after": str}
CONTEXTS = {**PLACE, "error": float}
"""Columns and their types."""


def usage(ids: np.ndarray, other: np.ndarray, fitted: np.ndarray, codes: np.ndarray, words: list[str]) -> pd.DataFrame:
    """Return one row a code: how many held-out and fitted tokens it takes, its commonest word, its nearest code.

    `ids`, `other` [token, book, slot] are the codes of two seeds that fire on held-out tokens, `words` those tokens.
    """
    books, size, _ = codes.shape
    count, before = counts(ids, books, size), counts(fitted, books, size)
    number, names = pd.factorize(np.array(words, object))
    parts = []
    for book in range(books):
        row, slot = np.nonzero(ids[:, book] >= 0)
        pairs = ids[row, book, slot].astype(np.int64) * len(names) + number[row]
        pairs, often = np.unique(pairs, return_counts=True)
        code, word = np.divmod(pairs, len(names))
        order = np.lexsort((-often, code))
        first = order[np.unique(code[order], return_index=True)[1]]
        top, most = np.full(size, -1), np.zeros(size)
        top[code[first]], most[code[first]] = word[first], often[first]
        near, cosine = neighbours(codes[book])
        columns = {
            "book": book,
            "code": np.arange(size),
            "count": count[book],
            "share": count[book] / len(ids),
            "fitted": before[book],
            "word": [str(names[i]) if i >= 0 else "" for i in top],
            "purity": most / np.maximum(count[book], 1),
            "words": np.bincount(code, minlength=size),
            "near": near,
            "cosine": cosine,
            "overlap": overlap(ids[:, book], other[:, book], size) if len(other) else np.nan,
        }
        parts.append(pd.DataFrame(columns)[list(USAGE)].astype(USAGE))
    return pd.concat(parts, ignore_index=True)


def contexts(result: "CodebookResult", layer: int, rows: np.ndarray) -> pd.DataFrame:
    """Return up to five of some held-out tokens (rows of `tokens`), the best decoded first, no two that read the same.

    `error` is the squared distance between a state and what its codes stand for.
    """
    errors = result.errors[layer][rows - result.sizes[0]]
    found, seen = [], set[tuple[str, ...]]()
    for place in np.argsort(errors, kind="stable").tolist():
        where = _place(result, int(rows[place]))
        shown = tuple(map(str, where[4:]))
        if shown not in seen:
            seen.add(shown)
            found.append((*where, float(errors[place])))
        if len(found) == TOP:
            break
    return pd.DataFrame(found, columns=list(CONTEXTS)).astype(CONTEXTS)


def atom(result: "CodebookResult", layer: int, code: int) -> pd.DataFrame:
    """Return the token whose state a code is, in its context: one row, or none where codes are no states."""
    atoms = result.atoms[layer]
    found = [_place(result, int(atoms[code]))] if len(atoms) else []
    return pd.DataFrame(found, columns=list(PLACE)).astype(PLACE)


def quantiles(result: "CodebookResult", layer: int, rows: np.ndarray) -> pd.DataFrame:
    """Return one of some held-out tokens at each quantile of how far it is from its code: a context and `quantile`.

    What is best decoded flatters a code; these are its middle and its worst as well.
    """
    errors = result.errors[layer][rows - result.sizes[0]]
    order = np.argsort(errors, kind="stable")
    at = {int(order[round(q * (len(order) - 1))]): q for q in reversed(QUANTILES) if len(order)}
    found = [(*_place(result, int(rows[place])), float(errors[place]), q) for place, q in reversed(at.items())]
    kinds = {**CONTEXTS, "quantile": float}
    return pd.DataFrame(found, columns=list(kinds)).astype(kinds)


def density(result: "CodebookResult", fires: np.ndarray) -> pd.DataFrame:
    """Return how often held-out tokens fire [token of the run] by where in their text they stand, in ten parts."""
    cut = result.sizes[0]
    text = result.tokens["text"].to_numpy()[cut:]
    first = np.searchsorted(text, text)  # tokens stand in the order of their texts
    length = np.searchsorted(text, text, side="right") - first
    part = (np.arange(len(text)) - first) * BINS // length
    every, some = np.bincount(part, minlength=BINS), np.bincount(part[fires[cut:]], minlength=BINS)
    columns = {"part": np.arange(1, BINS + 1), "tokens": every, "fires": some, "share": some / np.maximum(every, 1)}
    return pd.DataFrame(columns)[list(DENSITY)].astype(DENSITY)


def _place(result: "CodebookResult", row: int) -> tuple[int, str, int, int, str, str, str]:
    """Return a token of the run as it is shown: row, origin, start, end, and the text before, of and after it."""
    text, start, end = (int(result.tokens[name].iat[row]) for name in ("text", "start", "end"))
    whole = str(result.passages["content"].iat[text])
    around = (whole[max(start - AROUND, 0) : start], whole[start:end], whole[end : end + AROUND])
    return row, str(result.tokens["origin"].iat[row]), start, end, *around
