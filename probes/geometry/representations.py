"""The representations that are compared: static vectors, the model's own table, every layer, and random weights."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pandas as pd

from probes.contract import Progress
from probes.corpora import word_vectors
from probes.errors import StrataError
from probes.extract import extract
from probes.geometry import reading_off, uses
from probes.geometry.contextual import RANDOM, STATIC, TABLE, TRAINED, ContextualSpec
from probes.geometry.reading import frame_of
from probes.geometry.reading_off import Judged
from probes.geometry.senses import Word, ambiguous
from probes.models import Model, loaded
from probes.models.provenance import source_of
from probes.store import States
from probes.values import Source, split_of

FEWEST = 40
"""Uses that are looked at, at least."""


@dataclass(frozen=True)
class Representation:
    """A way to make a vector of every use: its name, the model or file it is of, and its rows [point, width]."""

    name: str
    series: str
    rows: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Words:
    """The uses that are compared, as every representation sees them."""

    frame: pd.DataFrame
    """One row a use: word, before, after, kind (its label), type (its word), place, origin, text."""
    judged: Judged
    half: np.ndarray
    """bool [point]: of the texts that choose the layer."""
    ambiguous: list[Word]
    forms: np.ndarray
    """int [point]: the same for uses that neither static vectors nor the model's own table tell apart."""


@dataclass(frozen=True)
class Read:
    """What was read: the uses, their representations, and where they came from."""

    words: Words
    known: list[Representation]
    layers: tuple[str, ...]
    depth: int
    source: Source
    left_out: dict[str, int]


def read(spec: ContextualSpec, progress: Progress) -> Read:
    """Draw the uses, and make every representation of those that all of them know."""
    progress.report(0, 1, "loading the model")
    model = loaded(spec)
    found = uses.drawn(spec, model, progress.step(0.05, 0.3))
    texts = [piece.text for piece in found.pieces]
    source = source_of(model, corpus=spec.corpus, texts=texts, seed=spec.seed)
    frame = frame_of(found.pieces)
    states = _states(model, found, source, progress.step(0.3, 0.8))
    table = uses.table_rows(model, found.pieces)
    every, title = _static(spec, frame)
    good = (np.asarray(states.tokens) > 0) & every.known
    found.left_out.update(_lost(states, every.known))
    rows = np.flatnonzero(good)
    words = _words(spec, frame.iloc[rows].reset_index(drop=True), texts, table[rows])
    known = [Representation(title, STATIC, lambda: every.rows[rows])] if title else []
    known.append(Representation(TABLE, TRAINED, lambda: table[rows]))
    layers, depth = tuple(model.layers), model.depth
    del model  # or it could not be given up for its twin, where only one of them fits
    known += [Representation(layer, TRAINED, _rows(states, layer, rows)) for layer in layers]
    if spec.random_init:
        twin = _states(loaded(spec, random_init=spec.seed), found, source, progress.step(0.8, 1))
        known += [Representation(layer, RANDOM, _rows(twin, layer, rows)) for layer in layers]
    return Read(words, known, layers, depth, source, dict(found.left_out))


def _states(model: Model, found: uses.Uses, source: Source, progress: Progress) -> States:
    own = Source(**{**vars(source), "weights": model.weights})
    texts, spans = [piece.text for piece in found.pieces], [piece.spans for piece in found.pieces]
    return extract(model, texts, spans, source=own, progress=progress)


def _rows(states: States, layer: str, rows: np.ndarray) -> Callable[[], np.ndarray]:
    def read() -> np.ndarray:
        found = np.asarray(states.at(layer))[rows]
        if not np.isfinite(found).all():
            what = f"Layer {layer} of {states.source.model} holds NaN or infinite numbers."
            raise StrataError("E-STATES-NAN", what, f"It was read in {states.source.dtype}.", "Use float32.")
        return found

    return read


def _static(spec: ContextualSpec, frame: pd.DataFrame) -> tuple[word_vectors.Found, str]:
    """Return the static vectors of all uses and what they are called; without any, all uses are as good as known."""
    if not spec.static:
        return word_vectors.Found(np.zeros((len(frame), 0), np.float32), np.ones(len(frame), bool), ""), ""
    found = word_vectors.look_up(spec.static, frame.word.tolist())
    return found, found.title


def _lost(states: States, known: np.ndarray) -> dict[str, int]:
    none = np.asarray(states.tokens) == 0
    counts = {
        "uses that the tokenizer drops": int(none.sum()),
        "uses of words without a static vector": int((~known & ~none).sum()),
    }
    return {reason: count for reason, count in counts.items() if count}


def forms_of(words: list[str], table: np.ndarray) -> np.ndarray:
    """Return a number a use [point]: that of its word as written, which static vectors see, and its row in the table.

    The latter knows the word's case or not, and what its tokens hold of what stands beside it, such as a blank.
    """
    known: dict[tuple[str, bytes], int] = {}
    keys = ((word, blake2b(row.tobytes()).digest()) for word, row in zip(words, table, strict=True))
    return np.array([known.setdefault(key, len(known)) for key in keys])


def _words(spec: ContextualSpec, frame: pd.DataFrame, texts: list[str], table: np.ndarray) -> Words:
    """Return what is compared; E-CORPUS-SMALL when too little is left or too few texts to judge on."""
    labels, answers = np.unique(frame.kind.to_numpy(str), return_inverse=True)
    first: dict[str, int] = {}
    number = np.array([first.setdefault(text, i) for i, text in enumerate(texts)])
    text = number[frame.text.to_numpy()]  # one that stands once for each of its words is one text
    equal = [1.0] * reading_off.FOLDS
    fold = np.array([split_of(texts[i], equal, seed=spec.seed) for i in text], np.int64)
    part = np.array([split_of(texts[i], [1.0] * reading_off.PARTS, seed=spec.seed + 1) for i in text], np.int64)
    half = np.array([split_of(texts[i], [1.0, 1.0], seed=spec.seed + 2) for i in text]) == 0
    if len(frame) < FEWEST or len(labels) < 2 or len(np.unique(fold)) < 2 or half.all() or not half.any():
        what = f"{len(frame)} uses of {len(labels)} labels in {len(np.unique(text))} texts are left."
        why = (
            f"At least {FEWEST} uses of two labels are needed, in texts enough to learn from some and judge on others."
        )
        raise StrataError("E-CORPUS-SMALL", what, why, "Ask for more words, or choose another corpus.")
    judged = Judged(answers, text, fold, part)
    forms = forms_of(frame.word.tolist(), table)
    return Words(frame, judged, half, ambiguous(frame.type.tolist(), frame.kind.tolist()), forms)
