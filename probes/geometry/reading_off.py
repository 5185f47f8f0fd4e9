"""What a multinomial logistic probe reads off a representation, each point judged by a probe that never saw its text.

Texts fall into five folds by their content. Columns are standardised by the training points and divided by the root of
their number, so that one penalty means the same at any width; the penalty is chosen on a part of the training texts.
"""

from dataclasses import dataclass

import numpy as np

FOLDS, PARTS = 5, 4
"""Folds that are judged in turn, and parts of the others of which one chooses the penalty."""
PENALTIES = (1.0, 10.0, 100.0)
"""What scikit-learn calls C."""
_STEPS = 300
_RESAMPLES = 1000


@dataclass(frozen=True)
class Judged:
    """Points [point], the class of each as a number, its text, its fold, and where it chooses a penalty."""

    answers: np.ndarray
    text: np.ndarray
    fold: np.ndarray
    part: np.ndarray
    """int [point]: a part of the texts, drawn without regard to the folds; part 0 chooses."""


def said(rows: np.ndarray, at: Judged, dimensions: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the class [point] that a probe of the other folds gives each row [point, width], and C of each fold.

    `dimensions` keeps that many principal axes of the training points; 0 keeps all.
    """
    found, chosen = np.full(len(rows), -1), np.full(FOLDS, np.nan)
    for fold in np.unique(at.fold):
        train, test = at.fold != fold, at.fold == fold
        if not train.any():
            continue
        own = _features(rows, train, dimensions)
        chosen[fold] = _penalty(own, at, train)
        found[test] = _fit(own[train], at.answers[train], chosen[fold]).predict(own[test])
    return found, chosen


def shuffled(rows: np.ndarray, at: Judged, penalties: np.ndarray, seed: int, dimensions: int = 0) -> np.ndarray:
    """Return bool [point]: where a probe of shuffled classes says the class a point was given."""
    answers = np.random.default_rng(seed).permutation(at.answers)
    right = np.zeros(len(rows), bool)
    for fold in np.unique(at.fold):
        train, test = at.fold != fold, at.fold == fold
        if train.any():
            own = _features(rows, train, dimensions)
            right[test] = _fit(own[train], answers[train], penalties[fold]).predict(own[test]) == answers[test]
    return right


def at_best(words: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return bool [point]: where the commonest class of a point's word, over these very points, is right.

    No function of what `words` [point] tells apart is right more often on them.
    """
    found = np.zeros(len(words), bool)
    for word in np.unique(words):
        mine = words == word
        found[mine] = answers[mine] == np.bincount(answers[mine]).argmax()
    return found


def macro_f1(said: np.ndarray, answers: np.ndarray) -> float:
    """Return the mean over the classes of 2 hits / (said + true); a class that is never said or true has 0."""
    classes = np.unique(answers)
    hits = np.array([((said == k) & (answers == k)).sum() for k in classes])
    both = np.array([(said == k).sum() + (answers == k).sum() for k in classes])
    return float((2 * hits / both).mean())


def shares(values: np.ndarray, text: np.ndarray, seed: int) -> np.ndarray:
    """Return [..., 3]: means of values [..., point], and 95 % bounds when whole texts are resampled, all rows alike."""
    known, which = np.unique(text, return_inverse=True)
    weights = np.random.default_rng(seed).multinomial(len(known), np.full(len(known), 1 / len(known)), _RESAMPLES)
    each = weights[:, which] / weights[:, which].sum(1, keepdims=True)
    low, high = np.percentile(values @ each.T, [2.5, 97.5], axis=-1)
    mean = values.mean(-1)
    return np.stack([mean, np.minimum(low, mean), np.maximum(high, mean)], axis=-1)


def _features(rows: np.ndarray, train: np.ndarray, dimensions: int) -> np.ndarray:
    """Return all rows as the training rows make them: on their principal axes if asked for, standardised."""
    rows = rows.astype(np.float64)
    middle = rows[train].mean(0)
    rows = rows - middle
    if 0 < dimensions < rows.shape[1]:
        rows = rows @ np.linalg.svd(rows[train], full_matrices=False)[2][:dimensions].T
    spread = rows[train].std(0)
    rows = np.divide(rows, spread, out=np.zeros_like(rows), where=spread > 1e-12 * (np.abs(middle).max() + 1))
    return rows / np.sqrt(rows.shape[1])


def _penalty(rows: np.ndarray, at: Judged, train: np.ndarray) -> float:
    """Return the C whose probe of the training points outside part 0 is most often right in it, the least of equals."""
    choose, learn = train & (at.part == 0), train & (at.part != 0)
    if not choose.any() or len(np.unique(at.answers[learn])) < 2:
        return PENALTIES[0]
    right = [(_fit(rows[learn], at.answers[learn], c).predict(rows[choose]) == at.answers[choose]).mean()
             for c in PENALTIES]  # fmt: skip
    return PENALTIES[int(np.argmax(right))]


def _fit(rows: np.ndarray, answers: np.ndarray, penalty: float) -> "_Probe":
    from sklearn.linear_model import LogisticRegression  # on use: half a second

    only = np.unique(answers)
    if len(only) == 1:
        return _Probe(int(only[0]), None)
    return _Probe(-1, LogisticRegression(C=penalty, max_iter=_STEPS, tol=1e-3).fit(rows, answers))


@dataclass(frozen=True)
class _Probe:
    """A fitted probe, or the one class there was to learn."""

    only: int
    fit: "object | None"

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Return the class of each row."""
        if self.fit is None:
            return np.full(len(rows), self.only)
        found: np.ndarray = self.fit.predict(rows)  # type: ignore[attr-defined]
        return found
