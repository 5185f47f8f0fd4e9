"""What a code stands for, as far as its tokens tell: how often, which word, in which places, beside which code."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from probes.codebooks.measures import counts, neighbours, overlap

if TYPE_CHECKING:
    from probes.codebooks.analysis import CodebookResult

TOP = 5
"""Contexts shown of a code."""
AROUND = 40
"""Characters of text on either side of a token."""
USAGE = {"book": int, "code": int, "count": int, "share": float, "fitted": int, "word": str, "purity": float}
USAGE |= {"words": int, "near": int, "cosine": float, "overlap": float}
CONTEXTS = {"row": int, "origin": str, "start": int, "end": int}
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


def contexts(result: "CodebookResult", layer: int, rows: np.ndarray) -> pd.DataFrame:
    """Return up to five of some held-out tokens (rows of `tokens`), the best decoded first, no two that read the same.

    `error` is the squared distance between a state and what its codes stand for.
    """
    errors = result.errors[layer][rows - result.sizes[0]]
    found, seen = [], set[tuple[str, str, str]]()
    tokens, content = result.tokens, result.passages["content"]
    for place in np.argsort(errors, kind="stable").tolist():
        text, start, end = (int(tokens[name].iat[rows[place]]) for name in ("text", "start", "end"))
        whole = str(content.iat[text])
        shown = (whole[max(start - AROUND, 0) : start], whole[start:end], whole[end : end + AROUND])
        if shown not in seen:
            seen.add(shown)
            where = (int(rows[place]), str(tokens["origin"].iat[rows[place]]), start, end)
            found.append((*where, *shown, float(errors[place])))
        if len(found) == TOP:
            break
    return pd.DataFrame(found, columns=list(CONTEXTS)).astype(CONTEXTS)
