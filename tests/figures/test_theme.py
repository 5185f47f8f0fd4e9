import re

import altair as alt
import pandas as pd
import pytest
import vl_convert
from marks import checked, text

from probes.figures import dress, theme


def luminance(colour: str) -> float:
    """WCAG 2 relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_ink_follows_the_background_and_is_readable_on_both() -> None:
    dark, light = theme.INK.expr.split("'")[1], theme.INK.expr.split("'")[3]
    assert contrast(dark, "#0e1117") > 7
    assert contrast(light, "#ffffff") > 7


def test_series_colours_are_seen_on_light_and_dark() -> None:
    for colour in (dress.BLUE, dress.VERMILLION, dress.GREEN, dress.GREY):
        assert contrast(colour, "#ffffff") > 3
        assert contrast(colour, "#0e1117") > 3


def test_kinds_of_word_differ_in_colour_and_in_shape() -> None:
    colours, shapes = zip(*dress.CATEGORIES.values(), strict=True)
    assert len(set(colours)) == len(set(shapes)) == len(dress.CATEGORIES) == 5


def test_the_screen_fixes_no_background_and_no_font_and_paper_fixes_both() -> None:
    screen, paper = dress.screen(), dress.paper()
    assert not {"background", "font"} & set(screen)
    assert paper["background"] == "white"
    assert paper["font"].count(",") >= 2  # fallbacks: a missing family alone would print no text


def test_the_theme_is_offered_and_not_imposed() -> None:
    assert alt.theme.active != "strata"
    with alt.theme.enable("strata"):
        assert alt.Chart().mark_point().to_dict()["config"]["style"]["word"] == {"fontSize": 11}


def test_dressing_leaves_the_chart_as_it_was() -> None:
    bare = alt.Chart().mark_point()
    assert "style" in theme.dressed(bare).to_dict()["config"]
    assert bare.config is alt.Undefined


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.02, 8.2], [0, 0.1, 0.3, 1, 3, 10]),
        ([0.01, 0.05], [0, 0.1]),
        ([-0.4, 0.2], [-1, -0.3, -0.1, 0, 0.1, 0.3]),
        ([3.0, float("nan")], [0, 0.1, 0.3, 1, 3]),
    ],
)
def test_a_bent_axis_is_labelled_at_both_ends(values: list[float], labels: list[float]) -> None:
    bent = theme.symlog(pd.DataFrame({"a": values, "b": values[0]}), 0.1)
    assert bent["axis"].to_dict()["values"] == pytest.approx(labels)
    assert bent["scale"].to_dict()["domain"] == pytest.approx([labels[0], labels[-1]])


@pytest.mark.parametrize("width", [299, 300, 450, 460, 641])
def test_every_cell_of_a_heat_map_is_named_at_any_width(width: int) -> None:
    """At 450 the first of seven once was not: 450 / 7 * 7 is rounded to more than 450."""
    layers = [f"L{i}" for i in range(7)]
    x = alt.X("layer:O", axis=alt.Axis(values=layers, labelOverlap=False))
    chart = alt.Chart(pd.DataFrame({"layer": layers})).mark_rect().encode(x=x).properties(width=width)
    drawn = vl_convert.vegalite_to_svg(theme.dressed(chart).to_dict())
    assert re.findall(r">(L\d)</text>", drawn) == layers


def test_a_message_is_a_chart_with_the_reason() -> None:
    spec = checked(theme.message("Nothing to draw."))
    assert text(spec).strip() == "Nothing to draw."
