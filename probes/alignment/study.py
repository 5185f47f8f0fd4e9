"""The run behind `AlignmentSpec`: sentences, one pass a language, Gram matrices, scores; vectors are let go.

Until it is done they lie on disk, so that an interrupted run does not read a language twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from probes import corpora
from probes.alignment import floors, report
from probes.alignment.analysis import AlignmentResult, AlignmentSpec
from probes.alignment.checks import inspect
from probes.alignment.grams import gram, similarities, standardised
from probes.alignment.resuming import Shelf, shelf
from probes.alignment.scoring import Scored, scored
from probes.contract import Progress
from probes.corpora.naming import name_of
from probes.corpora.versions import Choice, Parallel
from probes.errors import StrataError
from probes.extract.texts import read_texts
from probes.models import Model, loaded
from probes.models.encoding import unknown_of
from probes.models.provenance import source_of

LARGEST = 512 << 20
"""Bytes of Gram matrices that a run may keep: a page reads them again with every look at it."""
MANY_UNKNOWN = 0.2
"""The share of unknown tokens above which a language is said to be unreadable to the model."""


@dataclass(frozen=True)
class Sentences:
    """The sentences the model can read, by language, the pivot first."""

    found: Parallel
    rows: tuple[int, ...]
    """Which of them: a sentence too long for the model in one language is left out of all."""

    def of(self, language: str) -> list[str]:
        """Return the sentences of one language."""
        texts = self.found.texts(language)
        return [texts[i] for i in self.rows]


def study(spec: AlignmentSpec, progress: Progress) -> AlignmentResult:
    """Answer an AlignmentSpec."""
    progress.report(0, 1, "reading sentences")
    found = corpora.parallel(spec.corpus, _choice(spec))
    progress.report(0.02, 1, "loading the model")
    model = loaded(spec)
    sentences, left_out = _readable(found, model)
    n, languages = len(sentences.rows), found.languages
    layers = published(model.layers) if spec.recipe == "published" else model.layers
    _fits(spec, len(languages), len(layers), n)
    at = n if spec.recipe == "published" else min(spec.at, n)
    notes = [*found.notes, *([f"Scores are for {at} sentences: there are no more."] if at < spec.at else [])]
    each, how = [sentences.of(name) for name in languages], f"{spec.pooling} {spec.added}"
    with shelf(model, each, how, progress) as kept:
        read = _Reading(model, sentences, spec, notes, kept)
        scores, within = _scores(read, _places(model, layers), at, progress.step(0.05, 0.95))
    progress.report(0.97, 1, "writing it down")
    unknown = [_unknown(model, sentences.of(name)) for name in languages[1:]]
    notes += [f"{u:.0%} of the tokens of {name_of(c)} are unknown." for c, u in zip(languages[1:], unknown, strict=True)
              if u > MANY_UNKNOWN]  # fmt: skip
    source = source_of(
        model,
        corpus=spec.corpus,
        texts=[text for name in languages for text in sentences.of(name)],
        seed=spec.seed,
        notes=tuple(notes),
    )
    facts = report.Facts(layers, published(layers), model.depth, at, left_out, source)
    return report.result(sentences, scores, within if spec.grams else [], unknown, facts)


def _scores(
    read: "_Reading", places: Sequence[int], at: int, progress: Progress
) -> tuple[list[Scored], list[np.ndarray]]:
    """Read the pivot, then each language once, and score it; return its Gram matrices too where they are kept."""
    sentences, model, spec = read.sentences, read.model, read.spec
    first, *others = sentences.found.languages
    share = 1 / (1 + len(others))
    pivot = read.vectors(first, progress.step(0, share))[places]
    within, scores = [_within(pivot)], list[Scored]()
    for i, name in enumerate(others, 1):
        other = read.vectors(name, progress.step(i * share, (i + 1) * share))[places]
        within.append(_within(other))
        texts = sentences.of(first), sentences.of(name)
        tokens = model.lengths(texts[0]).tolist(), model.lengths(texts[1]).tolist()
        floor = floors.lexical(*texts), floors.length(*texts)
        scores.append(scored(similarities(pivot, other), (within[0], within[-1]), floor, tokens, (at, spec.seed)))
        if not spec.grams:
            within.pop()
            scores[-1] = scores[-1].without_grams()
    return scores, within


def _choice(spec: AlignmentSpec) -> Choice:
    published = spec.recipe == "published"
    return Choice(spec.languages, spec.pivot, spec.n, None if published else spec.seed, repeated=published)


def published(layers: Sequence[str]) -> tuple[str, ...]:
    """Return the layers that `output_hidden_states` gives: of the last one, what comes out of the final norm.

    >>> published(("0", "1", "2", "2 + norm")), published(("0", "1", "2"))
    (('0', '1', '2 + norm'), ('0', '1', '2'))
    """
    normed = {label.partition(" ")[0] for label in layers if "norm" in label}
    return tuple(label for label in layers if label not in normed)


def _places(model: Model, layers: Sequence[str]) -> list[int]:
    return [model.layers.index(layer) for layer in layers]


def _readable(found: Parallel, model: Model) -> tuple[Sentences, dict[str, int]]:
    n = len(found.sentences)
    lengths = model.lengths(found.corpus.texts).reshape(-1, n)
    kept = np.flatnonzero((lengths <= model.context).all(0))
    left_out = dict(found.left_out)
    if len(kept) < n:
        left_out[f"sentence of more than {model.context:,} tokens in some language"] = n - len(kept)
    if len(kept) < 4:
        raise StrataError(
            "E-PARALLEL-FEW",
            f"{len(kept)} sentences are left of {n} that the languages share; at least 4 are needed.",
            f"Left out: {', '.join(f'{why} ({count:,})' for why, count in left_out.items()) or 'nothing'}.",
            "Choose fewer languages, or another corpus.",
        )
    return Sentences(found, tuple(kept.tolist())), left_out


def _fits(spec: AlignmentSpec, languages: int, layers: int, n: int) -> None:
    size = 2 * 4 * languages * layers * n * n
    if spec.grams and size > LARGEST:
        raise StrataError(
            "E-ALIGN-SIZE",
            f"Similarities of {languages} languages, {layers} layers, {n:,} sentences take {size / 2**30:.1f} GiB.",
            f"A run keeps {LARGEST / 2**30:.1f} GiB at most.",
            "Turn grams off (scores are kept), or take fewer sentences or languages.",
        )


@dataclass(frozen=True)
class _Reading:
    """What is read with what, and the notes that grow while it is."""

    model: Model
    sentences: Sentences
    spec: AlignmentSpec
    notes: list[str]
    kept: Shelf

    def vectors(self, name: str, progress: Progress) -> np.ndarray:
        """Return [layer, row, width], refused when a layer cannot be measured; repeated rows are noted."""
        texts, spec, model = self.sentences.of(name), self.spec, self.model
        at = self.sentences.found.languages.index(name)
        vectors = self.kept.get(at)
        fresh = vectors is None
        if vectors is None:
            rows = read_texts(model, texts, spec.pooling, added=spec.added, progress=progress)
            vectors = np.stack(list(rows.values()))
        found = inspect(vectors)
        if found.nan or not vectors.any((1, 2)).all():
            raise StrataError(
                "E-STATES-NAN",
                f"The states of {name} in {model.name} hold NaN, infinite numbers or only zeros in {model.dtype}.",
                " ".join(found.sentences()),
                "Use float32 or bfloat16.",
            )
        if found.repeated:
            what = f"{len(found.repeated)} sentences have the vectors of another and cannot be told from it"
            self.notes.append(f"{name_of(name)}: {what}.")
        if fresh:
            self.kept.put(at, vectors)
        return vectors


def _within(vectors: np.ndarray) -> np.ndarray:
    return gram(standardised(vectors))


def _unknown(model: Model, texts: Sequence[str]) -> float:
    unknown = unknown_of(model.tokenizer)
    ids = [i for row in model.tokenizer(list(texts), verbose=False, add_special_tokens=False)["input_ids"] for i in row]
    return sum(i == unknown for i in ids) / len(ids) if ids and unknown is not None else 0.0
