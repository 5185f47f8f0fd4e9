"""Two maps beside each other: points are matched by what they are, and those picked in one are ringed in the other."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from probes.ui.beside import matched, rings


def test_points_are_matched_by_what_they_are_and_where_they_stand() -> None:
    names = [f"w{i % 7}" for i in range(30)]
    points = pd.DataFrame({"origin": "a.py:1", "place": range(30), "before": "(", "word": names, "after": ")"})
    order = np.random.default_rng(0).permutation(30)[:20]
    some = points.iloc[order].reset_index(drop=True)
    assert matched(_map(points), _map(some)).tolist() == order.tolist()
    assert (matched(_map(points), _map(some.assign(place=range(100, 120)))) == -1).all()


def _map(points: pd.DataFrame) -> Any:
    return SimpleNamespace(points=points)


def test_rings_follow_the_numbers_and_of_many_an_even_choice_is_drawn() -> None:
    numbers = np.array([4, -1, 2, 0])
    assert rings(numbers, [0, 4, 7]) == [0, 3]
    assert rings(numbers, []) == []
    assert len(rings(np.arange(2000), range(2000))) == 500
