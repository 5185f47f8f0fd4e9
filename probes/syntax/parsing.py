"""From a probe's split scores to binary trees: one split after the other, or the likeliest tree of all.

`splits` [series, word, gap] says how much a span that begins with a word is split at a gap. Top down, a span is split
at its highest gap, the left-most of equals; with nothing but distances that is the published decoding. The chart finds
the tree whose splits are likeliest together (CKY over the normalised scores), in cubic time.
"""

import numpy as np

BEHIND = -1e30
"""The score of gaps before a span's first word: lower than any other, and still a number."""


def trees(splits: np.ndarray, *, chart: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last word of every gap's span in one snippet, [series, gap] each."""
    series, words, gaps = splits.shape
    ahead = np.where(np.arange(gaps) >= np.arange(words)[:, None], splits, BEHIND)
    best = _likeliest(ahead) if chart else _highest(ahead)
    first, last = np.zeros((2, series, gaps), np.int64)
    each = np.arange(series)
    pending = np.zeros((series, gaps + 2, 2), np.int64)  # spans still to split; a tree of n words splits n - 1
    count = np.ones(series, np.int64)
    pending[:, 0] = 0, words - 1
    for _ in range(gaps):
        count -= 1
        begin, end = pending[each, count].T
        gap = best[each, begin, end]
        first[each, gap], last[each, gap] = begin, end
        for low, high in ((gap + 1, end), (begin, gap)):  # the later is split first
            pending[each, count, 0], pending[each, count, 1] = low, high
            count += low < high
    return first, last


def _highest(splits: np.ndarray) -> np.ndarray:
    """Return [series, word, word]: the left-most highest gap of the span between two words."""
    series, words, gaps = splits.shape
    running = np.maximum.accumulate(splits, -1)
    new = np.concatenate([np.ones((series, words, 1), bool), splits[..., 1:] > running[..., :-1]], -1)
    at = np.maximum.accumulate(np.where(new, np.arange(gaps), 0), -1)
    return np.concatenate([np.zeros((series, words, 1), np.int64), at], -1)  # a span ending at word r has gaps to r - 1


def _likeliest(splits: np.ndarray) -> np.ndarray:
    """Return [series, word, word]: where the likeliest tree over the words between two splits them first."""
    series, words, _ = splits.shape
    total = np.logaddexp.accumulate(splits.astype(np.float64), -1)
    value, best = np.zeros((series, words, words)), np.zeros((series, words, words), np.int64)
    for width in range(1, words):
        begin = np.arange(words - width)
        end, gap = begin + width, begin[:, None] + np.arange(width)
        within = splits[:, begin[:, None], gap] - total[:, begin, end - 1][..., None]
        found = within + value[:, begin[:, None], gap] + value[:, gap + 1, end[:, None]]
        chosen = found.argmax(-1)
        best[:, begin, end] = begin + chosen
        value[:, begin, end] = np.take_along_axis(found, chosen[..., None], -1)[..., 0]
    return best
