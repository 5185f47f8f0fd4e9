"""Minimal pairs: a text, and the same but for one thing that makes it wrong; each pair is read at that thing.

Of code they come from the three edits of CuBERT's tasks: misuse, operator, swapped. That exceptions and docstrings are
exchanged between two functions, so that each is right once and wrong once, is ours. Of a table two columns hold them.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from probes.corpora.trees import Tree
from probes.errors import StrataError
from probes.probing import cutting, edits
from probes.probing.docstrings import OWN
from probes.probing.labels import AS_WRITTEN, LABELS
from probes.probing.places import Piece, Place
from probes.values import Text

if TYPE_CHECKING:
    from probes.models import Model
    from probes.probing.analysis import ProbingSpec
    from probes.probing.reading import Examples

RIGHT, WRONG = "right", "wrong"
MADE = tuple(name for name, label in LABELS.items() if label.edit or name in ("exception", "docstring"))
"""Labels whose altered copies make pairs."""


def pairs(spec: "ProbingSpec", texts: Iterable[Text], model: "Model", left_out: Counter[str]) -> Iterator[Piece]:
    """Yield the pieces of each pair in turn, the right one first; what makes no pair is counted in `left_out`."""
    if spec.label == "exception":
        yield from _of_exceptions(spec, texts, left_out)
    elif spec.label in MADE:
        found = cutting.pieces(spec, texts, model, left_out)
        for one, other in zip(found, found, strict=True):  # every label of MADE gives its pieces two by two
            two = (cutting.sized(spec, _told(piece)) for piece in (one, other))
            yield from sorted(two, key=lambda piece: piece.places[0].answer)
    elif spec.label in LABELS:
        what = f"'{LABELS[spec.label].title}' has no pairs: nothing in its texts is altered."
        raise StrataError("E-LABEL-PAIRS", what, fix=f"Choose one of {', '.join(MADE)}, or a column of wrong texts.")
    else:
        yield from _of_columns(spec, texts, left_out)


def _told(piece: Piece) -> Piece:
    place = piece.places[0]
    answer = RIGHT if place.answer in (AS_WRITTEN, OWN) else WRONG
    return Piece(
        piece.text, (Place(place.start, place.end, answer, piece.text, place.beside),), piece.origin, piece.family
    )


def _of_exceptions(spec: "ProbingSpec", texts: Iterable[Text], left_out: Counter[str]) -> Iterator[Piece]:
    waiting: tuple[Tree, edits.Edit, str, str] | None = None
    for text in texts:
        tree = cutting.parsed(spec, text, left_out)
        first = next(edits.exception(tree), None) if tree else None
        if tree is None or first is None:
            left_out[f"nothing to ask about {LABELS['exception'].title}"] += tree is not None
        elif waiting is None:
            waiting = tree, *first, text.origin
        elif first[1] != waiting[2] and tree.text != waiting[0].text:
            family = f"{waiting[0].text}\n{tree.text}"
            for (own, hole, name, origin), other in ((waiting, first[1]), ((tree, *first, text.origin), waiting[2])):
                edit = edits.Edit(hole.start, hole.end, name, other, (hole.read[0], _moved(hole.start, other)))
                sides = ((own.text, edit.read[0], RIGHT), (edit.apply(own.text), edit.read[1], WRONG))
                for code, at, answer in sides:
                    yield cutting.sized(spec, Piece(code, (Place(*at, answer, code),), origin, family))
            waiting = None
        else:
            left_out[cutting.ALONE] += 1
    left_out[cutting.ALONE] += waiting is not None


def _moved(start: int, name: str) -> tuple[int, int]:
    return start, start + len(name)


def _of_columns(spec: "ProbingSpec", texts: Iterable[Text], left_out: Counter[str]) -> Iterator[Piece]:
    seen: set[str] = set()
    for text in texts:
        columns = dict(text.labels)
        if spec.label not in columns:
            raise cutting.unknown(spec, tuple(columns))
        wrong = columns[spec.label]
        if not isinstance(wrong, str) or not wrong.strip() or not text.text.strip():
            left_out[f"no text in '{spec.label[:60]}'"] += 1
        elif wrong == text.text:
            left_out["two equal texts"] += 1
        elif seen & {text.text, wrong}:  # or one text, wrong of two pairs, could train and test
            left_out["repeats a text of another pair"] += 1
        else:
            seen |= {text.text, wrong}
            for one, at, answer in zip((text.text, wrong), differing(text.text, wrong), (RIGHT, WRONG), strict=True):
                yield cutting.sized(spec, Piece(one, (Place(*at, answer, one),), text.origin, text.text))


def differences(examples: "Examples", at: str) -> pd.DataFrame:
    """Return what differs in each pair: right, wrong, before, after (what stands around it in the right text).

    That is what stands at the place; of whole texts, and where the place reads alike in both, it is the words that
    differ. Places of `examples` come two by two, the right one first.
    """
    rows, frame = [], examples.frame
    for right, wrong in zip(frame[::2].itertuples(), frame[1::2].itertuples(), strict=True):
        row = right.at, wrong.at, right.before, right.after
        if at == "text" or right.at == wrong.at:
            one, other = examples.texts[right.text], examples.texts[wrong.text]
            before, mine, after = _around(one, (spans := differing(one, other))[0])
            row = mine, _around(other, spans[1])[1], before, after
        rows.append(row)
    return pd.DataFrame(rows, columns=["right", "wrong", "before", "after"])


def _around(text: str, span: tuple[int, int]) -> tuple[str, str, str]:
    return Piece(text, (), "", "").around(Place(*span, "", text))


def differing(one: str, other: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the characters where two different texts differ, in whole words and one at least, of each.

    >>> differing("The keys are lost", "The keys is lost")
    ((9, 12), (9, 11))
    """
    head = len(os.path.commonprefix([one, other]))
    most = min(len(one), len(other)) - head
    tail = min(len(os.path.commonprefix([one[::-1], other[::-1]])), most)
    return _words(one, head, len(one) - tail), _words(other, head, len(other) - tail)


def _words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a range to the words it touches; an empty one between words takes the next word, or the last one."""
    words = [found.span() for found in cutting.WORD.finditer(text)]
    touched = [(a, b) for a, b in words if a < end and b > start] or [(a, b) for a, b in words if a <= start < b]
    touched = touched or [span for span in words if span[0] >= start][:1] or words[-1:]
    return (touched[0][0], touched[-1][1]) if touched else (0, len(text))
