"""What a code stands for, as far as its tokens tell: how often, which word, in which places, beside which code."""

import numpy as np
import pandas as pd

from probes.codebooks.dataset import Tokens
from probes.codebooks.measures import counts, neighbours, overlap

TOP = 5
"""Contexts shown of a code."""
AROUND = 40
"""Characters of text on either side of a token."""
USAGE = {"book": int, "code": int, "count": int, "share": float, "fitted": int, "word": str, "purity": float}
USAGE |= {"words": int, "near": int, "cosine": float, "overlap": float}
CONTEXTS = {"book": int, "code": int, "rank": int, "row": int, "origin": str, "start": int, "end": int}
CONTEXTS |= {"before": str, "token": str, "after": str, "error": float}
"""Columns and their types."""


def usage(ids: np.ndarray, other: np.ndarray, fitted: np.ndarray, codes: np.ndarray, words: list[str]) -> pd.DataFrame:
    """Return one row a code: how many held-out and fitted tokens it takes, its commonest word, its nearest code.

    `ids`, `other` [token, book] are the held-out choices of two seeds, `words` the held-out tokens.
    """
    books, size, _ = codes.shape
    count, before = counts(ids, books, size), counts(fitted, books, size)
    number, names = pd.factorize(np.array(words, object))
    parts = []
    for book in range(books):
        pairs, often = np.unique(ids[:, book].astype(np.int64) * len(names) + number, return_counts=True)
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
            "overlap": overlap(ids[:, book], other[:, book], size),
        }
        parts.append(pd.DataFrame(columns)[list(USAGE)].astype(USAGE))
    return pd.concat(parts, ignore_index=True)


def contexts(ids: np.ndarray, errors: np.ndarray, tokens: Tokens) -> pd.DataFrame:
    """Return up to five places of each code in held-out text, the best decoded first, no two that read the same."""
    starts, order = tokens.starts, np.argsort(errors, kind="stable")
    rows = []
    for book in range(ids.shape[1]):
        shown: dict[int, set[tuple[str, str, str]]] = {}
        for row in order.tolist():
            code = int(ids[row, book])
            have = shown.setdefault(code, set())
            if len(have) == TOP:
                continue
            at = row + tokens.cut
            text = int(np.searchsorted(starts, at, side="right")) - 1
            start, end = tokens.spans[text][at - starts[text]].tolist()
            whole = tokens.texts[text].text
            place = (whole[max(start - AROUND, 0) : start], whole[start:end], whole[end : end + AROUND])
            if place not in have:
                have.add(place)
                where = (tokens.texts[text].origin, start, end)
                rows.append((book, code, len(have), at, *where, *place, float(errors[row])))
    frame = pd.DataFrame(rows, columns=list(CONTEXTS)).astype(CONTEXTS)
    return frame.sort_values(["book", "code", "rank"], ignore_index=True)
