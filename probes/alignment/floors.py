"""What two texts have in common without any model: floors that a layer must stand above to have understood anything.

Names, numbers and cognates find translations between related languages; so does length. Both floors are similarities
[row, row] of the texts themselves, scored by the same rule as the layers.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from probes.alignment.checks import same_count

_SIZES = (2, 3, 4)
_CHUNK = 4096
_BLANKS = re.compile(r"\s\s+")


def lexical(x: Sequence[str], y: Sequence[str]) -> np.ndarray:
    """Return float32 cosines of the TF-IDF of the texts' 2- to 4-grams of characters, in lower case.

    idf = ln((1 + texts) / (1 + texts with it)) + 1 over both languages together. A text without a gram is like nothing.
    """
    same_count(len(x), len(y))
    counts = [Counter(_grams(text)) for text in (*x, *y)]
    among = Counter(gram for count in counts for gram in count)
    weight = {gram: float(np.log((1 + len(counts)) / (1 + texts)) + 1) for gram, texts in among.items()}
    length = [sum((n * weight[gram]) ** 2 for gram, n in count.items()) ** 0.5 for count in counts]
    ours, theirs = counts[: len(x)], counts[len(x) :]
    shared = {gram for count in ours for gram in count} & {gram for count in theirs for gram in count}
    s = np.zeros((len(x), len(y)))
    ordered = sorted(shared)
    for at in range(0, len(ordered), _CHUNK):
        place = {gram: i for i, gram in enumerate(ordered[at : at + _CHUNK])}
        s += _dense(ours, place, weight) @ _dense(theirs, place, weight).T
    size = np.array([value or 1.0 for value in length])
    return (s / size[: len(x), None] / size[None, len(x) :]).astype(np.float32)


def _grams(text: str) -> Iterator[str]:
    text = _BLANKS.sub(" ", text.lower())
    for size in _SIZES:
        yield from (text[i : i + size] for i in range(len(text) - size + 1))


def _dense(counts: Sequence[Counter[str]], place: dict[str, int], weight: dict[str, float]) -> np.ndarray:
    rows = np.zeros((len(counts), len(place)))
    for row, count in enumerate(counts):
        for gram in count.keys() & place.keys():
            rows[row, place[gram]] = count[gram] * weight[gram]
    return rows


def length(x: Sequence[str], y: Sequence[str]) -> np.ndarray:
    """Return float32 -|difference of log length|, each language's mean log length taken away first.

    The mean goes because some languages write everything longer: left in, it would hide what length tells.
    """
    same_count(len(x), len(y))
    logs = [np.log1p([len(text.strip()) for text in side]) for side in (x, y)]
    ours, theirs = (side - side.mean() for side in logs)
    return -np.abs(ours[:, None] - theirs[None, :]).astype(np.float32)
