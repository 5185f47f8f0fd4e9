"""Static beside contextual: what a probe reads off each representation, how senses part, and the same words mapped."""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, MAX_ROWS, OKABE_ITO, ORANGE
from probes.figures.maps import OTHERS, SHAPES, spans, thinned, within
from probes.figures.theme import INK, MUTED, SHAPED, dressed, message
from probes.figures.words import shorten, visible
from probes.geometry.contextual import RANDOM, STATIC, TABLE, TRAINED
from probes.geometry.maps import TITLES

if TYPE_CHECKING:
    from probes.geometry.contextual import ContextualResult

LOOKS = {STATIC: (ORANGE, "square"), TRAINED: (BLUE, "circle"), RANDOM: (GREEN, "triangle-up")}
"""Series → colour and shape."""
MOST_WORDS = 7
"""Words or labels with a colour of their own."""
TALLEST = 30
"""Words whose senses are shown one by one."""
_NO_SENSES = "No word here has two labels of two uses each, so there are no senses to tell apart."


def read_off(result: "ContextualResult") -> Any:
    """Draw what a probe reads off each representation, over shuffled labels and the most that a word alone says."""
    rows = result.scores.assign(name=_named(result, result.scores))
    base, x = _base(rows)
    y = alt.Y("accuracy:Q", title=f"accuracy, {result.classes} labels", scale=alt.Scale(domain=[0, 1]))
    numbers = ("accuracy", "low", "high", "f1", "gain", "gain_low", "gain_high", "shuffled")
    told = ["name:N", "series:N", *(alt.Tooltip(f"{name}:Q", format=".3f") for name in numbers)]
    lines = result.baselines.assign(name=[visible(name) for name in result.baselines["name"]])
    dash = alt.StrokeDash("name:N", title=None, scale=alt.Scale(domain=lines["name"].tolist(), range=[[2, 3], [6, 3]]))
    rules = alt.Chart(lines).mark_rule(stroke=MUTED, tooltip=None).encode(y=alt.Y("accuracy:Q"), strokeDash=dash)
    floor = base.mark_tick(stroke=GREY, thickness=2, width=10, tooltip=None).encode(
        y=alt.Y("shuffled:Q"), color=alt.value(GREY)
    )
    note = f"{len(result.points):,} uses; 95 % intervals over texts; grey ticks: shuffled labels"
    head = alt.TitleParams(
        f"What a probe reads: {visible(result.label)[:60]}", subtitle=[note], color=INK, subtitleColor=MUTED
    )
    chart = alt.layer(rules, floor, *_marks(base, y, told)).properties(width=620, height=300, title=head)
    return dressed(chart.properties(description=result.headline()))


def senses_apart(result: "ContextualResult") -> Any:
    """Draw how far the senses of a word lie apart in each representation, over shuffled senses."""
    if result.senses.empty:
        return message(_NO_SENSES)
    rows = result.senses.assign(name=_named(result, result.senses))
    panels = []
    for measure, title in (
        ("nearest use", "nearest use has the same sense"),
        ("silhouette", "silhouette of the senses"),
    ):
        mine = rows[rows.measure == measure]
        base, _ = _base(mine)
        y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False))
        told = [
            "name:N",
            "series:N",
            *(alt.Tooltip(f"{c}:Q", format=".3f") for c in ("value", "low", "high", "chance")),
        ]
        told += [alt.Tooltip("chance_high:Q", title="97.5 % of shuffles below", format=".3f")]
        above = base.transform_filter(f"datum.series != '{RANDOM}'").mark_tick(
            stroke=GREY, thickness=2, width=12, tooltip=None
        )
        ticks = above.encode(y=alt.Y("chance_high:Q"), color=alt.value(GREY))
        panels.append(alt.layer(ticks, *_marks(base, y, told)).properties(width=310, height=250))
    words = len(result.words.word.unique())
    note = f"{words} words of several senses; 95 % intervals over words; grey ticks: 97.5 % of shuffles lie below"
    head = alt.TitleParams("Senses of one word, pulled apart", subtitle=[note], color=INK, subtitleColor=MUTED)
    return dressed(alt.hconcat(*panels, spacing=18).properties(title=head, description=result.headline()))


def _named(result: "ContextualResult", rows: pd.DataFrame) -> list[str]:
    """Return how each representation is called on an axis."""
    return ["table" if name == TABLE else visible(shorten(str(name), 10)) for name in rows["name"]]


def _base(rows: pd.DataFrame) -> tuple[Any, Any]:
    order = list(dict.fromkeys(rows["name"]))
    axis = alt.Axis(labelAngle=0, labelOverlap="greedy" if len(order) > 12 else False)
    title = "static vectors (the model's own: table), then layers"
    x = alt.X("name:N", sort=order, title=title, axis=axis, scale=alt.Scale(paddingInner=0.5))
    names = [name for name in LOOKS if name in set(rows.series)]
    return alt.Chart(rows).encode(x=x, xOffset=alt.XOffset("series:N", sort=names)), x


def _marks(base: Any, y: alt.Y, told: list[Any]) -> list[Any]:
    known = [name for name in LOOKS if name in set(base.data.series)]
    colours, shapes = zip(*(LOOKS[name] for name in known), strict=True)
    colour = alt.Color("series:N", title=None, scale=alt.Scale(domain=known, range=list(colours)))
    shape = alt.Shape("series:N", title=None, scale=alt.Scale(domain=known, range=list(shapes)))
    spread = base.mark_rule(opacity=0.8, tooltip=None).encode(y=alt.Y("low:Q"), y2="high:Q", color=colour)
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(y=y, color=colour, shape=shape, tooltip=told)
    return [spread, dots]


def each_word(result: "ContextualResult") -> Any:
    """Draw word by word how often the nearest use has the same sense, in each representation of the trained model."""
    if result.words.empty:
        return message(_NO_SENSES)
    rows = result.words[result.words.series != RANDOM]
    rows = rows.assign(name=_named(result, rows), said=[visible(shorten(word, 24)) for word in rows.word])
    mean = rows.groupby("said")["nearest use"].mean().sort_values(ascending=False, kind="stable")
    shown, order = mean.index[:TALLEST].tolist(), list(dict.fromkeys(rows["name"]))
    rows = rows[rows.said.isin(shown)].rename(columns={"nearest use": "nearest"})
    x = alt.X("name:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, ticks=False, domain=False))
    y = alt.Y("said:N", sort=shown, title=None, axis=alt.Axis(ticks=False, domain=False))
    base = alt.Chart(rows[["name", "said", "nearest", "silhouette", "uses", "senses"]]).encode(x=x, y=y)
    scale = alt.Scale(scheme="viridis", domain=[0, 1])
    told = [
        "said:N",
        "name:N",
        alt.Tooltip("nearest:Q", format=".2f"),
        alt.Tooltip("silhouette:Q", format=".2f"),
        "uses:Q",
        "senses:Q",
    ]
    cells = base.mark_rect(stroke=None).encode(
        color=alt.Color("nearest:Q", title="nearest use", scale=scale), tooltip=told
    )
    words = base.mark_text(style="label", tooltip=None).encode(
        text=alt.Text("nearest:Q", format=".2f"),
        color=alt.condition("datum.nearest > 0.5", alt.value("black"), alt.value("white")),
    )
    few = f"; the {TALLEST} best of {len(mean)}" if len(mean) > TALLEST else ""
    note = f"share of uses whose nearest other use of the word has the same {visible(result.label)[:40]}{few}"
    head = alt.TitleParams("Word by word", subtitle=[note], color=INK, subtitleColor=MUTED)
    size = {"width": 58 * len(order), "height": 24 * len(shown)}
    return dressed(
        alt.layer(cells, words).properties(**size, title=head, autosize=SHAPED, description=result.headline())
    )


def side_by_side(result: "ContextualResult") -> Any:
    """Draw the same words in some representations beside each other, by label, or homonyms by word and sense."""
    some, few = thinned(len(result.points), max(1, MAX_ROWS // len(result.mapped)))
    kinds, forms = _told(result)
    ends = spans(result.xy, 300, 260)
    xy = within(result.xy[:, some], ends)
    names = [_panel(result, k) for k in range(len(result.mapped))]
    rows = pd.DataFrame({"map": np.repeat(names, len(some)), "x": xy[..., 0].ravel(), "y": xy[..., 1].ravel()})
    for column, values in {"kind": kinds, "form": forms, "use": _context(result.points)}.items():
        rows[column] = np.tile(np.array(values, dtype=object)[some], len(names))
    known = [kind for kind in dict.fromkeys(kinds) if kind != OTHERS]
    known = sorted(known) + [OTHERS] * (OTHERS in kinds)
    colours = [c for c in OKABE_ITO if c != GREY][: len(known) - (OTHERS in kinds)] + [GREY] * (OTHERS in kinds)
    shapes = sorted(set(forms))
    axis = alt.Axis(labels=False, ticks=False, grid=False, domain=False)
    across, up = (alt.Scale(domain=end, nice=False) for end in ends)
    shape = alt.Shape("form:N", title=None, scale=alt.Scale(domain=shapes, range=list(SHAPES[: len(shapes)])),
                      legend=alt.Legend(symbolFillColor=GREY) if len(shapes) > 1 else None)  # fmt: skip
    legend = alt.Legend(columns=MOST_WORDS + 1, symbolOpacity=1, labelLimit=90)
    marks = alt.Chart(rows).mark_point(filled=True, opacity=0.75, size=16)
    chart = marks.encode(
        x=alt.X("x:Q", title=None, scale=across, axis=axis),
        y=alt.Y("y:Q", title=None, scale=up, axis=axis),
        color=alt.Color("kind:N", title=None, scale=alt.Scale(domain=known, range=colours), legend=legend),
        shape=shape,
        tooltip=["kind:N", "form:N", "use:N"],
        facet=alt.Facet("map:N", sort=names, title=None, header=alt.Header(labelColor=INK), columns=2),
    )
    note = f"each map is laid over the one before; T: trustworthiness{few}"
    head = alt.TitleParams(
        f"{TITLES[result.method]} of the same words", subtitle=[note], color=INK, subtitleColor=MUTED
    )
    return dressed(chart.properties(width=300, height=260, title=head, description=result.headline()))


def _panel(result: "ContextualResult", k: int) -> str:
    name = result.mapped[k]
    called = visible(shorten(name, 26)) if name in (TABLE, result.title) else f"layer {name}"
    trust = result.trust[k]
    return f"{called}, T {trust:.2f}" if np.isfinite(trust) else f"{called}, under 3 differ"


def _told(result: "ContextualResult") -> tuple[list[str], list[str]]:
    """Return the colour and the shape of each use: word and which of its senses, or without homonyms label and none."""
    column = result.points.type if not result.words.empty else result.points.kind
    counts = result.words.groupby("word")["nearest use"].max() if not result.words.empty else column.value_counts()
    most = counts.sort_values(ascending=False, kind="stable").index[:MOST_WORDS].tolist()
    kinds = [visible(shorten(str(value), 24)) if value in most else OTHERS for value in column]
    if result.words.empty:
        return kinds, [""] * len(kinds)
    senses = {word: {label: i for i, label in enumerate(sorted(set(rows)))}
              for word, rows in result.points.kind.groupby(result.points.type)}  # fmt: skip
    pairs = zip(result.points.type, result.points.kind, strict=True)
    last = len(SHAPES) - 1
    return kinds, [f"sense {min(senses[word][label], last) + 1}" for word, label in pairs]


def _context(points: pd.DataFrame) -> list[str]:
    parts = zip(points.before, points.word, points.after, strict=True)
    return [visible(f"{before[-30:]}▸{shorten(word, 40)}◂{after[:30]}") for before, word, after in parts]
