"""The self-check, the size and the cut text are drawn true to their numbers, whatever a model or a text is called."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from probes import export
from probes.checkup import ModelResult, ModelSpec, SizeSpec, TokensSpec
from probes.checkup import model as model_room
from probes.checkup import size as size_room
from probes.checkup import tokens as tokens_room
from probes.contract import Progress
from probes.figures import checkup, tokens

HOSTILE = "<script>alert(1)</script> \u202egnp \x00 \x1b[31m $x$ :red[y] `c` \ufeff"


def rows(chart: Any) -> list[dict[str, Any]]:
    """Return the rows of every data set of a chart."""
    spec = json.loads(json.dumps(chart.to_dict()))
    return [row for data in spec["datasets"].values() for row in data]


@pytest.fixture(scope="module")
def checked(tiny_bert: Path) -> ModelResult:
    return model_room.run(ModelSpec(model=str(tiny_bert)), Progress())


def changed(result: ModelResult, **columns: Any) -> ModelResult:
    values = {name: getattr(result, name) for name in ModelResult.__dataclass_fields__}
    return ModelResult(**{**values, "checks": result.checks.assign(**columns)})


def test_every_measured_check_is_a_point_under_its_tolerance(checked: ModelResult) -> None:
    points = [row for row in rows(checkup.differences(checked)) if "series" in row and "shown" in row]
    measured = checked.checks[checked.checks["limit"] > 0]
    drawn = {row["check"]: row for row in points}
    assert list(drawn) == [name.removeprefix("layer ") for name in measured["name"]]
    for row in measured.itertuples():
        point = drawn[row.name.removeprefix("layer ")]
        assert point["difference"] == row.difference
        assert point["series"] == (checkup.EQUAL if row.difference == 0 else checkup.MEASURED)
        assert point["shown"] > 0  # a log axis has no zero


def test_what_is_beyond_the_tolerance_is_marked(checked: ModelResult) -> None:
    worse = changed(checked, difference=1.0, passed=False)
    points = [row for row in rows(checkup.differences(worse)) if "shown" in row]
    assert {row["series"] for row in points if "detail" in row} == {checkup.BEYOND}
    scale = checkup.differences(worse).to_dict()["layer"][0]["encoding"]["y"]["scale"]
    assert scale["domain"][0] < 1.0 < scale["domain"][1]


@pytest.mark.parametrize("difference", [np.inf, np.nan])
def test_a_difference_that_is_no_number_is_not_drawn(checked: ModelResult, difference: float) -> None:
    drawn = json.dumps(checkup.differences(changed(checked, difference=difference)).to_dict())
    assert "Nothing was measured" in drawn


def test_a_model_without_numbers_has_a_message(checked: ModelResult) -> None:
    assert "Nothing was measured" in json.dumps(checkup.differences(changed(checked, limit=0.0)).to_dict())


def test_a_deep_model_keeps_its_axis_readable(checked: ModelResult) -> None:
    deep = pd.DataFrame({"name": [f"layer {i}" for i in range(81)], "passed": True, "detail": "", "warning": False})
    result = changed(checked)
    object.__setattr__(result, "checks", deep.assign(difference=1e-7, limit=1e-5))
    axis = checkup.differences(result).to_dict()["layer"][0]["encoding"]["x"]["axis"]
    assert len(axis["values"]) <= 16


def test_the_bars_add_up(tiny_bert: Path) -> None:
    result = size_room.run(SizeSpec(model=str(tiny_bert)), Progress())
    drawn = rows(checkup.memory_by_precision(result))
    for row in result.needs.itertuples():
        parts = [d["size"] for d in drawn if d["precision"] == row.precision and "part" in d]
        assert sum(parts) == pytest.approx(row.gib)


# ---- tokens ----------------------------------------------------------------------------------------------------------


def boxes(folder: Path, text: str) -> list[dict[str, Any]]:
    result = tokens_room.run(TokensSpec(model=str(folder), text=text), Progress())
    return [row for row in rows(tokens.pieces(result)) if "bytes" in row]


def test_boxes_follow_one_another_and_never_overlap(tiny_gpt2: Path) -> None:
    drawn = boxes(tiny_gpt2, "def total(values): return sum(values) " * 12)  # one line, wrapped
    for one, two in zip(drawn, drawn[1:], strict=False):
        assert (two["line"], two["left"]) > (one["line"], one["left"])
        if one["line"] == two["line"]:
            assert two["left"] >= one["right"]
    assert max(row["right"] for row in drawn) <= tokens.LINE + 2
    assert drawn[-1]["line"] >= 5


def test_a_line_of_the_text_is_a_line_of_boxes(tiny_gpt2: Path) -> None:
    drawn = boxes(tiny_gpt2, "a\nb\nc")
    assert [row["line"] for row in drawn if row["shown"] in "abc"] == [0, 1, 2]


def test_tints_change_from_word_to_word(tiny_gpt2: Path) -> None:
    drawn = boxes(tiny_gpt2, "qqq zzz")
    kinds = [row["part of"] for row in drawn if row["covers"].strip("␣")]
    first, second = kinds[: len(kinds) // 2], kinds[len(kinds) // 2 :]
    assert set(first) == {"one word"}
    assert set(second) == {"the next word"}


def test_at_most_500_tokens_are_drawn_and_the_rest_is_said(tiny_bert: Path) -> None:
    result = tokens_room.run(TokensSpec(model=str(tiny_bert), text="value " * 700), Progress())
    spec = tokens.pieces(result).to_dict()
    assert spec["title"]["subtitle"][-1] == "the first 500 of 702 tokens"
    assert len([row for row in rows(tokens.pieces(result)) if "bytes" in row]) == tokens.MOST


@pytest.mark.parametrize("name", ["tiny_bert", "tiny_gpt2", "tiny_t5"])
def test_hostile_text_is_drawn_as_signs(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(name)
    drawn = boxes(folder, HOSTILE)
    for row in drawn:
        for field in ("shown", "token", "covers"):
            assert not any(character in row[field] for character in "\u202e\x00\x1b\ufeff\n"), row
    svg = export.figure_bytes(
        tokens.pieces(tokens_room.run(TokensSpec(model=str(folder), text=HOSTILE), Progress())), "svg"
    )
    assert b"<script" not in svg
    assert b"\xe2\x80\xae" not in svg


def test_parts_of_a_letter_are_drawn_as_their_bytes(tiny_gpt2: Path) -> None:
    assert [row["shown"] for row in boxes(tiny_gpt2, "🙂")] == ["f0", "9f", "99", "82"]


def test_wide_letters_take_two_places(tiny_t5: Path) -> None:
    assert tokens._wide("面积") == 4
    assert tokens._wide("ab") == 2


def test_a_very_long_token_is_cut(tiny_bert: Path) -> None:
    assert max(len(row["shown"]) for row in boxes(tiny_bert, "x" * 300)) <= tokens.LONGEST


def test_no_token_at_all_has_a_message(tiny_gpt2: Path) -> None:
    result = tokens_room.run(TokensSpec(model=str(tiny_gpt2), text=""), Progress())
    assert "gives no token" in json.dumps(tokens.pieces(result).to_dict())
