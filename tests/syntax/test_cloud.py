"""Constituents in the plane of the subspace: planted steps come apart by label, and layers can be followed."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from probes.linalg import turned_onto
from probes.syntax.cloud import COLUMNS, LABELS, cloud
from probes.syntax.dataset import Snippet
from probes.syntax.probe import start
from probes.syntax.series import Series
from probes.syntax.targets import inventory_of, targets
from probes.syntax.tuples import encode

CODE = "def f(a, b):\n    return g(a + b, a * b)\n"


def fitted(layers: int = 3, *, published: bool = False) -> tuple[Any, Any]:
    """Return a fit whose words are where their labels put them, and the data; layers are turns of the first."""
    pieces = [Snippet(encode(CODE, "python"), CODE, np.zeros((0, 2)), f"m.py:{i}") for i in range(6)]
    trees = [piece.tree for piece in pieces]
    goal = targets(trees, inventory_of(trees))
    draw = np.random.default_rng(0)
    width, rank = 8, 6
    towards = np.linalg.qr(draw.normal(size=(width, width))).Q[: len(goal.inventory.constituents)] * 3
    words = np.zeros((int(goal.starts[-1]), width))
    for gap in range(len(words) - 1):  # each step is its label's direction, and a little noise
        words[gap + 1] = words[gap] + towards[goal.constituent[gap]] + 0.02 * draw.normal(size=width)
    turns = [np.linalg.qr(draw.normal(size=(width, width))).Q for _ in range(layers)]
    arrays = tuple((words @ turn).astype(np.float32) for turn in turns)
    data = Series(arrays, np.zeros((layers, width), np.float32), np.ones(layers, np.float32), "cpu")
    probe = start((layers, width, rank), goal.inventory, seed=0, published=published, device="cpu")
    full = torch.eye(width)[:, :rank].expand(layers, -1, -1)
    probe.basis.copy_(torch.stack([torch.from_numpy(turn.T).float() @ full[0] for turn in turns]))
    fit: Any = SimpleNamespace(goal=goal, data=data, trained=SimpleNamespace(probe=probe))
    return fit, SimpleNamespace(test=pieces[2:])


def test_labels_come_apart_and_layers_that_are_turns_of_each_other_are_one_picture() -> None:
    fit, data = fitted()
    table = cloud(fit, ["0", "1", "2"], data, seed=0)
    assert list(table) == COLUMNS
    points = table[table["kind"] == "constituent"]
    frames = [frame[["x", "y"]].to_numpy() for _, frame in points.groupby("order")]
    assert np.sqrt(np.square(frames[0]).sum(1).mean()) == pytest.approx(1)
    for frame in frames[1:]:
        assert frame == pytest.approx(frames[0], abs=0.05)
    assert points["label"].nunique() <= LABELS
    assert set(points["origin"]) == {f"m.py:{i}" for i in range(2, 6)}  # test functions alone
    whole = points[points["label"] == "function_definition"]["text"]
    assert set(whole) == {"def f ( a , b ) : return g ( a + b , a * b )"}
    spread = points[points["order"] == 0].groupby("label")[["x", "y"]].std().max().max()
    assert spread < 0.1


def test_a_label_points_where_its_read_out_grows_along_a_step() -> None:
    fit, data = fitted(1)
    probe, rank = fit.trained.probe, 6
    labels = list(fit.goal.inventory.constituents)
    steps = {}
    for label in ("call", "return_statement"):
        gaps = np.flatnonzero(fit.goal.constituent == labels.index(next(c for c in labels if c.endswith(label))))
        words = torch.from_numpy(fit.data.arrays[0])
        steps[label] = ((words[gaps + 1] - words[gaps]) @ probe.basis[0]).mean(0)
        which = labels.index(next(c for c in labels if c.endswith(label)))
        probe.constituent[0, :rank, which] = -steps[label]
        probe.constituent[0, rank : 2 * rank, which] = steps[label]
    table = cloud(fit, ["0"], data, seed=0).set_index("kind")
    for label in steps:
        if label not in set(table["label"]):
            continue
        arrow = table.loc["label"].set_index("label").loc[label, ["x", "y"]].to_numpy(float)
        points = table.loc["constituent"]
        middle = points[["x", "y"]].to_numpy(float).mean(0)
        mine = points[points["label"] == label][["x", "y"]].to_numpy(float).mean(0) - middle
        others = points[points["label"] != label][["x", "y"]].to_numpy(float).mean(0) - middle
        assert arrow @ mine > arrow @ others


def test_functions_without_a_labelled_split_give_no_cloud() -> None:
    fit, data = fitted(1)
    fit.goal.constituent[:] = -1
    table = cloud(fit, ["0"], data, seed=0)
    assert table.empty
    assert list(table) == COLUMNS


def test_turned_onto_undoes_a_turn_and_a_reflection() -> None:
    draw = np.random.default_rng(1)
    rows = draw.normal(size=(30, 3))
    turn = np.linalg.qr(draw.normal(size=(3, 3))).Q * [1, 1, -1]
    assert rows @ turn @ turned_onto(rows @ turn, rows) == pytest.approx(rows)
