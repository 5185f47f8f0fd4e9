"""A map whose clusters carry their words, set so that no label covers another; and many points as a grid of counts.

Labels are placed by a search of their own, largest cluster first: at the cluster, then on rings around it, and left out
(said) when all of these are taken. That is enough for the few clusters of a paper's figure, and needs no other library.
"""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import GREY, MAX_ROWS, OKABE_ITO
from probes.figures.maps import SIZE, drawn_by, spans, thinned, within
from probes.figures.theme import INK, MUTED, dressed
from probes.figures.words import shorten, visible
from probes.geometry.clusters import NOISE

if TYPE_CHECKING:
    from probes.geometry.maps import MapResult

MOST_LABELS = 24
LONGEST = 34
"""Characters of a label."""
_LETTER, _LINE = 10.0, 14.0
"""Pixels that a letter is wide and a line is high, as in a single column: there text is largest beside its picture."""
_RINGS, _TURNS = (0, 16, 30, 46, 66, 90), 12
GRID = (96, 48)
"""Cells of the grid of counts, across and up."""


def named_clusters(result: "MapResult") -> Any:
    """Draw the best layer's map, its clusters in colours, each with its words; those left out are counted."""
    order = result.layers.index(result.best)
    some, few = thinned(result.count, MAX_ROWS)
    ends = spans(result.xy[order], *SIZE)
    xy = within(result.xy[order], ends)
    groups = result.clusters[order]
    rows = pd.DataFrame({"x": xy[some, 0], "y": xy[some, 1], "cluster": groups[some]})
    named = result.named[result.named.order == order].head(MOST_LABELS)
    told = [shorten(visible(label), LONGEST) for label in named.label]
    anchors = within(named[["x", "y"]].to_numpy(), ends)
    height = SIZE[1] + 60
    origin = np.array([ends[0][0], ends[1][0]])
    unit = np.array([ends[0][1] - ends[0][0], ends[1][1] - ends[1][0]]) / (SIZE[0], height)
    labels = pd.DataFrame({"label": told, "size": named["size"].to_numpy()})
    # in pixels of the narrowest picture, then back: in a wider one they are only farther apart
    labels[["left", "top"]] = placed((anchors - origin) / unit, told, (SIZE[0], height)) * unit + origin
    labels[["px", "py"]] = anchors
    known = labels.dropna(subset=["left"])
    share = float((groups != NOISE).mean())
    count = int(groups.max(initial=NOISE)) + 1
    notes = [f"layer {result.best}; {count} clusters of the map hold {share:.0%} of the points{few}"]
    if len(known) < count:
        notes.append(f"{count - len(known)} labels had no room")
    title = alt.TitleParams(
        f"{drawn_by(result)} of {result.count:,} points", subtitle=notes, color=INK, subtitleColor=MUTED
    )
    chart = alt.layer(_dots(rows, ends, count), *_labelled(known, ends))
    said = f"{notes[0]}. {'; '.join(known.label)}"
    return dressed(chart.properties(width=SIZE[0], height=height, title=title, description=said))


def _dots(rows: pd.DataFrame, ends: tuple[list[float], list[float]], count: int) -> alt.Chart:
    colours = [c for c in OKABE_ITO if c != GREY]
    domain = [NOISE, *range(count)]
    scale = alt.Scale(domain=domain, range=[GREY, *(colours[k % len(colours)] for k in range(count))])
    axis = alt.Axis(labels=False, ticks=False, grid=False, domain=False)
    across, up = (alt.Scale(domain=end, nice=False) for end in ends)
    marks = alt.Chart(rows).mark_point(filled=True, opacity=0.55, size=12, tooltip=None)
    return marks.encode(
        x=alt.X("x:Q", title=None, scale=across, axis=axis),
        y=alt.Y("y:Q", title=None, scale=up, axis=axis),
        color=alt.Color("cluster:N", scale=scale, legend=None),
    )


def _labelled(known: pd.DataFrame, ends: tuple[list[float], list[float]]) -> list[alt.Chart]:
    if known.empty:
        return []
    across, up = (alt.Scale(domain=end, nice=False) for end in ends)
    at = {"x": alt.X("left:Q", title=None, scale=across), "y": alt.Y("top:Q", title=None, scale=up)}
    lines = alt.Chart(known).mark_rule(stroke=MUTED, strokeWidth=0.8, tooltip=None)
    words = alt.Chart(known).mark_text(style="label", fontWeight="bold", fill=INK, tooltip=None)
    return [
        lines.encode(**at, x2=alt.X2("px:Q"), y2=alt.Y2("py:Q")),
        words.encode(**at, text="label:N"),
    ]


def placed(anchors: np.ndarray, labels: list[str], size: tuple[int, int]) -> np.ndarray:
    """Return the middle of each label [label, 2] in pixels, NaN for one without room; no two boxes share a pixel.

    Labels come in order of weight: an earlier one keeps its place.
    """
    found = np.full((len(labels), 2), np.nan)
    boxes: list[tuple[float, float, float, float]] = []
    for i, (anchor, label) in enumerate(zip(anchors, labels, strict=True)):
        half = np.array([len(label) * _LETTER, _LINE]) / 2
        for ring in _RINGS:
            turns = np.arange(_TURNS if ring else 1) * 2 * np.pi / _TURNS
            tries = anchor + ring * np.stack([np.cos(turns) * 1.6, np.sin(turns)], axis=1)
            good = next((t for t in tries.clip(half, np.array(size) - half) if _free(t, half, boxes)), None)
            if good is not None:
                found[i] = good
                boxes.append((*(good - half), *(good + half)))
                break
    return found


def _free(middle: np.ndarray, half: np.ndarray, boxes: list[tuple[float, float, float, float]]) -> bool:
    (left, top), (right, bottom) = middle - half, middle + half
    return not any(left < r and right > x and top < b and bottom > t for x, t, r, b in boxes)


def counted(xy: np.ndarray) -> pd.DataFrame:
    """Return the points in each cell of a grid over places [row, 2] that has any: x, x2, y, y2, points."""
    ends = spans(xy, *SIZE)
    flat = within(xy, ends)
    counts, across, up = np.histogram2d(flat[:, 0], flat[:, 1], bins=GRID, range=ends)
    i, j = np.nonzero(counts)
    cells = {"x": across[i], "x2": across[i + 1], "y": up[j], "y2": up[j + 1], "points": counts[i, j].astype(int)}
    return pd.DataFrame(cells)


def density(xy: np.ndarray, said: str) -> Any:
    """Draw how many points lie where, on a logarithmic scale; a box drawn on it is the selection `window`."""
    cells = counted(xy)
    ends = spans(xy, *SIZE)
    axis = alt.Axis(labels=False, ticks=False, grid=False, domain=False)
    across, up = (alt.Scale(domain=end, nice=False) for end in ends)
    window = alt.selection_interval(name="window", encodings=["x", "y"])
    tooltip = [alt.Tooltip("points:Q", format=",")]
    chart = (
        alt.Chart(cells)
        .mark_rect()
        .encode(
            x=alt.X("x:Q", title=None, scale=across, axis=axis),
            x2="x2:Q",
            y=alt.Y("y:Q", title=None, scale=up, axis=axis),
            y2="y2:Q",
            color=alt.Color("points:Q", scale=alt.Scale(scheme="viridis", type="log"), title="points"),
            tooltip=tooltip,
        )
    )
    title = alt.TitleParams(said, color=INK)
    chart = chart.add_params(window).properties(width=SIZE[0], height=SIZE[1] + 60, title=title, description=said)
    return dressed(chart)


def tally(result: "MapResult", told: list[str], kinds: list[str], picked: list[int]) -> Any:
    """Draw how many points of each kind there are, and of those picked; a clicked bar is the selection `bar`."""
    every = pd.Series(told).value_counts().reindex(kinds, fill_value=0)
    some = pd.Series([told[i] for i in picked], dtype=object).value_counts().reindex(kinds, fill_value=0)
    rows = pd.DataFrame({"kind": kinds, "all": every.to_numpy() / max(1, len(told)), "count": every.to_numpy()})
    rows["picked"], rows["of them"] = some.to_numpy() / max(1, len(picked)), some.to_numpy()
    bar = alt.selection_point(name="bar", fields=["kind"])
    y = alt.Y("kind:N", sort=kinds, title=None, axis=alt.Axis(labelLimit=150, labelOverlap=False))
    x = alt.X("all:Q", title="share of all (bar) and of those picked (line)", axis=alt.Axis(format="%"))
    tips = ["kind:N", alt.Tooltip("count:Q", format=","), alt.Tooltip("of them:Q", format=",", title="picked")]
    bars = (
        alt.Chart(rows)
        .mark_bar(fill=GREY)
        .encode(x=x, y=y, tooltip=tips, opacity=alt.condition(bar, alt.value(1), alt.value(0.4)))
    )
    ticks = alt.Chart(rows).mark_tick(thickness=3, color=OKABE_ITO[1]).encode(x="picked:Q", y=y, tooltip=tips)
    said = f"How many of {result.count:,} points are of each kind."
    chart = alt.layer(bars.add_params(bar), *([ticks] if picked else []))
    return dressed(chart.properties(height=max(80, 26 * len(kinds)), description=said))
