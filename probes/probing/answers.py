"""Answers as a probe takes them: the classes that are frequent enough, or numbers; and those of the control task."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from probes.errors import StrataError
from probes.probing.labels import LABELS
from probes.probing.reading import FEWEST, Examples
from probes.values import digest_of

LEAST, MOST = 10, 24
"""Places a class has at least, and classes at most: the most frequent ones."""
_DIFFERENT = 12
"""A column of more different numbers holds numbers."""


@dataclass(frozen=True)
class Answers:
    """One answer a place: a class number into `names`, or a number when there are no names."""

    values: np.ndarray
    names: tuple[str, ...]

    @property
    def numeric(self) -> bool:
        """Say whether the answers are numbers."""
        return not self.names


def answered(examples: Examples, label: str, task: str) -> tuple[Examples, Answers, dict[str, int]]:
    """Return the places whose answer can be learnt, their answers, and how many were left out for which reason.

    Raises E-LABEL-ONE when there is but one class or number, E-LABEL-NUMBER when answers are no numbers, and
    E-CORPUS-SMALL when too few places are left.
    """
    raw = examples.frame["answer"]
    numbers = pd.to_numeric(raw, errors="coerce").to_numpy(np.float64)
    good = np.isfinite(numbers)
    if task == "numbers" or (task == "auto" and _looks(raw, numbers, label)):
        if not good.all() and task == "numbers":
            wrong = str(raw[~good].iloc[0])[:60]
            fix = "Choose classes, or leave these rows empty."
            raise StrataError("E-LABEL-NUMBER", f"'{wrong}' in '{label[:60]}' is no number.", fix=fix)
        if len(np.unique(numbers)) < 2:
            raise _one(label, str(raw.iloc[0]))
        return examples, Answers(numbers, ()), {}
    named = np.array([_named(value) for value in raw], dtype=object)
    counts = pd.Series(named).value_counts()
    order = sorted(counts.index, key=lambda name: (-counts[name], name))
    names = tuple(name for name in order if counts[name] >= LEAST)[:MOST]
    if len(names) < 2:
        raise _one(label, str(order[0]), several=len(order) > 1)
    kept = np.flatnonzero(np.isin(named, names))
    if len(kept) < FEWEST:
        raise StrataError(
            "E-CORPUS-SMALL", f"Only {len(kept)} places have a frequent answer.", fix="Ask for more places."
        )
    rare = len(named) - len(kept)
    values = np.array([names.index(name) for name in named[kept]], np.int64)
    left_out = {f"an answer among the {len(order) - len(names)} rarest": rare} if rare else {}
    return examples.take(kept), Answers(values, names), left_out


def _named(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _looks(raw: pd.Series, numbers: np.ndarray, label: str) -> bool:
    known = LABELS.get(label)
    if known:
        return known.number
    return bool(np.isfinite(numbers).all()) and len(np.unique(numbers)) > _DIFFERENT


def _one(label: str, answer: str, *, several: bool = False) -> StrataError:
    why = f"The others have fewer than {LEAST} places each." if several else ""
    what = f"'{label[:60]}' has one answer that is frequent enough: '{answer[:60]}'."
    return StrataError(
        "E-LABEL-ONE", what, why or "A probe tells answers apart.", "Choose another label or more places."
    )


def control(examples: Examples, answers: Answers, seed: int) -> np.ndarray:
    """Return answers that the word alone decides [place]: drawn for each from all answers (Hewitt & Liang, 2019).

    A word's answer is the same in every text and every run of this seed, so that it can be memorised and not inferred.
    """
    sorted_answers = np.sort(answers.values)
    words = examples.frame["word"].tolist()
    point = {word: int(digest_of([str(seed), "control", word])[:13], 16) / 16**13 for word in set(words)}
    at = (np.array([point[word] for word in words]) * len(words)).astype(np.int64)
    found: np.ndarray = sorted_answers[at]
    return found
