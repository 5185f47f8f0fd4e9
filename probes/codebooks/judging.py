"""One layer judged: two codebooks of the states, two of noise like them, and what each keeps of held-out rows."""

from dataclasses import dataclass, replace

import numpy as np

from probes.codebooks import controls, kinds, measures
from probes.codebooks.book import Codebook, compact
from probes.codebooks.fired import fired_of, firing
from probes.codebooks.kmeans import Options
from probes.codebooks.names import DUPLICATE, Kind
from probes.codebooks.rows import Rows, center_of, rows_of
from probes.contract import Progress
from probes.errors import StrataError


@dataclass(frozen=True)
class Question:
    """What is fitted: the same for every layer."""

    method: Kind
    books: int
    options: Options


@dataclass(frozen=True)
class Sides:
    """The rows of one layer: those fitted to, and those held out."""

    fitted: Rows
    held_out: Rows


@dataclass(frozen=True)
class Read:
    """What a codebook makes of rows: its choices [row, choice] and its squared errors [row]."""

    ids: np.ndarray
    errors: np.ndarray


@dataclass(frozen=True)
class Judged:
    """A layer's codebook and what it is worth."""

    book: Codebook
    fitted: Read
    held_out: Read
    other: np.ndarray
    """The held-out choices of the second seed's codebook; none of a codebook that was trained with the model."""
    spreads: np.ndarray
    """float64 [held-out row]: squared distance to the held-out mean."""
    word: np.ndarray
    """float32 [held-out row]: squared distance to the mean of the fitted rows with the same word."""
    noise: dict[str, float]
    """floor, fit_floor and floor_stability: variance explained and stability where there are no clusters; NaN where
    they would take another training of the whole model."""
    fit_explained: float


def judge(question: Question, sides: Sides, words: np.ndarray, progress: Progress) -> Judged:
    """Fit two seeds to the states and two to noise; `words` int64 [row] number the words of all rows, fitted first."""
    progress.report(0, 1)
    books = [_fit(question, sides.fitted, seed, progress.step(seed / 4, (seed + 1) / 4)) for seed in (0, 1)]
    held_out, fitted, n = read(books[0], sides.held_out), read(books[0], sides.fitted), len(sides.fitted)
    return Judged(
        book=books[0],
        fitted=fitted,
        held_out=held_out,
        other=read(books[1], sides.held_out).ids,
        spreads=spreads(sides.held_out),
        word=controls.by_word(sides.fitted, words[:n], sides.held_out, words[n:]),
        noise=_noise(question, sides, progress.step(0.5, 1)),
        fit_explained=_share(fitted.errors, spreads(sides.fitted)),
    )


def as_it_is(book: Codebook, sides: Sides, words: np.ndarray) -> Judged:
    """Judge a codebook that is not fitted here, beside the mean of each word alone; `words` as in `judge`."""
    fitted, held_out, n = read(book, sides.fitted), read(book, sides.held_out), len(sides.fitted)
    return Judged(
        book=book,
        fitted=fitted,
        held_out=held_out,
        other=held_out.ids[:0],
        spreads=spreads(sides.held_out),
        word=controls.by_word(sides.fitted, words[:n], sides.held_out, words[n:]),
        noise=dict.fromkeys(("floor", "fit_floor", "floor_stability"), float("nan")),
        fit_explained=_share(fitted.errors, spreads(sides.fitted)),
    )


def read(book: Codebook, rows: Rows) -> Read:
    """Encode and decode rows."""
    ids, errors = [], []
    for _, block, choice, decoded in book.read(rows):
        ids.append(compact(choice, book.size))
        errors.append((block - decoded).square().sum(1).cpu().numpy())
    return Read(np.concatenate(ids), np.concatenate(errors))


def spreads(rows: Rows) -> np.ndarray:
    """Return float64 [row]: how far each row is from their mean, squared."""
    center = center_of(rows)
    found = [(block - center).double().square().sum(1).cpu().numpy() for _, block in rows.blocks()]
    return np.concatenate(found)


def numbers(judged: Judged, text: np.ndarray) -> tuple[dict[str, float], np.ndarray]:
    """Return a layer's scores, without their interval, and the values [text] whose mean is the variance explained."""
    book, ids = judged.book, judged.held_out.ids
    count, codes, _ = book.codes.shape
    fires, theirs = (fired_of(book, choices) for choices in (ids, judged.other))
    sums = [np.bincount(text, values) for values in (judged.held_out.errors, judged.spreads)]
    values = measures.explained(sums[0], sums[1])
    own = [measures.neighbours(codes_of)[1] for codes_of in book.codes.cpu().numpy()]
    pairs = [(fires[:, i], theirs[:, i]) for i in range(count)] if len(theirs) else []
    found = {
        "explained": float(values.mean()),
        "floor": judged.noise["floor"],
        "excess": float(values.mean()) - judged.noise["floor"],
        "word": _share(judged.word, judged.spreads),
        "bits": measures.bits(ids, judged.fitted.ids, book.size),
        "entropy": measures.entropy(ids, book.size),
        "capacity": book.capacity,
        "l0": float(len(firing(fires)) / len(fires)),
        "dead": float((measures.counts(fires, count, codes) == 0).mean()),
        "duplicates": float((np.concatenate(own) > DUPLICATE).mean()),
        "stability": _mean([measures.stability(a, b, codes) for a, b in pairs]),
        "chance": _mean([measures.chance(a, b, codes) for a, b in pairs]),
        "floor_stability": judged.noise["floor_stability"],
        "fit_explained": judged.fit_explained,
        "fit_floor": judged.noise["fit_floor"],
    }
    return found, values


def _fit(question: Question, rows: Rows, seed: int, progress: Progress) -> Codebook:
    own = replace(question.options, seed=question.options.seed + seed)
    return kinds.fit(question.method, rows, own, question.books, lambda share: progress.report(share, 1))


def _noise(question: Question, sides: Sides, progress: Progress) -> dict[str, float]:
    sizes = (len(sides.fitted), len(sides.held_out))
    device = str(sides.fitted.at(slice(0, 1)).device)
    made = controls.gaussian(sides.fitted, sizes, seed=question.options.seed)
    fitted, held_out = (rows_of(array, device) for array in made)
    books = [_fit(question, fitted, seed, progress.step(seed / 2, (seed + 1) / 2)) for seed in (0, 1)]
    one, other = (read(book, held_out) for book in books)
    count, codes, _ = books[0].codes.shape
    here, there = (fired_of(book, each.ids) for book, each in zip(books, (one, other), strict=True))
    alike = [measures.stability(here[:, i], there[:, i], codes) for i in range(count)]
    return {
        "floor": _share(one.errors, spreads(held_out)),
        "fit_floor": _share(read(books[0], fitted).errors, spreads(fitted)),
        "floor_stability": float(np.mean(alike)),
    }


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _share(errors: np.ndarray, around: np.ndarray) -> float:
    return float(1 - errors.sum(dtype=np.float64) / around.sum())


def named(label: str, error: StrataError) -> StrataError:
    """Return a refusal that says which layer it is about."""
    return StrataError(error.code, f"Layer {label}: {error.what}", error.why, error.fix)
