"""Points of a corpus and their states at every layer: what clouds and maps are made of.

From each text a few points are drawn, so that many texts take part; a text that repeats another is left out. States of
parts of texts come from the store; those of whole texts are read anew.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np
import pandas as pd

from probes import corpora
from probes.contract import Progress
from probes.errors import StrataError
from probes.extract import extract
from probes.extract.texts import read_texts
from probes.geometry import own, units
from probes.geometry.points import FEWEST, Points
from probes.geometry.reads import ReadsPoints
from probes.geometry.units import Piece
from probes.models import Model, loaded
from probes.models.provenance import source_of
from probes.store import States
from probes.values import Source, Text

_CHUNK = 64


def read(spec: ReadsPoints, progress: Progress) -> Points:
    """Load the model, draw the points a spec asks for, and extract their states; of a matrix, draw its rows."""
    if corpora.is_matrix(spec.corpus):
        return own.points(spec, progress)
    progress.report(0, 1, "loading the model")
    model = loaded(spec)
    left_out: Counter[str] = Counter()
    pieces = _drawn(spec, model, left_out, progress.step(0.1, 0.2))
    texts = [piece.text for piece in pieces]
    source = source_of(model, corpus=spec.corpus, texts=texts, seed=spec.seed, notes=_notes(spec, pieces))
    states, dropped = states_of(model, pieces, spec, source, progress.step(0.2, 1))
    rows = np.flatnonzero(~dropped)
    if dropped.any():
        left_out["points that the tokenizer drops"] += int(dropped.sum())
    if len(rows) < FEWEST:
        raise units.refused(spec.unit)
    frame = frame_of(pieces).iloc[rows].reset_index(drop=True)
    return Points(frame, tuple(texts), states, model.layers, model.depth, rows, source, dict(left_out), spec.unit)


def states_of(
    model: Model, pieces: list[Piece], spec: ReadsPoints, source: Source, progress: Progress
) -> tuple["States | Mapping[str, np.ndarray]", np.ndarray]:
    """Return the states of all points, and which of them have none [point]."""
    texts = [piece.text for piece in pieces]
    if spec.unit == "text":
        found = read_texts(model, texts, spec.pooling, progress=progress)
        return found, np.zeros(len(texts), bool)
    states = extract(model, texts, [piece.spans for piece in pieces], source=source, progress=progress)
    return states, np.asarray(states.tokens) == 0


def twin(spec: ReadsPoints, points: Points, progress: Progress) -> Points:
    """Return the same points as the same architecture with random weights reads them."""
    model = loaded(spec, random_init=spec.seed)
    left_out: Counter[str] = Counter()
    pieces = _drawn(spec, model, left_out, progress.step(0, 0.1))
    source = Source(**{**vars(points.source), "weights": model.weights})
    states, _ = states_of(model, pieces, spec, source, progress.step(0.1, 1))
    return Points(points.frame, points.texts, states, model.layers, model.depth, points.rows, source, {}, spec.unit)


def _drawn(spec: ReadsPoints, model: Model, left_out: Counter[str], progress: Progress) -> list[Piece]:
    draw = np.random.default_rng(spec.seed)
    pieces: list[Piece] = []
    count, seen = 0, set[str]()
    stream = corpora.stream(spec.corpus, language=spec.language or None, seed=spec.seed, skipped=left_out)
    while count < spec.n and (chunk := list(islice(stream, _CHUNK))):
        for piece in _fitting(spec, model, chunk, left_out):
            if piece.text in seen:
                left_out["repeats another text"] += 1
                continue
            seen.add(piece.text)
            most = min(spec.per_text, spec.n - count, len(piece.spans))
            if most > 0:
                pieces.append(piece.take(np.sort(draw.choice(len(piece.spans), most, replace=False))))
                count += most
        progress.report(min(count, spec.n), spec.n, "choosing points")
    if count < FEWEST:
        raise units.refused(spec.unit)
    return pieces


def _fitting(spec: ReadsPoints, model: Model, chunk: list[Text], left_out: Counter[str]) -> Iterator[Piece]:
    texts = [text for text in chunk if text.text.strip()]
    pieces: list[Piece] = []
    for text in texts:
        try:
            pieces.append(_piece(spec, model, text))
        except StrataError as error:
            if error.code == "E-LANGUAGE-UNKNOWN":
                raise StrataError(
                    "E-CORPUS-LANGUAGE",
                    f"'{spec.corpus[:80]}' holds no code, and only code has leaves and snippets.",
                    fix="Choose another unit: text, word or token.",
                ) from error
            left_out[f"not read ({error.code})"] += 1
    fits = model.lengths([piece.text for piece in pieces]) <= model.context
    for piece, good in zip(pieces, fits, strict=True):
        if good:
            yield piece
        else:
            left_out[f"more than the model's {model.context} sub-tokens"] += 1


def _piece(spec: ReadsPoints, model: Model, text: Text) -> Piece:
    whole = {"leaf": units.leaves, "word": units.words, "text": units.whole, "snippet": units.snippet}
    if spec.unit in whole:
        return whole[spec.unit](text)
    encoded = model.encode([text.text])
    return units.tokens(text, encoded.offsets[0][~encoded.special[0]])


def _notes(spec: ReadsPoints, pieces: list[Piece]) -> tuple[str, ...]:
    have = sum(len(piece.spans) for piece in pieces)
    return (f"The corpus gave {have:,} points of the {spec.n:,} asked for.",) if have < spec.n else ()


def frame_of(pieces: list[Piece]) -> pd.DataFrame:
    """Return one row a point: word, before, after, kind, type, place, origin, text (the piece's number)."""
    rows = []
    for number, piece in enumerate(pieces):
        for i in range(len(piece.spans)):
            before, word, after = piece.around(i)
            rows.append((word, before, after, piece.kinds[i], piece.types[i], i, piece.origin, number))
    return pd.DataFrame(rows, columns=["word", "before", "after", "kind", "type", "place", "origin", "text"])
