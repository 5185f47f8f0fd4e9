"""Languages as a tree: which join first when the nearest are joined, and the nearest groups after them."""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.alignment import MOST, called
from probes.figures.dress import GREY, VERMILLION
from probes.figures.theme import INK, MUTED, dressed, message
from probes.figures.words import visible

if TYPE_CHECKING:
    from probes.alignment.analysis import AlignmentResult

LEAF = 13
"""Pixels of a language."""


def dendrogram(result: "AlignmentResult", layer: str, chosen: str = "") -> Any:
    """Draw the average-linkage tree of 1 - unbiased CKA between languages at a layer, the root on the left."""
    if not result.near.size:
        return message("This run kept no similarities (grams), so languages cannot be set among each other.")
    near = result.near[result.layers.index(layer)].astype(float)
    codes = [result.pivot, *result.languages.language]
    kept = list(range(len(codes)))[:MOST]
    lines, order = joined(near[np.ix_(kept, kept)])
    labels, scripts = called(result), ["pivot", *result.languages.script]
    leaves = pd.DataFrame(
        {
            "language": [labels[codes[i]] for i in order],
            "code": [visible(codes[i]) for i in order],
            "script": [visible(scripts[i]) for i in order],
            "look": ["chosen" if codes[i] in (chosen, result.pivot) else "other" for i in order],
            "place": range(len(order)),
        }
    )
    top = max(float(lines.x2.max()), float(lines.x.max()), 1e-6)
    x = alt.X("x:Q", title="1 - unbiased CKA", scale=alt.Scale(domain=[top * 1.02, 0], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-0.7, len(order) - 0.3], reverse=True, nice=False))
    tree = alt.Chart(lines).mark_rule(color=GREY, strokeWidth=1.2, strokeCap="round", tooltip=None)
    tree = tree.encode(x=x, x2="x2:Q", y=y, y2="y2:Q")
    look = alt.condition("datum.look == 'chosen'", alt.value(VERMILLION), alt.value(INK))
    words = alt.Chart(leaves).mark_text(style="note", align="left", dx=4, clip=False)
    tips: list[Any] = ["language:N", "code:N", "script:N"]
    names = words.encode(x=alt.datum(0), y=alt.Y("place:Q", axis=None), text="language:N", color=look, tooltip=tips)
    hidden = f"; {len(kept)} of {len(codes)} languages" if len(kept) < len(codes) else ""
    title = alt.TitleParams(
        f"Tree of languages at layer {layer}",
        subtitle=[f"average linkage of 1 - unbiased CKA{hidden}"],
        color=INK,
        subtitleColor=MUTED,
    )
    said = f"Tree of {len(order)} languages at layer {layer}, alike ones beside each other."
    size = {"width": 240, "height": LEAF * len(order)}
    chart = alt.layer(tree, names).properties(**size, title=title, description=said, padding={"right": 130})
    return dressed(chart)


def joined(near: np.ndarray) -> tuple[pd.DataFrame, list[int]]:
    """Return the lines of the tree (x, y, x2, y2; x is the distance at which groups join) and the order of its leaves.

    From similarities [row, row]; those that are no number are taken as 0.
    """
    from scipy.cluster.hierarchy import dendrogram as laid_out
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    apart = 1 - np.nan_to_num((near + near.T) / 2)
    np.fill_diagonal(apart, 0)
    tree = laid_out(linkage(squareform(apart.clip(0), checks=False), "average"), no_plot=True)
    rows = []
    for places, heights in zip(tree["icoord"], tree["dcoord"], strict=True):
        y = [(place - 5) / 10 for place in places]
        ends = [(heights[0], y[0], heights[1], y[1]), (heights[1], y[1], heights[2], y[2])]
        rows += [*ends, (heights[2], y[2], heights[3], y[3])]
    return pd.DataFrame(rows, columns=["x", "y", "x2", "y2"]), [int(i) for i in tree["leaves"]]
