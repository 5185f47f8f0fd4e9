"""Tokens to fit codes to and tokens to judge them on: whole texts of a corpus, split by content, up to a number."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from probes.contract import Progress
from probes.errors import StrataError
from probes.values import Text, split_of

if TYPE_CHECKING:
    from probes.models import Model

SHARES = (0.75, 0.25)
"""Texts that are fitted to and texts that are held out: a text's content alone decides."""
_CHUNK = 64


@dataclass(frozen=True)
class Tokens:
    """Texts with the tokens that are read of each; the first `fitted` texts are fitted to, the others are held out."""

    texts: tuple[Text, ...]
    spans: tuple[np.ndarray, ...]
    """int64 [token, 2] of each text: characters."""
    fitted: int
    left_out: dict[str, int]

    @property
    def starts(self) -> np.ndarray:
        """Return int64 [text + 1]: where the rows of each text begin."""
        return np.concatenate([[0], np.cumsum([len(s) for s in self.spans])]).astype(np.int64)

    @property
    def cut(self) -> int:
        """Rows that are fitted to; those after them are held out."""
        return int(self.starts[self.fitted])

    @property
    def words(self) -> list[str]:
        """Return every token as the text has it."""
        return [t.text[a:b] for t, spans in zip(self.texts, self.spans, strict=True) for a, b in spans.tolist()]


def spans_of(offsets: np.ndarray, special: np.ndarray) -> np.ndarray:
    """Return int64 [token, 2]: the characters of one text's tokens in order, those that share a character as one.

    `offsets` is [token, 2]; what the tokenizer added around the text, and what covers no character, is no token here.
    """
    found = list[list[int]]()
    for start, end in offsets[~special & (offsets[:, 1] > offsets[:, 0])].tolist():
        if found and start < found[-1][1]:  # parts of one letter
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return np.array(found, np.int64).reshape(-1, 2)


def collect(
    stream: Iterator[Text],
    model: "Model",
    wanted: tuple[int, int],
    *,
    first_token: bool,
    left_out: Counter[str],
    progress: Progress,
) -> Tokens:
    """Take texts until both sides have their tokens, the last text of each side in part; E-CORPUS-SMALL without."""
    parts: tuple[list[tuple[Text, np.ndarray]], ...] = ([], [])
    have, seen = [0, 0], set[str]()
    while chunk := list(islice(stream, _CHUNK)):
        new = {text.text: text for text in chunk if text.text not in seen}
        seen |= new.keys()
        left_out["repeats another"] += len(chunk) - len(new)
        for text, spans in _read([*new.values()], model, first_token, left_out):
            side = split_of(text.text, SHARES)
            room = wanted[side] - have[side]
            if room > 0 and len(spans):
                parts[side].append((text, spans[:room]))
                have[side] += min(room, len(spans))
        progress.report(sum(have), sum(wanted), "cutting texts")
        if all(h >= w for h, w in zip(have, wanted, strict=True)):
            break
    if min(len(part) for part in parts) < 2:
        what = f"The corpus gave {len(parts[0])} texts to fit codes to and {len(parts[1])} to judge them on."
        raise StrataError("E-CORPUS-SMALL", what, "Both need at least two.", "Point at more text.")
    both = [*parts[0], *parts[1]]
    counts = {reason: n for reason, n in left_out.items() if n}
    return Tokens(tuple(t for t, _ in both), tuple(s for _, s in both), len(parts[0]), counts)


def _read(
    texts: list[Text], model: "Model", first_token: bool, counts: Counter[str]
) -> Iterator[tuple[Text, np.ndarray]]:
    """Yield the texts that the model can read whole, with their tokens."""
    lengths = model.lengths([text.text for text in texts])
    fits = [text for text, length in zip(texts, lengths, strict=True) if 0 < length <= model.context]
    counts[f"more than the model's {model.context} sub-tokens"] += int((lengths > model.context).sum())
    if not fits:
        return
    encoded = model.encode([text.text for text in fits])
    for text, offsets, special in zip(fits, encoded.offsets, encoded.special, strict=True):
        yield text, spans_of(offsets, special)[0 if first_token else 1 :]
