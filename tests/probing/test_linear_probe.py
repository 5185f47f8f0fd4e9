"""Many logistic regressions at once are what scikit-learn finds one at a time; the other probes keep their promises."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge

from probes.errors import StrataError
from probes.probing import linear, others
from probes.probing.learning import learnt
from probes.probing.problems import Problems, standardised


def planted(n: int = 240, width: int = 7, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(n, width)) * np.geomspace(5, 0.1, width)
    return rows, (rows @ draw.normal(size=(width, classes)) + draw.gumbel(size=(n, classes))).argmax(1)


def masks(n: int) -> np.ndarray:
    draw = np.random.default_rng(1)
    return np.stack([draw.permutation(n) < 160 for _ in range(2)])


@pytest.mark.parametrize("classes", [2, 3])
def test_every_problem_of_a_batch_has_the_weights_that_scikit_learn_finds_alone(classes: int) -> None:
    rows, answers = planted(classes=classes)
    problems = Problems.crossed([answers, answers[::-1].copy()], masks(len(rows)), classes, (1e-3, 0.1))
    wide = standardised(rows, np.ones(len(rows), bool), torch.float64)
    found = linear.fit(wide, problems, tolerance=1e-12)
    for i in range(len(problems)):
        own = problems.weight[i] > 0
        # scikit-learn has one column for two classes: ours share it between two, w / 2 and -w / 2, at half the penalty
        held = problems.penalty[i] / (2 if classes == 2 else 1)
        alone = LogisticRegression(C=1 / (held * own.sum()), tol=1e-10, max_iter=5000)
        alone.fit(wide.numpy()[own], problems.answers[i][own])
        theirs = alone.coef_.T if classes > 2 else alone.coef_.T * np.array([-0.5, 0.5])
        np.testing.assert_allclose(found[:-1, i].numpy(), theirs, atol=1e-3)
        said = linear.outputs(wide, found)[:, i].argmax(-1).numpy()
        assert abs((said == alone.predict(wide.numpy())).mean() - 1) < 1e-2


def test_at_the_minimum_no_gradient_is_left() -> None:
    rows, answers = planted(classes=2)
    problems = Problems.crossed([answers], masks(len(rows)), 2, (1e-3, 1.0))
    wide = standardised(rows, np.ones(len(rows), bool), torch.float64)
    weights = linear.fit(wide, problems, tolerance=1e-12).requires_grad_(True)
    nats = torch.log_softmax(linear.outputs(wide, weights), -1)[torch.arange(len(rows)), :, torch.from_numpy(answers)]
    loss = -(nats.T * torch.from_numpy(problems.shares())).sum(1)
    loss = loss + torch.from_numpy(problems.penalty) / 2 * weights[:-1].square().sum((0, 2))
    (left,) = torch.autograd.grad(loss.sum(), weights)
    assert float(left.abs().max()) < 1e-5


def test_a_row_that_a_problem_must_not_see_changes_nothing() -> None:
    rows, answers = planted()
    problems = Problems.crossed([answers], masks(len(rows))[:1], 3, (0.01,))
    other = answers.copy()
    hidden = problems.weight[0] == 0
    other[hidden] = (other[hidden] + 1) % 3
    wide = torch.from_numpy(rows).float()
    changed = Problems(other[None], problems.weight, problems.penalty, 3)
    assert torch.equal(linear.fit(wide, problems), linear.fit(wide, changed))


def test_ridge_is_what_scikit_learn_solves() -> None:
    rows, _ = planted()
    target = rows @ np.arange(7.0) + 3
    problems = Problems.crossed([target], masks(len(rows)), 0, (1e-3, 0.3))
    said = others.ridge(torch.from_numpy(rows), problems)
    for i in range(len(problems)):
        own = problems.weight[i] > 0
        alone = Ridge(alpha=problems.penalty[i] * own.sum()).fit(rows[own], target[own])
        np.testing.assert_allclose(said[:, i, 0].numpy(), alone.predict(rows), rtol=1e-6)


def test_the_nearest_mean_is_the_nearest_mean() -> None:
    rows, answers = planted()
    problems = Problems.crossed([answers], masks(len(rows))[:1], 3, (0.1, 1.0))
    said = others.centroid(torch.from_numpy(rows), problems).argmax(-1).numpy()
    own = problems.weight[0] > 0
    means = np.stack([rows[own & (answers == k)].mean(0) for k in range(3)])
    near = np.square(rows[:, None] - means).sum(-1).argmin(1)
    assert (said == near[:, None]).all()


def test_one_hidden_layer_learns_what_no_line_can() -> None:
    rows = np.random.default_rng(0).choice([-1.0, 1.0], size=(400, 2)) + 0.1
    answers = (rows[:, 0] * rows[:, 1] > 0).astype(np.int64)
    problems = Problems.crossed([answers], np.ones((1, 400), bool), 2, (1e-4,))
    wide = torch.from_numpy(rows).float()
    score = {
        kind: (learnt(wide, problems, kind, 0)[:, 0].argmax(-1).numpy() == answers).mean() for kind in ("mlp", "linear")
    }
    assert score["mlp"] > 0.95
    assert score["linear"] < 0.8


def test_a_constant_feature_is_no_feature() -> None:
    rows, _ = planted()
    rows[:, 2] = 1e6
    wide = standardised(rows, np.ones(len(rows), bool))
    assert float(wide[:, 2].abs().max()) == 0
    assert torch.isfinite(wide).all()


def test_numbers_have_no_nearest_mean() -> None:
    problems = Problems.crossed([np.arange(9.0)], np.ones((1, 9), bool), 0)
    with pytest.raises(StrataError, match="E-PROBE-NUMBER"):
        learnt(torch.zeros(9, 2), problems, "centroid", 0)
