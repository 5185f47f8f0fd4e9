"""Labelled places of a corpus and their states at every layer, and which of them train, validate and test."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pandas as pd

from probes import corpora
from probes.contract import Progress
from probes.corpora.grammars import LANGUAGES
from probes.errors import StrataError
from probes.extract import extract
from probes.models import Model, loaded
from probes.models.provenance import source_of
from probes.probing.analysis import RANDOM, TRAINED, ProbingSpec
from probes.probing.cutting import pieces
from probes.probing.places import Piece
from probes.store import States
from probes.values import Source, Text, split_of

FEWEST = 60
"""Labelled places below which nothing is learnt."""
TEST, VALID = (0.75, 0.25), (0.8, 0.2)
"""Shares of texts: learnt from and tested on; of the former, trained and validated on."""


@dataclass(frozen=True)
class Examples:
    """Labelled places in corpus order, and where their states are."""

    frame: pd.DataFrame
    """One row a place: answer, word (its own text, or what the control goes by), before, at, after, origin, text."""
    texts: tuple[str, ...]
    families: tuple[str, ...]
    """One a text: what decides its side of a split."""
    states: dict[str, States]
    """The states of each series of models."""
    rows: np.ndarray
    """Which rows of the states the places are."""
    paired: bool
    """Whether each place is two rows of the states, the one before `rows` and this."""
    layers: tuple[str, ...]
    depth: int
    source: Source
    left_out: dict[str, int]

    def at(self, series: str, layer: str) -> np.ndarray:
        """Return float32 [place, width]; raises E-STATES-NAN when a layer holds NaN or only zeros."""
        found = self.states[series].at(layer)
        rows: np.ndarray = np.asarray(found[self.rows])
        if not rows.any():
            raise StrataError(
                "E-STATES-NAN",
                f"Layer {layer} of {self.source.model} holds only zeros at these places.",
                "A tokenizer that knows none of the words can leave nothing else.",
                "Choose texts in words that the model has learnt, or another model.",
            )
        if not np.isfinite(rows).all():
            raise StrataError(
                "E-STATES-NAN",
                f"Layer {layer} of {self.source.model} holds NaN or infinite numbers.",
                f"It was read in {self.source.dtype}.",
                "Use float32 or bfloat16.",
            )
        if not self.paired:
            return rows
        beside = np.asarray(found[self.rows - 1])
        return np.concatenate([np.abs(rows - beside), rows * beside], 1)

    def take(self, chosen: np.ndarray) -> "Examples":
        """Return some of the places."""
        frame = self.frame.iloc[chosen].reset_index(drop=True)
        return replace(self, frame=frame, rows=self.rows[chosen])

    def masks(self, seed: int, seeds: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return which places train and validate, bool [seed, place], and which test [place]; by content alone."""
        text = self.frame["text"].to_numpy()
        test = np.array([split_of(family, TEST, seed=seed) == 1 for family in self.families])
        valid = np.array(
            [[split_of(f, VALID, seed=1 + seed + 7919 * (k + 1)) == 1 for f in self.families] for k in range(seeds)]
        )
        return (~valid & ~test)[:, text], (valid & ~test)[:, text], test[text]


Cut = Callable[[ProbingSpec, Iterable[Text], Model, Counter[str]], Iterator[Piece]]
"""What makes labelled pieces of a stream of texts: those of one family in a row."""


ONE = ("places", 1)
"""What `n` counts, and how many places make one."""


def read(spec: ProbingSpec, progress: Progress, cut: Cut = pieces, asked: tuple[str, int] = ONE) -> Examples:
    """Load the model, draw the labelled places a spec asks for, and extract their states, of random weights too."""
    progress.report(0, 1, "loading the model")
    model = loaded(spec)
    left_out: Counter[str] = Counter()
    drawn = _drawn(spec, model, left_out, progress.step(0.05, 0.15), cut, asked)
    texts, spans = [piece.text for piece in drawn], [piece.spans for piece in drawn]
    grammar = [LANGUAGES[spec.language].wheel] if spec.language in LANGUAGES else []
    source = source_of(
        model, corpus=spec.corpus, texts=texts, seed=spec.seed, notes=_notes(spec, drawn, asked), also=grammar
    )
    layers, depth = model.layers, model.depth
    states = {TRAINED: extract(model, texts, spans, source=source, progress=progress.step(0.15, 0.6))}
    del model  # or it could not be given up for its twin, where only one of them fits
    if spec.random_init:
        twin = loaded(spec, random_init=spec.seed)
        about = replace(source, weights=twin.weights)
        states[RANDOM] = extract(twin, texts, spans, source=about, progress=progress.step(0.6, 1))
    paired = drawn[0].places[0].beside is not None
    frame, there = _frame(drawn), np.asarray(states[TRAINED].tokens) > 0
    rows = np.arange(len(frame)) * (2 if paired else 1) + paired
    kept = np.flatnonzero(there[rows] & (there[rows - 1] if paired else True))
    if len(kept) < len(rows):
        left_out["places that the tokenizer drops"] += len(rows) - len(kept)
    families = tuple(piece.family for piece in drawn)
    found = Examples(frame, tuple(texts), families, states, rows, paired, layers, depth, source, dict(left_out))
    return found.take(kept)


def _drawn(
    spec: ProbingSpec, model: Model, left_out: Counter[str], progress: Progress, cut: Cut, asked: tuple[str, int]
) -> list[Piece]:
    """Draw places until there are enough; texts that belong together are taken or left together."""
    stream = corpora.stream(spec.corpus, language=spec.language or None, seed=spec.seed, skipped=left_out)
    draw = np.random.default_rng(spec.seed)
    drawn: list[Piece] = []
    count, seen = 0, set[str]()
    for group in _families(cut(spec, stream, model, left_out)):
        if group[0].family in seen:
            left_out["repeats another text"] += len(group)
            continue
        seen.add(group[0].family)
        if (model.lengths([piece.text for piece in group]) > model.context).any():
            left_out[f"more than the model's {model.context} sub-tokens"] += len(group)
            continue
        for piece in group:
            most = min(spec.per_text, len(piece.places))
            drawn.append(piece.take(np.sort(draw.choice(len(piece.places), most, replace=False))))
            count += most
        progress.report(min(count, spec.n), spec.n, f"choosing {asked[0]}")
        if count >= spec.n:
            break
    what, each = asked
    if count < FEWEST:
        raise StrataError(
            "E-CORPUS-SMALL",
            f"The corpus gives {count // each} {what} labelled with '{spec.label[:60]}'; "
            f"at least {FEWEST // each} are needed.",
            ", ".join(f"{why} ({n:,})" for why, n in left_out.most_common(3)),
            "Choose a larger corpus, or another label.",
        )
    return drawn


def _families(found: Iterator[Piece]) -> Iterator[list[Piece]]:
    for _, group in groupby(found, key=lambda piece: piece.family):
        yield list(group)


def _notes(spec: ProbingSpec, drawn: list[Piece], asked: tuple[str, int]) -> tuple[str, ...]:
    have, (what, each) = sum(len(piece.places) for piece in drawn), asked
    said = f"The corpus gave {have // each:,} {what} of the {spec.n // each:,} asked for."
    return (said,) if have < spec.n else ()


def _frame(drawn: list[Piece]) -> pd.DataFrame:
    rows = []
    for number, piece in enumerate(drawn):
        for place in piece.places:
            before, at, after = piece.around(place)
            rows.append((place.answer, place.word, before, at, after, piece.origin, number))
    return pd.DataFrame(rows, columns=["answer", "word", "before", "at", "after", "origin", "text"])
