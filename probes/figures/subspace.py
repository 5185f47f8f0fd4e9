"""The words of a snippet in the subspace that holds their syntax: the two main axes of the projected vectors.

Distance in this subspace is what the probe reads the tree from, so the tree's edges are drawn between the words; kind
of word is told by colour and shape. Words whose label would cover another are named on hover.
"""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import CATEGORIES, MAX_ROWS
from probes.figures.layout import MOST_WORDS, shown_words
from probes.figures.theme import HALO, INK, MUTED, dressed, message
from probes.figures.trees import ACTIVE, WITHIN, linked, word_tooltip

if TYPE_CHECKING:
    from probes.syntax.snippet import SnippetResult

POINTS = "word_points"  # the unit view in which words of the subspace are hovered
PLACES: dict[str, tuple[Any, Any, int, int]] = {
    "right": ("left", "middle", 7, 0),
    "left": ("right", "middle", -7, 0),
    "above": ("center", "bottom", 0, -6),
}
PLACES |= {"below": ("center", "top", 0, 6), "hover": ("center", "bottom", 0, -8)}
"""Where a label stands → its align, baseline, dx, dy."""


def subspace(result: "SnippetResult") -> alt.LayerChart:
    """Draw the words at their place on the subspace's two main axes, with tree edges; both axes have the same unit."""
    points = result.words[np.isfinite(result.words[["x", "y"]].astype(float)).all(axis=1)]
    if len(points) < 2:
        return message("A subspace needs at least two words to have axes: nothing is drawn.")
    chart = linked(subspace_view(result, width=560, height=420), POINTS)
    return dressed(chart.properties(description=f"Words in the syntactic subspace of layer {result.layer}."))


def subspace_view(result: "SnippetResult", *, width: int, height: int) -> Any:
    """Return the scatter as a bare view to compose."""
    words = shown_words(result.words, MOST_WORDS)
    words = words[np.isfinite(words[["x", "y"]].astype(float)).all(axis=1)]
    lines = result.subspace_edges.head(MAX_ROWS)
    spans = _square(words, width=width, height=height)
    words = words.assign(place=_places(words, spans, width=width, height=height))
    axes: list[dict[str, Any]] = [
        {
            "title": f"main axis {i + 1} ({share:.0%} of variance)",
            "scale": alt.Scale(domain=span, nice=False, zero=False),
        }
        | {"axis": alt.Axis(tickCount=4, grid=False)}
        for i, (share, span) in enumerate(zip(result.explained, spans, strict=True))
    ]
    x, y = alt.X("x:Q", **axes[0]), alt.Y("y:Q", **axes[1])
    rules = alt.Chart(lines).mark_rule(
        stroke=MUTED, style="hairline", opacity=0.55, tooltip=None, clip=True, aria=False
    )
    layers = [rules.encode(x=x, y=y, x2="x2", y2="y2"), *_labels(words, x, y, halo=True), _dots(words, x, y)]
    subtitle = [f"layer {result.layer}; lines: the gold tree,", "inner nodes at the middle of their words"]
    if len(result.words) > len(words):
        subtitle.append(f"{len(words)} of {len(result.words):,} words")
    title = alt.TitleParams("Syntactic subspace", subtitle=subtitle, color=INK)
    return alt.layer(*layers, *_labels(words, x, y, halo=False)).properties(width=width, height=height, title=title)


def _dots(words: pd.DataFrame, x: alt.X, y: alt.Y) -> Any:
    kinds, looks = list(CATEGORIES), list(CATEGORIES.values())
    colours, shapes = ([look[i] for look in looks] for i in (0, 1))
    return (
        alt.Chart(words, name=POINTS)
        .mark_point(filled=True, style="dot", cursor="pointer")
        .encode(
            x=x,
            y=y,
            color=alt.Color("category:N", title=None, scale=alt.Scale(domain=kinds, range=colours)),
            shape=alt.Shape("category:N", title=None, scale=alt.Scale(domain=kinds, range=shapes)),
            opacity={"condition": [{"test": WITHIN, "value": 1}, {"test": ACTIVE, "value": 0.3}], "value": 1},
            size={"condition": [{"test": WITHIN, "value": 190}]},
            tooltip=word_tooltip(),
        )
    )


def _labels(words: pd.DataFrame, x: alt.X, y: alt.Y, *, halo: bool) -> list[Any]:
    look: dict[str, Any] = {"stroke": HALO, "strokeWidth": 3} if halo else {"fill": INK}
    layers = []
    for place, (align, baseline, dx, dy) in PLACES.items():
        rows = words[words["place"] == place]
        rest = 0 if place == "hover" else 1
        shown = {"condition": [{"test": WITHIN, "value": 1}, {"test": ACTIVE, "value": 0.25 * rest}], "value": rest}
        mark = alt.Chart(rows).mark_text(
            style="label", align=align, baseline=baseline, dx=dx, dy=dy, tooltip=None, aria=False, **look
        )
        if len(rows):
            layers.append(mark.encode(x=x, y=y, text="shown:N", opacity=shown))
    return layers


def _square(words: pd.DataFrame, *, width: int, height: int) -> list[list[float]]:
    """Return the two axes' domains, with room for labels and one unit the same length on both."""
    values = words[["x", "y"]].to_numpy(float)
    low, high = values.min(axis=0), values.max(axis=0)
    unit = max((high[0] - low[0]) / (width * 0.82), (high[1] - low[1]) / (height * 0.88), 1e-12)
    halves = np.array([width, height]) * unit / 2
    return [[float(m - half), float(m + half)] for m, half in zip((low + high) / 2, halves, strict=True)]


def _places(words: pd.DataFrame, spans: list[list[float]], *, width: int, height: int) -> list[str]:
    """Return for each word the first place where its label covers no point and no earlier label; else "hover"."""
    (x0, x1), (y0, y1) = spans
    xs = (words["x"].to_numpy(float) - x0) / (x1 - x0) * width
    ys = (y1 - words["y"].to_numpy(float)) / (y1 - y0) * height
    taken = np.column_stack([xs - 4, ys - 4, xs + 4, ys + 4])
    places = []
    for i, text in enumerate(words["shown"]):
        places.append("hover")
        for place in ("right", "left", "above", "below"):
            box = _box(place, xs[i], ys[i], 6.4 * len(text))
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height
            others = np.delete(taken, i, axis=0)
            hit = (others[:, 0] < box[2]) & (others[:, 2] > box[0]) & (others[:, 1] < box[3]) & (others[:, 3] > box[1])
            if inside and not hit.any():
                places[-1] = place
                taken = np.vstack([taken, box])
                break
    return places


def _box(place: str, x: float, y: float, length: float) -> np.ndarray:
    """Return left, top, right, bottom of a label of `length` px and one line."""
    align, _, dx, dy = PLACES[place]
    left = {"left": x + dx, "right": x + dx - length, "center": x - length / 2}[align]
    middle = y + {"right": 0, "left": 0, "above": dy - 6, "below": dy + 6}[place]
    return np.array([left, middle - 6.5, left + length, middle + 6.5])
