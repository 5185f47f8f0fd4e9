"""Words in their contexts, with a label each: one named word a text, or every word, or every leaf of code."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from probes import corpora
from probes.contract import Progress
from probes.corpora.grammars import LANGUAGES
from probes.errors import StrataError
from probes.extract import align
from probes.geometry import units
from probes.geometry.contextual import ContextualSpec
from probes.geometry.units import Piece
from probes.models import Model
from probes.values import Text

OF_UNITS = ("kind", "type")
"""Labels that every word or leaf has without a column."""
FEWEST, MOST_LABELS = 5, 100
"""Uses a label needs, and labels at most."""
NO_LABEL, NO_WORD, RARE = "text without a label", "text without its word", "use of a rare label"
_CHUNK = 64


@dataclass(frozen=True)
class Uses:
    """Pieces of text whose points are uses of words; a piece's kinds are labels, its types are the words."""

    pieces: list[Piece]
    left_out: Counter[str]


def drawn(spec: ContextualSpec, model: Model, progress: Progress) -> Uses:
    """Draw the uses a spec asks for; E-LABEL-COLUMN, E-LABEL-MANY, E-CORPUS-SMALL say why there are none."""
    left_out: Counter[str] = Counter()
    draw = np.random.default_rng(spec.seed)
    pieces: list[Piece] = []
    count, seen = 0, set[tuple[str, bytes]]()
    stream = corpora.stream(spec.corpus, language=spec.language or None, seed=spec.seed, skipped=left_out)
    while count < spec.n and (chunk := list(islice(stream, _CHUNK))):
        for piece in _fitting([_piece(spec, text, left_out) for text in chunk], model, left_out):
            # of a table of uses, a text may stand once for each of its words
            key = (piece.text, piece.spans.tobytes() if spec.word else b"")
            if key in seen:
                left_out["repeats another text"] += 1
                continue
            seen.add(key)
            most = min(spec.per_text, spec.n - count, len(piece.spans))
            if most > 0:
                pieces.append(piece.take(np.sort(draw.choice(len(piece.spans), most, replace=False))))
                count += most
        progress.report(min(count, spec.n), spec.n, "choosing words")
    return Uses(_often(pieces, left_out), left_out)


def _fitting(pieces: list[Piece | None], model: Model, left_out: Counter[str]) -> Iterator[Piece]:
    some = [piece for piece in pieces if piece is not None]
    if not some:
        return
    fits = model.lengths([piece.text for piece in some]) <= model.context
    for piece, good in zip(some, fits, strict=True):
        if good:
            yield piece
        else:
            left_out[f"more than the model's {model.context} sub-tokens"] += 1


def _piece(spec: ContextualSpec, text: Text, left_out: Counter[str]) -> Piece | None:
    columns = dict(text.labels)
    if spec.word:
        return _named(spec, text, columns, left_out)
    try:
        piece = units.leaves(text) if text.language in LANGUAGES else units.words(text)
    except StrataError as error:
        left_out[f"not read ({error.code})"] += 1
        return None
    kinds = piece.types if spec.label == "type" else piece.kinds
    if spec.label not in OF_UNITS:
        label = _cell(spec.label, columns)
        kinds = (label,) * len(piece.spans)
        if not label:
            left_out[NO_LABEL] += 1
            return None
    words = tuple(piece.text[a:b] for a, b in piece.spans)
    return Piece(piece.text, piece.spans, kinds, words, piece.origin)


def _named(spec: ContextualSpec, text: Text, columns: dict[str, Any], left_out: Counter[str]) -> Piece | None:
    word, label = _cell(spec.word, columns), _cell(spec.label, columns)
    if not label or not word:
        left_out[NO_LABEL if word else NO_WORD] += 1
        return None
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text.text, re.IGNORECASE)
    if found is None:
        left_out[NO_WORD] += 1
        return None
    return Piece(text.text, np.array([found.span()], np.int64), (label,), (word.lower(),), text.origin)


def _cell(column: str, columns: dict[str, Any]) -> str:
    """Return what a column says of a text, or "" for nothing; E-LABEL-COLUMN names the columns there are."""
    if column not in columns:
        there = f"Its columns are: {', '.join(c[:40] for c in columns)}." if columns else "It has no columns."
        fix = "Name a column of it; or no word column, and as label kind or type, which every word has."
        raise StrataError("E-LABEL-COLUMN", f"The corpus has no column '{column[:80]}'.", there, fix)
    cell = columns[column]
    return "" if cell is None or cell != cell else str(cell).strip()


def _often(pieces: list[Piece], left_out: Counter[str]) -> list[Piece]:
    """Leave out the uses of rare labels; refuse when fewer than two labels are left, or far too many."""
    counts = Counter(kind for piece in pieces for kind in piece.kinds)
    often = {kind for kind, count in counts.items() if count >= FEWEST}
    if len(often) < 2:
        what = f"{len(often)} of {len(counts)} labels have at least {FEWEST} uses; a probe needs two."
        raise StrataError("E-CORPUS-SMALL", what, fix="Choose another label, or ask for more words.")
    if len(often) > MOST_LABELS:
        what = f"There are {len(often)} labels of at least {FEWEST} uses; the most is {MOST_LABELS}."
        raise StrataError("E-LABEL-MANY", what, fix="Choose a label with fewer different values.")
    kept = []
    for piece in pieces:
        some = np.array([i for i, kind in enumerate(piece.kinds) if kind in often], np.int64)
        left_out[RARE] += len(piece.kinds) - len(some)
        if len(some):
            kept.append(piece.take(some))
    left_out += Counter()  # drops a count of none
    return kept


def table_rows(model: Model, pieces: list[Piece]) -> np.ndarray:
    """Return float32 [point, width]: the mean of the model's own input embeddings of each use's tokens.

    Neither position nor context is in them; zero where the tokenizer leaves a use without a token.
    """
    table: Any = model.net.get_input_embeddings()
    weight = getattr(table, "base_layer", table).weight  # under an adapter, the table it stands on
    parts = []
    for first in range(0, len(pieces), _CHUNK):
        some = pieces[first : first + _CHUNK]
        encoded = model.encode([piece.text for piece in some])
        pooling = align(encoded.offsets, encoded.special, [piece.spans for piece in some])
        rows = weight[encoded.ids.flatten()[pooling.token]].detach().float().cpu().numpy()
        total = np.zeros((len(pooling.count), rows.shape[1]), np.float32)
        np.add.at(total, np.repeat(np.arange(len(pooling.count)), pooling.count), rows)
        parts.append(total / np.maximum(pooling.count, 1)[:, None])
    return np.concatenate(parts)
