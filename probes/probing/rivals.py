"""What needs no model: the largest class, the most frequent answer of a word, and a probe on the words of a text."""

import re
from collections import Counter

import numpy as np

from probes.probing.answers import Answers
from probes.probing.learning import Reading, Task, read_off
from probes.probing.reading import Examples

WORDS = 1000
"""Words that a bag counts: those in most texts."""
_WORD = re.compile(r"\w+|[^\w\s]+")


def commonest(answers: Answers, task: Task) -> np.ndarray:
    """Return what is most frequent in training, or the mean of numbers: [seed, place]."""
    found = []
    for train in task.train:
        own = answers.values[train]
        found.append(own.mean() if answers.numeric else np.bincount(own).argmax())
    return np.repeat(np.array(found)[:, None], len(answers.values), axis=1)


def by_word(examples: Examples, answers: Answers, task: Task) -> np.ndarray:
    """Return each word's own most frequent answer (or mean) in training, and that of all for a new word."""
    words = examples.frame["word"].tolist()
    number: dict[str, int] = {}
    at = np.array([number.setdefault(word, len(number)) for word in words])
    fallback, found = commonest(answers, task), []
    for seed, train in enumerate(task.train):
        if answers.numeric:
            count = np.bincount(at[train], minlength=len(number))
            total = np.bincount(at[train], answers.values[train], len(number))
            said = np.where(count > 0, total / np.maximum(count, 1), fallback[seed, 0])
        else:
            k = len(answers.names)
            table = np.bincount(at[train] * k + answers.values[train], minlength=len(number) * k).reshape(-1, k)
            said = np.where(table.any(1), table.argmax(1), fallback[seed, 0])
        found.append(said[at])
    return np.stack(found)


def bags(examples: Examples, known: np.ndarray) -> np.ndarray:
    """Return float32 [place, word]: log(1 + count) of the words in most `known` places' texts, and the length."""
    counts = [Counter(_WORD.findall(examples.texts[number])) for number in examples.frame["text"]]
    spread = Counter(word for place in np.flatnonzero(known) for word in counts[place])
    index = {word: i for i, (word, _) in enumerate(spread.most_common(WORDS))}
    found = np.zeros((len(counts), len(index) + 1), np.float32)
    for row, count in zip(found, counts, strict=True):
        for word, n in count.items():
            if word in index:
                row[index[word]] = np.log1p(n)
        row[-1] = np.log1p(count.total())
    return found


def lexical(examples: Examples, answers: Answers, task: Task) -> np.ndarray:
    """Return what words alone say [seed, place]: of the text where a text is asked once, else of the place."""
    if not examples.frame["text"].is_unique:
        return by_word(examples, answers, task)
    found: list[Reading] = read_off(task.features(bags(examples, ~task.test)), [answers.values], task)
    return found[0].said
