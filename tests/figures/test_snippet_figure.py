from dataclasses import replace

import numpy as np
import pytest
from fakes import LONGER, add, parsed, snippet_of
from marks import checked, text, units

from probes.figures.snippet import snippet


def test_a_short_snippet_has_its_views_side_by_side_within_the_page() -> None:
    spec = checked(snippet(add()))
    assert len(spec["hconcat"]) == 2
    assert sum(view["width"] for view in spec["hconcat"]) <= 720  # and about 80 px of axis between them


def test_a_longer_one_has_them_below_one_another_within_the_page() -> None:
    spec = checked(snippet(parsed(LONGER)))
    assert [view["width"] for view in spec["vconcat"]] == [760, 560]


@pytest.mark.parametrize("code", ["def add(a, b): return a + b", LONGER])
def test_one_selection_is_shared_by_named_views_that_exist(code: str) -> None:
    spec = checked(snippet(parsed(code)))
    (param,) = spec["params"]
    assert param["name"] == "hover"
    assert set(param["views"]) <= {view.get("name") for view, _ in units(spec)}
    assert len(param["views"]) == 2


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_words_for_a_subspace_leave_the_trees(n: int) -> None:
    spec = checked(snippet(snippet_of(["pass"] * n, ["keyword"] * n, ("module", [0]) if n else None, None)))
    assert "hconcat" not in spec
    assert "vconcat" not in spec


def test_words_without_a_place_leave_the_trees() -> None:
    result = add()
    spec = checked(snippet(replace(result, words=result.words.assign(x=np.nan))))
    assert "Gold tree above" in text(spec)
    assert "hconcat" not in spec
