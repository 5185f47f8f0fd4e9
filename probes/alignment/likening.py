"""The run behind `LikenessSpec`: texts both models can read, one pass each, matrices, and every pair of layers."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from probes import corpora
from probes.alignment.kernels import Kernel, every, kernel
from probes.alignment.likened import Compared, result
from probes.alignment.likeness import SAME, LikenessResult, LikenessSpec
from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.texts import read_texts
from probes.models import Model, loaded
from probes.models.choice import ReadsModel
from probes.models.provenance import source_of
from probes.values import Source

LARGEST = 1 << 30
"""Bytes of the matrices of both models that a run may hold at once."""
LOOKED_AT = 20
"""Texts of the corpus that are looked at for each one wanted: a corpus of long ones must not be read to its end."""
TOO_LONG, TWICE = "text longer than a model reads", "text that repeats another"


@dataclass(frozen=True)
class Side:
    """What is kept of a model: its matrices."""

    layers: tuple[str, ...]
    """Those that tell the texts apart."""
    matrices: dict[str, np.ndarray]
    """float64 [layer, row, row], by the kernel that makes them."""
    depth: int
    shape: tuple[str, int]
    """Family and width."""
    source: Source
    notes: tuple[str, ...]


def compare(spec: LikenessSpec, progress: Progress) -> LikenessResult:
    """Answer a LikenessSpec."""
    progress.report(0, 1, "reading texts")
    texts, left_out = _texts(spec)
    both = [spec.choice()] if spec.alone else [spec.choice(), spec.twin()]
    share = 0.7 / len(both)
    sides = [_read(spec, choice, texts, None, progress.step(0.1 + i * share, 0.1 + i * share + share / 2))
             for i, choice in enumerate(both)]  # fmt: skip
    # two networks with one seed would be one network wherever their architectures are
    random = [_read(spec, choice, texts, spec.seed + i, progress.step(0.1 + (i + 0.5) * share, 0.1 + (i + 1) * share))
              for i, choice in enumerate(both) if spec.random_init]  # fmt: skip
    source = sides[0].source
    source = replace(source, notes=(*source.notes, *_notes(spec, texts, sides)))
    compared = Compared(spec, sides, random, (_called(spec.model), _called_other(spec))[: len(both)])
    return result(compared, len(texts), left_out, source, progress.step(0.8, 1))


def _texts(spec: LikenessSpec) -> tuple[list[str], dict[str, int]]:
    """Return `n` different texts that both models can read whole, in the order the seed drew them."""
    left_out: Counter[str] = Counter()
    language = spec.texts_in or ("" if corpora.kind_of(spec.corpus).parallel else None)
    stream = corpora.stream(spec.corpus, language=language, seed=spec.seed, skipped=left_out)
    wanted = spec.n if spec.alone else 2 * spec.n  # the other one may read less
    texts = _fitting((text.text for text in islice(stream, LOOKED_AT * spec.n)), loaded(spec), wanted, left_out)
    if not spec.alone:
        texts = _fitting(iter(texts), loaded(spec.twin()), spec.n, left_out)
    if len(texts) < 16:
        why = f"Left out: {', '.join(f'{why} ({count:,})' for why, count in left_out.items()) or 'nothing'}."
        raise StrataError(
            "E-LIKENESS-FEW",
            f"'{spec.corpus[:200]}' gave {len(texts)} texts that can be compared; at least 16 are needed.",
            why,
            "Name a corpus with more texts, or with shorter ones.",
        )
    return texts, {why: count for why, count in left_out.items() if count}


def _fitting(texts: Iterator[str], model: Model, n: int, left_out: Counter[str]) -> list[str]:
    """Return up to `n` different texts within the model's context; the others are counted."""
    found: dict[str, None] = {}
    while len(found) < n and (some := list(islice(texts, 64))):
        for text, length in zip(some, model.lengths(some).tolist(), strict=True):
            if len(found) == n:
                break
            if text in found:
                left_out[TWICE] += 1
            elif length > model.context:
                left_out[TOO_LONG] += 1
            else:
                found[text] = None
    return list(found)


def _read(spec: LikenessSpec, choice: ReadsModel, texts: Sequence[str], random: int | None, progress: Progress) -> Side:
    """Run one model over the texts and keep its matrices; vectors and model are let go."""
    model = loaded(choice, random_init=random)
    kernels = [kernel(name) for name in spec.measures]
    _fits(spec, len({k.matrix for k in kernels}) * len(model.layers) * len(texts) ** 2 * 8 * 2)
    rows = read_texts(model, texts, spec.pooling, progress=progress)
    vectors = np.stack(list(rows.values()))
    if not np.isfinite(vectors).all():
        raise StrataError(
            "E-STATES-NAN",
            f"The states of {model.name} hold NaN or infinite numbers in {model.dtype}.",
            fix="Use float32 or bfloat16.",
        )
    told = _told_apart(vectors)
    if not told.any():
        raise StrataError(
            "E-ALIGN-FLAT",
            f"No layer of {model.name} tells these texts apart by this pooling ({spec.pooling}).",
            fix="Choose another pooling.",
        )
    layers = tuple(layer for layer, kept in zip(rows, told, strict=True) if kept)
    lost = [layer for layer, kept in zip(rows, told, strict=True) if not kept]
    notes = tuple(
        f"Layer {layer} of {_called(model.name)} is the same for every text and is left out." for layer in lost
    )
    source = source_of(model, corpus=spec.corpus, texts=texts, seed=spec.seed)
    matrices = _matrices(kernels, vectors[told])
    return Side(layers, matrices, model.depth, (model.family, model.width), source, notes)


def _told_apart(vectors: np.ndarray) -> np.ndarray:
    """Return bool [layer]: whether its rows are not all equal but for rounding."""
    spread = np.abs(vectors - vectors.mean(1, keepdims=True)).max((1, 2))
    return np.asarray(spread > 1e-5 * np.abs(vectors).max((1, 2)))


def _matrices(kernels: Sequence[Kernel], vectors: np.ndarray) -> dict[str, np.ndarray]:
    """Return the matrices of each kernel; kernels that need the same share them."""
    made = {turn: every(turn, vectors) for turn in dict.fromkeys(k.matrix for k in kernels)}
    return {k.name: made[k.matrix] for k in kernels}


def _fits(spec: LikenessSpec, size: int) -> None:
    if size > LARGEST:
        raise StrataError(
            "E-ALIGN-SIZE",
            f"The matrices of {spec.n:,} texts take {size / 2**30:.1f} GiB; a run holds {LARGEST / 2**30:.1f} GiB.",
            fix="Take fewer texts or fewer measures.",
        )


def _called(name: str) -> str:
    """Return a model's name without its owner or folder."""
    last = name.rstrip("/").rpartition("/")[2] or name
    return last if len(last) <= 40 else last[:39] + "…"


def _called_other(spec: LikenessSpec) -> str:
    named = _called(spec.model if spec.other == SAME else spec.other)
    adapted = f" with {_called(spec.other_adapter)}" if spec.other_adapter else ""
    again = "the other " if not adapted and not spec.alone and named == _called(spec.model) else ""
    return f"{again}{named}{adapted}"


def _notes(spec: LikenessSpec, texts: Sequence[str], sides: Sequence[Side]) -> list[str]:
    """Say what a reader must know: what the other model is, and where the texts or the layers fall short."""
    said = [note for side in sides for note in side.notes]
    for side in sides[1:]:
        other = side.source
        said.append(f"Compared with {other.model}, revision {other.revision}, weights {other.weights[:16]}.")
        said += [note for note in other.notes if note not in sides[0].source.notes]
    if len(texts) < spec.n:
        said.append(f"The corpus gave {len(texts)} texts of the {spec.n} asked for.")
    return said
