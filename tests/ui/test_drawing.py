"""How a figure's height on a page is decided."""

from typing import Any

import pytest

from probes.ui.drawing import tall

TALL = {"type": "fit-x", "contains": "padding"}
VIEW: dict[str, Any] = {"mark": "point", "height": 300, "title": "A title"}


@pytest.mark.parametrize("spec", [VIEW, {"layer": [VIEW], "title": "A title"}])
def test_one_view_with_a_title_keeps_the_height_of_its_rows(spec: dict[str, Any]) -> None:
    assert tall(spec) == {**spec, "autosize": TALL}


@pytest.mark.parametrize(
    "spec",
    [
        {"mark": "point", "height": 300},
        {**VIEW, "autosize": "pad"},
        {"hconcat": [VIEW], "title": "A title"},
        {**VIEW, "encoding": {"row": {"field": "a"}}},
        {"facet": {"field": "a"}, "spec": VIEW, "title": "A title"},
    ],
)
def test_any_other_figure_is_as_it_was(spec: dict[str, Any]) -> None:
    assert tall(spec) == spec
