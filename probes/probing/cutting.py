"""Texts into labelled pieces, as a question wants them: leaf by leaf, word by word, token by token, or whole."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from probes.corpora.trees import Tree, parse
from probes.errors import StrataError, did_you_mean
from probes.probing.docstrings import Described, crossed, described
from probes.probing.labels import LABELS, Label, of_tree
from probes.probing.places import Piece, Place
from probes.values import Text

if TYPE_CHECKING:
    from probes.models import Model
    from probes.probing.analysis import ProbingSpec

WORD = re.compile(r"\w+|[^\w\s]")
"""What a word is, where nothing else says so."""
ALONE = "no other function to exchange with"
"""Why a function is left out that has the name or docstring of the one that waits, or waits when all are read."""


def pieces(spec: "ProbingSpec", texts: Iterable[Text], model: "Model", left_out: Counter[str]) -> Iterator[Piece]:
    """Yield the labelled pieces of a stream; what cannot be read or has no answer is counted in `left_out`."""
    label = LABELS.get(spec.label)
    if label is None:
        yield from _of_column(spec, texts, model, left_out)
        return
    if label.name == "docstring":
        yield from _of_docstrings(texts, left_out)
        return
    for text in texts:
        tree = parsed(spec, text, left_out)
        if tree:
            found = [piece for piece in of_tree(label, tree, text.origin, spec.seed) if piece.places]
            if not found:
                left_out[f"nothing to ask about {label.title}"] += 1
            yield from (sized(spec, piece) for piece in found)


def parsed(spec: "ProbingSpec", text: Text, left_out: Counter[str]) -> Tree | None:
    """Return the tree of a piece of code, or None and its reason in `left_out`; E-CORPUS-LANGUAGE for what is none."""
    label = LABELS.get(spec.label, Label("", ""))
    try:
        if label.python and spec.label in LABELS and text.language != "python":
            raise StrataError("E-LANGUAGE-UNKNOWN", f"'{label.title}' is made of Python code.")
        return parse(text.text, text.language)
    except StrataError as error:
        if error.code == "E-LANGUAGE-UNKNOWN":
            raise StrataError(
                "E-CORPUS-LANGUAGE",
                f"'{spec.corpus[:80]}' holds {text.language or 'text'}: no '{spec.label[:60]}' by {spec.unit}.",
                fix="Choose Python code, or a column of the corpus by text, word or token.",
            ) from error
        left_out[f"not read ({error.code})"] += 1
        return None


def sized(spec: "ProbingSpec", piece: Piece) -> Piece:
    """Return the piece as the unit wants it: as it is, or with its one answer asked of the whole text."""
    if spec.unit != "text":
        return piece
    only = piece.places[0]
    return Piece(piece.text, (Place(0, len(piece.text), only.answer, piece.text),), piece.origin, piece.family)


def _of_docstrings(texts: Iterable[Text], left_out: Counter[str]) -> Iterator[Piece]:
    waiting: Described | None = None
    for text in texts:
        found = described(text) if text.language == "python" else None
        if found is None:
            left_out["no docstring of three words"] += 1
        elif waiting is None:
            waiting = found
        elif found[0] != waiting[0] and found[1] != waiting[1]:
            yield from crossed(waiting, found)
            waiting = None
        else:
            left_out[ALONE] += 1
    left_out[ALONE] += waiting is not None


def _of_column(spec: "ProbingSpec", texts: Iterable[Text], model: "Model", left_out: Counter[str]) -> Iterator[Piece]:
    for text in texts:
        columns = dict(text.labels)
        if spec.label not in columns:
            raise unknown(spec, tuple(columns))
        answer = columns[spec.label]
        if answer is None or answer != answer or str(answer).strip() == "":
            left_out[f"no answer in '{spec.label[:60]}'"] += 1
        elif not text.text.strip():
            left_out["an empty text"] += 1
        else:
            value = float(answer) if isinstance(answer, int | float) and not isinstance(answer, bool) else str(answer)
            cut = _cut(spec, text, model, left_out)
            places = tuple(Place(a, b, value, word) for a, b, word in cut[1])
            if places:
                yield Piece(cut[0], places, text.origin, text.text)


def _cut(
    spec: "ProbingSpec", text: Text, model: "Model", left_out: Counter[str]
) -> tuple[str, list[tuple[int, int, str]]]:
    whole = text.text
    if spec.unit == "text":
        return whole, [(0, len(whole), whole)]
    if spec.unit == "word":
        return whole, [(*found.span(), found[0]) for found in WORD.finditer(whole)]
    if spec.unit == "token":
        encoded = model.encode([whole])
        spans = sorted({(int(a), int(b)) for a, b in encoded.offsets[0][~encoded.special[0]] if b > a})
        apart = [span for i, span in enumerate(spans) if not i or span[0] >= spans[i - 1][1]]
        return whole, [(a, b, whole[a:b]) for a, b in apart]
    tree = parsed(spec, text, left_out)
    if tree is None:
        return "", []
    return tree.text, [(*tree.spans[leaf], word) for leaf, word in zip(tree.leaves, tree.words, strict=True)]


def unknown(spec: "ProbingSpec", columns: tuple[str, ...]) -> StrataError:
    """Return the error for a label that is neither made here nor a column of the corpus."""
    there = f"Its columns: {', '.join(name[:60] for name in columns[:40])}." if columns else "It has no label columns."
    near = did_you_mean(spec.label, (*LABELS, *columns))
    made = f"Name a column in the corpus (label=COLUMN) and here, or choose one of: {', '.join(LABELS)}."
    return StrataError("E-LABEL-UNKNOWN", f"There is no label '{spec.label[:60]}'.", f"{near}{there}", made)
