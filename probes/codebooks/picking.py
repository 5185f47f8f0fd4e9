"""Which label does a code pick out? The code with the best F1 on the tokens fitted to, judged on those held out.

Beside it stand what the best single word does, chosen alike, and what calling every token by the label does: a code
that is no better than a word says nothing that the text does not say itself.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from probes.codebooks.measures import ratio
from probes.stats import bootstrap

LEAST = 10
"""Tokens of a label on either side; of rarer ones nothing is said."""
KINDS = {"label": str, "support": int, "book": int, "code": int, "precision": float, "recall": float, "f1": float}
KINDS |= {"low": float, "high": float, "fit_f1": float, "word": str, "word_f1": float, "always": float}
"""Columns and their types."""


@dataclass(frozen=True)
class Marked:
    """Tokens with what is compared: their labels, their words, their codes, the text each is from."""

    label: np.ndarray
    word: np.ndarray
    ids: np.ndarray
    """[token, book, slot]: the codes that fire, -1 in slots without."""
    text: np.ndarray


Sides = tuple[Marked, Marked]
"""Fitted tokens and held-out ones."""
Names = tuple[list[str], list[str]]
"""What labels and words are called."""


def sides(tokens: pd.DataFrame, ids: np.ndarray) -> tuple[Sides, Names]:
    """Return what is compared on either side, from the tokens of a run and the codes that fire [token, book, slot]."""
    label, labels = pd.factorize(tokens["label"].to_numpy(object))
    word, words = pd.factorize(tokens["token"].to_numpy(object))
    text, cut = tokens["text"].to_numpy(), int((~tokens["held_out"]).sum())
    first, second = (Marked(label[s], word[s], ids[s], text[s]) for s in (slice(0, cut), slice(cut, None)))
    return (first, second), (list(map(str, labels)), list(map(str, words)))


def table(fitted: Marked, held_out: Marked, names: Names, *, seed: int) -> pd.DataFrame:
    """Return one row a label, the most frequent first; `names` are those of labels and of words."""
    labels, words = names
    often = np.bincount(held_out.label, minlength=len(labels))
    enough = np.minimum(often, np.bincount(fitted.label, minlength=len(labels))) >= LEAST
    by_code = [_f1(fitted.label, fitted.ids[:, book], len(labels)) for book in range(fitted.ids.shape[1])]
    by_word = _f1(fitted.label, fitted.word[:, None], len(labels))
    rows = []
    for label in sorted(np.flatnonzero(enough).tolist(), key=lambda i: (-often[i], labels[i])):
        tops = [(float(f1[label].max()), -book) for book, f1 in enumerate(by_code)]
        fit_f1, book = max(tops)[0], -max(tops)[1]
        code, word = int(by_code[book][label].argmax()), int(by_word[label].argmax())
        true, fires = held_out.label == label, (held_out.ids[:, book] == code).any(1)
        share = float(true.mean())
        row = (labels[label], int(true.sum()), book, code, *agreement(true, fires, held_out.text, seed=seed))
        alone = _values(true, held_out.word == word, held_out.text).mean()
        rows.append((*row, fit_f1, words[word], float(alone), 2 * share / (1 + share)))
    return pd.DataFrame(rows, columns=list(KINDS)).astype(KINDS)


def agreement(
    true: np.ndarray, fires: np.ndarray, text: np.ndarray, *, seed: int
) -> tuple[float, float, float, float, float]:
    """Return precision, recall, F1 and its interval over texts, of marks that fire [token] for what is true [token]."""
    hits = int((true & fires).sum())
    values = _values(true, fires, text)
    f1, low, high = bootstrap(values[None], seed=seed).clip(0, 1).tolist()  # a linearised share may leave its range
    return hits / max(int(fires.sum()), 1), hits / max(int(true.sum()), 1), f1, low, high


def _f1(label: np.ndarray, mark: np.ndarray, labels: int) -> np.ndarray:
    """Return [label, mark]: F1 of taking a mark (a code, a word) for a label; `mark` [token, slot] may be none (-1)."""
    row, slot = np.nonzero(mark >= 0)
    marks = int(mark.max(initial=0)) + 1
    pairs = label[row].astype(np.int64) * marks + mark[row, slot]
    both = np.bincount(pairs, minlength=labels * marks).reshape(labels, marks)
    often = np.bincount(label, minlength=labels)[:, None]
    return 2 * both / np.maximum(often + both.sum(0, keepdims=True), 1)


def _values(true: np.ndarray, fires: np.ndarray, text: np.ndarray) -> np.ndarray:
    """Return [text]: values whose mean is F1, 2 hits / (true + fired), and which can be resampled text by text."""
    _, number = np.unique(text, return_inverse=True)
    top = np.bincount(number, 2.0 * (true & fires))
    return ratio(top, np.bincount(number, true.astype(float) + fires))
