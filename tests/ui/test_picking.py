"""What a box, a lasso or a click picks of a map's points."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from probes.ui.picking import inside, picked

SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2]]
STAR = [[np.sin(4 * np.pi * k / 5), np.cos(4 * np.pi * k / 5)] for k in range(5)]


def test_a_lasso_holds_what_lies_inside_by_the_even_odd_rule() -> None:
    xy = np.random.default_rng(0).uniform(-1, 3, (2000, 2)).astype(np.float32)
    box = inside(xy, "rect", [[2, 0], [0, 2]])
    assert box.tolist() == ((xy >= 0) & (xy <= 2)).all(1).tolist()
    assert inside(xy, "polygon", SQUARE).tolist() == box.tolist()
    notched = [*SQUARE, [1, 1]]  # a bite from the left side
    bitten = (xy[:, 0] < 1) & (np.abs(xy[:, 1] - 1) < 1 - xy[:, 0])
    assert inside(xy, "polygon", notched).tolist() == (box & ~bitten).tolist()
    assert not inside(xy, "polygon", SQUARE[:2]).any()
    # the middle of a star whose line crosses itself is outside, its arms are inside
    assert inside(np.array([[0.0, 0.0], [0.0, 0.8]]), "polygon", STAR).tolist() == [False, True]


@pytest.mark.parametrize("kind", ["kind", "other"])
def test_a_box_picks_the_same_points_whatever_colours_them(kind: str) -> None:
    result, look = _map(), ("1", kind, "")
    area = {"brush_type": "rect", "coord_range": [[2.5, 5.5], [-1, 1]]}
    far = {"brush_type": "polygon", "coord_range": [[8.5, -1], [10, -1], [10, 1], [8.5, 1]]}
    assert picked(result, _state([area, far], []), look) == [3, 4, 5, 9]
    assert picked(result, _state([], []), look) == []
    assert picked(result, None, look) == []


def test_a_click_picks_the_point_of_its_series() -> None:
    result = _map()
    clicked = [{"series_index": 1, "data_indices": [0, 99]}, {"series_index": 7, "data_indices": [0]}]
    # series 1 holds the odd points, in their order
    assert picked(result, _state([], clicked), ("1", "kind", "")) == [1]


def _map() -> Any:
    points = pd.DataFrame({"kind": [f"k{i % 2}" for i in range(10)], "other": "one"})
    xy = np.stack([np.full((10, 2), 99.0), np.stack([np.arange(10.0), np.zeros(10)], axis=1)])
    return SimpleNamespace(points=points, xy=xy, layers=("0", "1"), best="1", count=10)


def _state(areas: list[dict[str, Any]], selected: list[dict[str, Any]]) -> Any:
    return SimpleNamespace(selection=SimpleNamespace(areas=areas, selected=selected))
