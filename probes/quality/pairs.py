"""Pairs that judge an embedding: rated by people, or two texts that belong together and must find each other.

Some texts are kept aside: what is fitted (axes, codebooks, a pooler) is fitted on them and never on what is judged.
"""

import ast
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from probes import corpora
from probes.corpora.rated import rated
from probes.corpora.versions import Choice
from probes.errors import StrataError
from probes.models import Model
from probes.quality.reads import ReadsPairs, is_rated
from probes.values import split_of

FEWEST = 12
"""Pairs below which nothing is judged."""
_ASIDE = 0.3
"""The share of pairs kept aside where a source has no other texts."""
_WORDS = 4
"""Words of a docstring's first paragraph that make it a description."""


@dataclass(frozen=True)
class Pairs:
    """Texts, and which of them are paired."""

    title: str
    texts: tuple[str, ...]
    first: np.ndarray
    """int [pair]: the place of one side in `texts`."""
    second: np.ndarray
    score: np.ndarray | None
    """float [pair], larger for more alike; none when each pair belongs together and is to be found among the others."""
    spare: tuple[str, ...] = ()
    """Other texts, to fit on; of pairs that belong together, side by side."""
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.first)

    @property
    def measure(self) -> str:
        """What quality is measured by."""
        return "Spearman" if self.score is not None else "MRR"

    @property
    def crossed(self) -> bool:
        """Whether every text is in many pairs, so that texts and not pairs are what was sampled."""
        return self.score is not None and len(self) > len(self.texts)

    def half(self, seed: int) -> np.ndarray:
        """Return int [pair]: 0 for the half that chooses, 1 for the half that reports, -1 for pairs astride both."""
        side = np.array([split_of(text, (0.5, 0.5), seed=seed) for text in self.texts])
        one, other = side[self.first], side[self.second]
        return np.where(one == other, one, -1) if self.crossed else one

    def take(self, rows: np.ndarray) -> "Pairs":
        """Return some of the pairs, with their texts only."""
        used, place = np.unique(np.concatenate([self.first[rows], self.second[rows]]), return_inverse=True)
        first, second = np.split(place, 2)
        score = None if self.score is None else self.score[rows]
        texts = tuple(self.texts[i] for i in used)
        return replace(self, texts=texts, first=first, second=second, score=score)


def load(spec: ReadsPairs, model: Model) -> Pairs:
    """Return the pairs a spec asks for that the model can read whole; E-PAIRS-FEW when these are too few."""
    found = _rated(spec) if is_rated(spec.pairs) else _together(spec)
    lengths = model.lengths(found.texts)
    long = lengths > model.context
    kept = np.flatnonzero(~(long[found.first] | long[found.second]))
    lost = len(found) - len(kept)
    if lost:
        why = f"pair with more than the model's {model.context:,} sub-tokens"
        found = replace(found.take(kept), left_out={**found.left_out, why: lost})
    spare = [t for t, n in zip(found.spare, model.lengths(found.spare), strict=True) if n <= model.context]
    if found.score is None and len(spare) < len(found.spare):
        spare = []  # the sides of the practice pairs would come apart
        fits = model.lengths(found.spare) <= model.context
        for a, b, good in zip(found.spare[::2], found.spare[1::2], fits[::2] & fits[1::2], strict=True):
            spare += [a, b] if good else []
    found = replace(found, spare=tuple(spare))
    halves = np.bincount(found.half(spec.seed).astype(int) + 1, minlength=3)[1:]
    if min(halves) < FEWEST or len(found.spare) < FEWEST:
        raise StrataError(
            "E-PAIRS-FEW",
            f"'{spec.pairs[:80]}' gives {len(found)} pairs, in halves of {halves[0]} and {halves[1]}, and "
            f"{len(found.spare)} texts to fit on: too few.",
            f"Each half of the pairs needs {FEWEST}, and {FEWEST} texts are kept aside. Left out: "
            f"{', '.join(f'{why} ({count:,})' for why, count in found.left_out.items()) or 'nothing'}.",
            "Ask for more pairs, or for other ones.",
        )
    return found


def _rated(spec: ReadsPairs) -> Pairs:
    found = rated(spec.pairs)
    sides, score, spare = [found.first, found.second], np.array(found.score), found.spare
    if not spare:
        aside = np.array([split_of(f"{a}\n{b}", (_ASIDE, 1 - _ASIDE), seed=spec.seed) == 0
                          for a, b in zip(*sides, strict=True)])  # fmt: skip
        judged = {text for side in sides for text, no in zip(side, aside, strict=True) if not no}
        every = (text for side in sides for text, yes in zip(side, aside, strict=True) if yes)
        spare = tuple(dict.fromkeys(text for text in every if text not in judged))
        sides = [tuple(t for t, no in zip(side, aside, strict=True) if not no) for side in sides]
        score = score[~aside]
    if not len(score):
        what = f"All {len(found)} pairs of '{spec.pairs[:80]}' were kept aside to fit on: too few."
        raise StrataError("E-PAIRS-FEW", what, "A pair and its copies fall on one side.", "Give more pairs.")
    if len(score) > 1 and score.min() == score.max():
        raise StrataError("E-PAIRS-SCORE", f"All scores of '{spec.pairs[:80]}' are equal.", "They rank nothing.")
    texts = tuple(dict.fromkeys([*sides[0], *sides[1]]))
    place = {text: i for i, text in enumerate(texts)}
    first, second = (np.array([place[text] for text in side]) for side in sides)
    whole = Pairs(found.title, texts, first, second, score, spare)
    return whole.take(_drawn(len(score), spec)) if len(score) > spec.n else whole


def _drawn(count: int, spec: ReadsPairs) -> np.ndarray:
    return np.sort(np.random.default_rng(spec.seed).choice(count, spec.n, replace=False))


def _together(spec: ReadsPairs) -> Pairs:
    """Return pairs that belong together; as many again, where there are, to fit on."""
    left_out: Counter[str] = Counter()
    kind = corpora.kind_of(spec.pairs)
    if kind.parallel:
        title, rows, notes = _translations(spec, left_out)
    else:
        title, notes = "docstrings and functions", ()
        rows = list(islice(_described(spec, left_out), 2 * spec.n))
    rows = _different(rows, left_out)
    judged = rows[: min(spec.n, max(len(rows) * 2 // 3, len(rows) - spec.n))]
    spare = tuple(text for pair in rows[len(judged) :] for text in pair)
    texts = tuple(side for pair in judged for side in pair)
    places = np.arange(len(judged)) * 2
    return Pairs(title, texts, places, places + 1, None, spare, dict(left_out), notes)


def _translations(spec: ReadsPairs, left_out: Counter[str]) -> tuple[str, list[tuple[str, str]], tuple[str, ...]]:
    languages = (spec.other_language,) if spec.other_language else ()
    found = corpora.parallel(spec.pairs, Choice(languages, "", 2 * spec.n, spec.seed))
    left_out.update(found.left_out)
    one, other = found.languages[:2]
    notes = tuple(note for note in found.notes if "asked for" not in note)
    rows = list(zip(found.texts(one), found.texts(other), strict=True))
    order = np.random.default_rng(spec.seed).permutation(len(rows))  # a corpus may be sorted
    return f"sentences in {one} and {other}", [rows[i] for i in order], notes


def _described(spec: ReadsPairs, left_out: Counter[str]) -> Iterator[tuple[str, str]]:
    for text in corpora.stream(spec.pairs, language="python", seed=spec.seed, skipped=left_out):
        pair = described(text.text)
        if pair:
            yield pair
        else:
            left_out["function without a docstring"] += 1


def described(code: str) -> tuple[str, str] | None:
    """Return the first paragraph of a Python function's docstring, and the function without it; None for others.

    >>> described('def f(x):\\n    "Return twice the given number."\\n    return 2 * x')
    ('Return twice the given number.', 'def f(x):\\n    return 2 * x')
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in other people's strings
        try:
            top = ast.parse(code).body[0]
        except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
            return None
    if not isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef) or len(top.body) < 2:
        return None
    words = " ".join((ast.get_docstring(top) or "").split("\n\n")[0].split())
    said, after = top.body[0], top.body[1]
    if len(words.split()) < _WORDS or said.end_lineno is None or after.lineno <= said.end_lineno:
        return None
    lines = code.split("\n")
    return words, "\n".join(lines[: said.lineno - 1] + lines[said.end_lineno :])


def _different(rows: list[tuple[str, str]], left_out: Counter[str]) -> list[tuple[str, str]]:
    """Return the pairs none of whose sides was there before: equal texts could not be told apart."""
    seen: set[str] = set()
    kept = []
    for pair in rows:
        if seen.isdisjoint(pair):
            kept.append(pair)
        else:
            left_out["pair with a text that was there before"] += 1
        seen.update(pair)
    return kept
