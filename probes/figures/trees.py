"""The tree of the code and the tree read from the model, over one row of words, gold above and prediction below.

The two share their words, as in the figures of Hewitt & Manning (2019), so a span that both have stands over itself:
filled green bars agree in label, first and last word; hollow ones are missed (above) or made up (below).
"""

from typing import TYPE_CHECKING, Any

import altair as alt

from probes.figures.dress import CATEGORIES, GREEN, VERMILLION
from probes.figures.layout import BOTH, EXTRA, MISSED, Layout, lay_out
from probes.figures.theme import HALO, INK, MUTED, dressed, message

if TYPE_CHECKING:
    from probes.syntax.snippet import SnippetResult

COLUMNS = "word_columns"  # the unit view in which words of the trees are hovered
WIDE = 800
"""Pixels that a page leaves beside its sidebar and margins on a 1280 px screen (820, measured), a few to spare."""

ACTIVE = "(isDefined(hover.first) && isValid(hover.first[0]))"
WITHIN = f"({ACTIVE} && hover.first[0] <= datum.first && datum.last <= hover.last[0])"
"""The datum lies in what is hovered: this word, or one of this span's words."""
AROUND = f"({ACTIVE} && datum.first <= hover.first[0] && hover.last[0] <= datum.last)"
"""The datum spans what is hovered: it is the span itself or one of its ancestors, in either tree."""


def linked(chart: Any, *views: str) -> Any:
    """Return the chart with the selection `hover` shared by its named views: the span under the pointer.

    A word is a span of one. (Altair's own `add_params` names views by a global counter: no two charts would be equal.)
    """
    select = alt.PointSelectionConfig(
        on="pointerover", clear="pointerout", fields=["first", "last"], toggle=False, type="point"
    )
    shared = chart.copy(deep=False)
    shared.params = [alt.TopLevelSelectionParameter(name="hover", select=select, views=list(views))]
    return shared


def gold_and_predicted(result: "SnippetResult") -> alt.LayerChart:
    """Draw both trees over the snippet's words, common spans filled; hovering a word brightens all that contains it."""
    if result.words.empty:
        return message("There is no word to draw: nothing is left once comments and docstrings are removed.")
    chart = linked(tree_view(result, width=tree_width(len(result.words))), COLUMNS)
    chart.description = f"Gold and predicted syntax tree at layer {result.layer}, F1 {result.f1:.2f}."
    return dressed(chart)


def tree_width(n: int) -> int:
    """Return the pixels that `n` words need: the page's width up to 60 of them, 14 px a word beyond."""
    return max(WIDE, 14 * min(n, 150) + 40) if n > 60 else WIDE


def tree_view(result: "SnippetResult", *, width: int, name: str = "") -> Any:
    """Return both trees as a bare view; inside a composition it needs a `name`, which its scale is known by."""
    layout = lay_out(result)
    n = len(layout.words)
    scale = f"'{name}_x'" if name else "'x'"
    slot = f"(scale({scale}, 1) - scale({scale}, 0))"  # px a word has; Vega knows, as pages and paper resize views
    layers = [
        *_columns(layout),
        *_stems(layout),
        *_labels(layout, slot, stroke=HALO, strokeWidth=3),  # under the bars, so that halos cut stems only
        *_bars(layout),
        *_labels(layout, slot, fill=INK),
        *_words(layout, slot),
    ]
    subtitle = [f"layer {result.layer}, F1 {result.f1:.2f} on this snippet; labels that do not fit are cut"]
    if n > 60:
        subtitle.append(f"{n} words: more than a page is wide, best seen full screen")
    title = alt.TitleParams("Gold tree above, predicted tree below", subtitle=[*subtitle, *layout.notes], color=INK)
    named = {"name": name} if name else {}
    return alt.layer(*layers, width=width, height=layout.height, title=title, **named)


def _x(layout: Layout, field: str) -> alt.X:
    scale = alt.Scale(domain=[-0.5, len(layout.words) - 0.5], nice=False, zero=False)
    return alt.X(f"{field}:Q", axis=None, scale=scale)


def _y(layout: Layout, field: str) -> alt.Y:
    scale = alt.Scale(domain=[layout.bottom, layout.top], nice=False, zero=False)
    return alt.Y(f"{field}:Q", axis=None, scale=scale)


def _columns(layout: Layout) -> list[Any]:
    """Return an unseen column over each word, so that the pointer need not hit the word, tinted while hovered."""
    base = alt.Chart(layout.words, name=COLUMNS).encode(x=_x(layout, "left"), x2="right")
    tint: Any = {"condition": [{"test": WITHIN, "value": 0.1}], "value": 0}
    column = base.mark_rect(fill=INK, cursor="pointer").encode(fillOpacity=tint, tooltip=word_tooltip())
    return [column]


def word_tooltip() -> list[alt.Tooltip]:
    """Return what a word tells on hover, in every view."""
    titles = {"full": "word", "type": "node", "category": "kind", "position": "position"}
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]


def _faded(on: str, *, rest: float = 1.0, off: float = 0.3) -> Any:
    """Return an opacity: full where `on` holds, `off` elsewhere while something is hovered, `rest` while nothing is."""
    return {"condition": [{"test": on, "value": 1}, {"test": ACTIVE, "value": off}], "value": rest}


def _stems(layout: Layout) -> list[Any]:
    base = alt.Chart(layout.stems).mark_rule(stroke=MUTED, style="hairline", tooltip=None, aria=False)
    return [base.encode(x=_x(layout, "x"), y=_y(layout, "low"), y2="high", opacity=_faded(AROUND, rest=0.6, off=0.25))]


def _bars(layout: Layout) -> list[Any]:
    """Return the bar of each span: filled where both trees have it, hollow where one does."""
    names, legend = [BOTH, MISSED, EXTRA], alt.Legend(symbolType="square")
    fill = alt.Scale(domain=names, range=[GREEN, "transparent", "transparent"])
    stroke = alt.Scale(domain=names, range=[GREEN, VERMILLION, VERMILLION])
    dash = alt.Scale(domain=names, range=[[1, 0], [1, 0], [3, 2]])
    told = {"label": "span", "text": "words", "agreement": "found", "first": "first word", "last": "last word"}
    mark = (
        alt.Chart(layout.bars)
        .mark_bar(cornerRadius=1.5, style="span")
        .encode(
            x=_x(layout, "left"),
            x2="right",
            y=_y(layout, "low"),
            y2="high",
            fill=alt.Fill("agreement:N", title=None, scale=fill, legend=legend),
            stroke=alt.Stroke("agreement:N", title=None, scale=stroke, legend=legend),
            strokeDash=alt.StrokeDash("agreement:N", title=None, scale=dash, legend=legend),
            opacity=_faded(AROUND),
            tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in told.items()],
        )
    )
    return [mark]


def _labels(layout: Layout, slot: str, **look: Any) -> list[Any]:
    """Return each span's label, cut by Vega to the room it has as drawn, or left out below some 3 letters."""
    room = f"(datum.room * {slot} - 3)"
    tests = [{"test": f"{room} < 16", "value": 0}, {"test": f"{ACTIVE} && !{AROUND}", "value": 0.3}]
    shown: Any = {"condition": tests, "value": 1}
    mark: dict[str, Any] = {
        "style": "label",
        "limit": alt.ExprRef(f"max({room}, 1)"),
        "tooltip": None,
        "aria": False,
    } | look
    layers = []
    sides: tuple[tuple[str, int, Any], ...] = (("gold", -5, "bottom"), ("predicted", 5, "top"))
    for tree, dy, baseline in sides:
        rows = layout.bars[layout.bars["tree"] == tree]
        base = alt.Chart(rows).mark_text(dy=dy, baseline=baseline, **mark)
        layers.append(base.encode(x=_x(layout, "middle"), y=_y(layout, "y"), text="label:N", opacity=shown))
    return layers


def _words(layout: Layout, slot: str) -> list[Any]:
    """Return the row of words on a tint of their kind: level when all of them fit so, else upright."""
    kinds = alt.Scale(domain=list(CATEGORIES), range=[colour for colour, _ in CATEGORIES.values()])
    tiles = layout.words.assign(low=-layout.band * 0.97, high=layout.band * 0.97)
    tint: Any = {"condition": [{"test": WITHIN, "value": 0.55}], "value": 0.22}
    tile = (
        alt.Chart(tiles)
        .mark_rect(cursor="pointer", aria=False)
        .encode(
            x=_x(layout, "left"),
            x2="right",
            y=_y(layout, "low"),
            y2="high",
            color=alt.Color("category:N", title=None, scale=kinds),
            opacity=tint,
            tooltip=word_tooltip(),
        )
    )
    longest = int(layout.words["shown"].str.len().max())
    angle = alt.ExprRef(f"{slot} >= {longest} * 0.57 * textSize + 4 ? 0 : 270")
    size = alt.ExprRef(f"min(textSize, {slot})")  # a long snippet on a narrow page is small rather than smeared
    text = alt.Chart(layout.words.assign(zero=0)).mark_text(
        style="word", fontSize=size, fill=INK, tooltip=None, aria=False, angle=angle, align="center", baseline="middle"
    )
    return [tile, text.encode(x=_x(layout, "position"), y=_y(layout, "zero"), text="shown:N")]
