"""Figures of lens and patching: hostile tokens are seen and not drawn as they are, what is too much is said."""

from types import SimpleNamespace
from typing import Any

import pandas as pd

from probes.figures import ablation, lens, patching

HOSTILE = ["\u202e", "<b>", "\x00", " a"]


def lens_result(tokens: list[str]) -> Any:
    rows = [
        (order, str(order), "after the final norm", i, token, token, 0.5, 1.0, 0.2, token, 3.0, 0.1, 9.0)
        for order in range(3)
        for i, token in enumerate(tokens)
    ]
    names = ["order", "layer", "reading", "position", "token", "top", "probability", "entropy", "kl", "truth", "rank"]
    cells = pd.DataFrame(rows, columns=[*names, "truth_p", "shuffled"])
    tops = cells[["layer", "reading", "position", "top", "probability"]].assign(place=1, id=7)
    settled = cells[cells["order"] == 2][["position", "token", "top", "truth", "order", "layer"]].assign(right=True)
    return SimpleNamespace(
        cells=cells, tops=tops, settled=settled.reset_index(drop=True), depth=2, task="next", headline=lambda: "H."
    )


def texts(chart: Any) -> tuple[dict[str, Any], str]:
    spec = chart.to_dict()
    return spec, str(spec["datasets"])


def test_tokens_are_spelt_out_in_every_figure_of_the_lens() -> None:
    result = lens_result(HOSTILE)
    for draw in (lens.what_each_layer_says, lens.rank_of_the_truth, lens.where_it_settles):
        _, drawn = texts(draw(result))
        assert "\u202e" not in drawn
        assert "\\x00" not in drawn
        assert "‹U+202E›" in drawn
        assert "␣a" in drawn


def test_a_long_text_is_cut_and_said_to_be() -> None:
    spec, _ = texts(lens.what_each_layer_says(lens_result([f"t{i}" for i in range(60)])))
    assert spec["title"]["subtitle"] == ["what comes after each token; the first 22 of 60"]
    drawn = [row for rows in spec["datasets"].values() for row in rows]
    assert {row["position"] for row in drawn} == set(range(22))
    result = lens_result(["a", "b"])
    result.cells["rank"] = float("nan")
    assert "No true token" in str(lens.rank_of_the_truth(result).to_dict())


def test_heat_maps_of_heads_stand_below_each_other_where_they_are_too_wide() -> None:
    for heads, how in ((4, "hconcat"), (12, "vconcat")):
        rows = [(1, "1", f"head {i}", way, 0.1, 0.0, 0.2, 3.0) for way in ablation.LOOKS for i in range(heads)]
        changes = pd.DataFrame(rows, columns=["order", "layer", "part", "way", "change", "low", "high", "loss"])
        result: Any = SimpleNamespace(site="heads", changes=changes, base=3.0, headline=lambda: "H.")
        assert len(ablation.loss_by_part(result).to_dict()[how]) == 3


def test_patches_share_their_colours_with_their_control_or_say_there_is_none() -> None:
    rows = [
        (order, str(order), i, token, token, patch, 1.0, value)
        for patch, value in (("this token", 0.9), ("its neighbour", -1.7))
        for order in range(3)
        for i, token in enumerate(HOSTILE)
    ]
    names = ["order", "layer", "position", "token", "given", "patch", "value", "recovered"]
    cells = pd.DataFrame(rows, columns=names).assign(head=-1)
    values = {"without": 0.0, "full": 1.0}
    result = SimpleNamespace(
        cells=cells,
        values=values,
        metric="kl",
        answers=(" a", "\u202e"),
        depth=2,
        headline=lambda: "H.",
        site="residual",
    )
    domains = set()
    for draw in (patching.patches, patching.wrong_tokens):
        spec, drawn = texts(draw(result))
        domains.add(tuple(spec["layer"][0]["encoding"]["color"]["scale"]["domain"]))
        assert "\u202e" not in drawn + str(spec["title"])
        assert len(next(iter(spec["datasets"].values()))) == 12
    assert domains == {(-1.7, 1.7)}
    result.cells = cells[cells["patch"] == "this token"]
    assert "asked for no control" in str(patching.wrong_tokens(result).to_dict())


def test_heads_are_columns_of_their_own_grid_and_blocks_its_rows() -> None:
    names = ["order", "layer", "head", "position", "token", "given", "patch", "value", "recovered"]
    rows = [(o, str(o), k, -1, "", "", "this token", 1.0, 0.1 * k) for o in (1, 2) for k in range(12)]
    values = {"without": 0.0, "full": 1.0}
    result: Any = SimpleNamespace(
        cells=pd.DataFrame(rows, columns=names), values=values, metric="rank", answers=("a", "b"), depth=2
    )
    result.headline, result.site = lambda: "H.", "heads"
    spec, _ = texts(patching.patches(result))
    across, down = (spec["layer"][0]["encoding"][axis] for axis in "xy")
    assert (across["title"], across["sort"]) == ("head", [str(k) for k in range(12)])
    assert down["sort"] == ["2", "1"]
    assert len(next(iter(spec["datasets"].values()))) == 24
