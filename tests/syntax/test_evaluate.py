"""Predicted trees decoded by hand, and the tables, choices and sentences made of their scores."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from planted import dataset, goal_of, nothing

from probes.stats import bootstrap
from probes.syntax import compare, evaluate, report
from probes.syntax.analysis import CONTROL, RANDOM, TRAINED, SyntaxResult
from probes.syntax.probe import Probe, start
from probes.syntax.scores import score, score_paper
from probes.syntax.series import series_of
from probes.syntax.tables import Extras, Fit, Tables, tables_of
from probes.syntax.tuples import Span, decode
from probes.values import Source

LAYERS = ("0", "1", "2")
SOURCE = Source("m", "r", "w", "float32", "cpu", "c", "d", 0)


def listed(answers: evaluate.Answers, series: int) -> list[list[Span]]:
    """Return the constituents of each snippet, words counted from its own start."""
    found, starts = answers.spans(series), answers.starts
    trees: list[list[Span]] = [[] for _ in starts[:-1]]
    for label, first, last, tree in zip(found.label, found.first, found.last, found.tree, strict=True):
        trees[tree].append(Span(answers.names.labels[label], int(first - starts[tree]), int(last - starts[tree])))
    return trees


def test_predictions_are_those_of_each_snippet_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    data = dataset((30, 4, 40))
    goal = goal_of(data)
    series = series_of([nothing(goal, 9, s) for s in range(3)], goal.starts[:31], recipe="strata", device="cpu")
    begun = start((3, 9, 4), goal.inventory, seed=2, published=True, device="cpu").parameters
    rng = torch.Generator().manual_seed(0)
    probe = Probe(*(torch.randn(p.shape, generator=rng) for p in begun[:5]), *begun[5:])
    monkeypatch.setattr(evaluate, "_WORDS", 200)
    chosen = np.arange(34, 74)  # more than one batch
    answers = evaluate.answers(probe, series, goal, chosen)
    said = [listed(answers, s) for s in range(3)]
    table = evaluate.scores(probe, series, goal, chosen)
    assert table.shape == (3, 40, len(evaluate.METRICS))
    for column, snippet in enumerate(chosen):
        rows, tree = np.arange(*goal.starts[snippet : snippet + 2]), data.snippets[snippet].tree
        truth = decode(tree.distances, tree.constituents, tree.unaries)
        for s in range(3):
            h = (series.arrays[s][rows] - series.center[s]) * series.scale[s]
            z = h.astype(np.float64) @ probe.basis[s].double().numpy()
            step = np.diff(z, axis=0)
            c = step @ probe.constituent[s].double().numpy() + probe.constituent_bias[s].double().numpy()
            u = z @ probe.unary[s].double().numpy() + probe.unary_bias[s].double().numpy()
            named = [goal.inventory.constituents[i] for i in c.argmax(1)]
            mine = decode((step**2).sum(1), named, [goal.inventory.unaries[i] for i in u.argmax(1)])
            assert sorted(said[s][column]) == sorted(mine)
            assert table[s, column, :3] == pytest.approx(score(mine, truth))
            assert table[s, column, 3] == pytest.approx(score_paper(mine, truth).f1)


def test_a_perfect_answer_scores_one_and_needs_every_label() -> None:
    data = dataset((20, 4, 4))
    goal = goal_of(data)
    tree = data.train[0].tree
    rows = slice(*goal.starts[:2])
    parts = goal.distance, np.maximum(goal.constituent, 0), goal.unary
    said = evaluate.judged(tuple(part[None, rows] for part in parts), goal, np.arange(1))
    answer = evaluate.spans(np.concatenate([said.first, said.last, said.constituent, said.unary]), goal.inventory)
    truth = decode(tree.distances, tree.constituents, tree.unaries)
    assert answer == truth
    assert score(answer, truth).f1 == 1
    assert score(answer[1:], truth).f1 < 1


# ---- tables ----------------------------------------------------------------------------------------------------------


def table(means: Sequence[float], *, seeds: int = 2, snippets: int = 12, seed: int = 0) -> np.ndarray:
    """Return [layer, seed, snippet, metric], the metrics of a layer near its mean."""
    noise = np.random.default_rng(seed).normal(0, 0.02, (seeds, snippets, len(evaluate.METRICS)))
    noise -= noise.mean((0, 1))
    return np.array(means)[:, None, None, None] + noise


def made(
    valid: dict[str, np.ndarray], test: dict[str, np.ndarray]
) -> tuple[str, dict[str, tuple[float, float, float]], pd.DataFrame]:
    tables = Tables(valid, test)
    return LAYERS[tables.best()], compare.gains(tables, Extras(), 0), report._scores(LAYERS, tables, 0)


def test_the_best_layer_is_chosen_on_validation_and_reported_on_test() -> None:
    valid = {TRAINED: table([0.3, 0.6, 0.5]), RANDOM: table([0.2, 0.1, 0.3])}
    test = {TRAINED: table([0.3, 0.4, 0.9]), RANDOM: table([0.35, 0.5, 0.25])}
    result = whole(Tables(valid, test))
    assert result.best == "1"  # layer 2 is better on test, but that is not known when choosing
    row = result.row(TRAINED, "1")
    assert row.f1 == pytest.approx(0.4)
    assert row.valid_f1 == pytest.approx(0.6)
    assert result.gain[RANDOM][0] == pytest.approx(0.4 - 0.25)  # the random model too is chosen on validation
    assert result.gain["layer 0"][0] == pytest.approx(0.1)
    assert "F1 0.40" in result.headline()


def whole(tables: Tables | None = None) -> SyntaxResult:
    """Run `report.result` on a little training of nothing."""
    from probes.contract import Progress
    from probes.syntax.analysis import SyntaxSpec
    from probes.syntax.training import Options, train

    data = dataset((6, 2, 12))
    goal = goal_of(data)
    series = series_of([nothing(goal, 5, s) for s in range(6)], goal.starts[:7], recipe="strata", device="cpu")
    trained = train(series, goal, (6, 2), Options(3, 1, 8, 0.01, 5.0, "strata", 0), Progress())

    class Shape:
        layers, depth = LAYERS, 2

    fits = [Fit(TRAINED, goal, series, trained)]
    shape: Any = Shape()
    tables = tables or tables_of(fits, data, 3)
    return report.result(SyntaxSpec(model="m"), data, fits, (tables, Extras()), (shape, SOURCE))


def test_every_series_and_layer_has_its_row() -> None:
    result = whole()
    assert result.frame() is result.scores
    assert list(zip(result.scores.series, result.scores.order, result.scores.layer, strict=True)) == [
        (name, k, label) for name in (TRAINED, RANDOM) for k, label in enumerate(LAYERS)
    ]
    assert ((result.scores.low <= result.scores.f1) & (result.scores.f1 <= result.scores.high)).all()
    for (name, layer), part in result.snippets.groupby(["series", "layer"]):
        assert part.f1.mean() == pytest.approx(result.row(name, layer).f1)
        assert part.snippet.tolist() == list(range(12))
    assert result.sizes == (6, 2, 12)
    assert result.basis.shape == (3, 5, 3)
    assert result.axes.shape == (3, 3, 2)
    assert set(zip(result.validation.series, result.validation.layer, strict=True)) == {
        (name, label) for name in (TRAINED, RANDOM) for label in LAYERS
    }
    with pytest.raises(KeyError, match="control task"):
        result.row(CONTROL, "0")


def test_gains_are_paired() -> None:
    """Snippets differ far more than the two series do on any of them: only a paired interval is narrow."""
    hard = np.linspace(-0.3, 0.3, 12)[None, None, :, None]
    test = {TRAINED: table([0.4, 0.5, 0.4]) + hard, CONTROL: table([0.3, 0.45, 0.3], seed=1) + hard}
    best, gains, scores = made(test, test)
    assert best == "1"
    gain, low, high = gains[CONTROL]
    assert gain == pytest.approx(0.05)
    assert 0 < low < gain < high < 0.1
    row = scores[(scores.series == TRAINED) & (scores.layer == "1")].iloc[0]
    assert row.high - row.low > 3 * (high - low)
    by_hand = bootstrap(test[TRAINED][1, ..., 2] - test[CONTROL][1, ..., 2], seed=0)
    assert (gain, low, high) == pytest.approx(tuple(by_hand))
    assert bootstrap(test[TRAINED][1, ..., 2], seed=0).tolist() == pytest.approx([row.f1, row.low, row.high])


# ---- the sentence ----------------------------------------------------------------------------------------------------


def result(best: int, gain: dict[str, float]) -> SyntaxResult:
    found = whole()
    return replace(found, best=LAYERS[best], gain={name: (g, g - 0.01, g + 0.01) for name, g in gain.items()})


@pytest.mark.parametrize(
    ("gain", "rest"),
    [
        ({}, "."),
        ({CONTROL: 0.27}, ", 0.27 above the control task."),
        ({RANDOM: -0.05}, ", 0.05 below the random-init model."),
        ({CONTROL: 0.27, "layer 0": 0.1}, ", 0.27 above the control task and 0.10 above layer 0."),
        (
            {CONTROL: 0.3, RANDOM: 0.2, "layer 0": -0.1},
            ", 0.30 above the control task, 0.20 above the random-init model and 0.10 below layer 0.",
        ),
    ],
)
def test_the_headline_states_what_was_found(gain: dict[str, float], rest: str) -> None:
    found = result(2, gain)
    row = found.row(TRAINED, "2")
    half = (row.high - row.low) / 2
    assert found.headline() == f"Syntax peaks at layer 2 of 2: F1 {row.f1:.2f} ± {half:.2f}{rest}"


def test_a_best_layer_of_zero_is_not_compared_with_itself() -> None:
    scores = {TRAINED: table([0.6, 0.5, 0.4])}
    best, gains, _ = made(scores, scores)
    assert best == "0"
    assert gains == {}
