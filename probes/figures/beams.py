"""The ways a model would go on: the tree that a beam search grew, and how likely its texts are beside others."""

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, GREEN, ORANGE
from probes.figures.theme import INK, dressed
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.intervention import BeamsResult

MOST = 400
"""Tokens drawn: where more were tried, only those that a beam at the end goes through, and of these the first."""
STEP, NARROW, LEAF, ACROSS = 84, 46, 26, 920
"""Pixels of a token to the right, and where there are many; of a text downwards; and of the whole to the right."""


def tree_of_beams(result: "BeamsResult") -> alt.LayerChart:
    """Draw every token that was kept at some step, the prompt on the left; faint where no beam at the end has it."""
    some = result.tree if len(result.tree) <= MOST else result.tree[result.tree["kept"]]
    rows = laid_out(some[some["step"] < shown_steps(result, some)])
    tall, steps = float(rows["y"].max()), int(rows["step"].max()) + 1
    step = max(NARROW, min(STEP, ACROSS // (steps + 1)))
    x = alt.X("step:Q", axis=None, scale=alt.Scale(domain=[-0.6, rows["step"].max() + 1.2], nice=False))
    down = alt.Scale(domain=[-0.7, tall + 0.7], reverse=True, nice=False)
    solid = alt.condition("datum.kept", alt.value(1.0), alt.value(0.35))
    colour = alt.Color("group:N", title="group", legend=alt.Legend() if result.groups > 1 else None)
    thick = alt.Scale(domain=[0, 1], range=[1, 5])
    base = alt.Chart(rows)
    lines = base.mark_rule(tooltip=None).encode(
        x=alt.X("before:Q", axis=None),
        x2="step:Q",
        y=alt.Y("from:Q", axis=None, scale=down),
        y2="y:Q",
        color=colour,
        opacity=solid,
        strokeWidth=alt.StrokeWidth("p:Q", title="probability after what stands before it", scale=thick),
    )
    told = ["token:N", alt.Tooltip("p:Q", format=".3f"), alt.Tooltip("total:Q", title="nats so far", format=".2f")]
    words = base.mark_text(style="label", align="left", dx=3, dy=-9, limit=step - 4, fill=INK).encode(
        x=x, y=alt.Y("y:Q", axis=None, scale=down), text="shown:N", opacity=solid, tooltip=[*told, "group:O"]
    )
    dots = base.mark_point(filled=True, style="dot", tooltip=None).encode(
        x=x, y=alt.Y("y:Q", axis=None, scale=down), color=colour, opacity=solid
    )
    left, deepest = len(result.tree) - len(some), int(some["step"].max()) + 1
    said = [f"after “{shorten(visible(result.prompt[-60:]), 60)}”; faint: tried, and not among the beams at the end"]
    said += [f"{left} tokens that no beam at the end has are left out"] if left else []
    said += [f"the first {steps} of {deepest} steps are drawn"] if steps < deepest else []
    title = alt.TitleParams("The ways to go on that were tried", subtitle=said, color=INK)
    size = {"width": step * (steps + 1), "height": int(LEAF * (tall + 1.5))}
    chart = alt.layer(lines, dots, words).properties(**size, title=title, description=result.headline())
    return dressed(chart)


def shown_steps(result: "BeamsResult", tree: pd.DataFrame) -> int:
    """Return how many steps of the search have room, on the page and among the tokens drawn."""
    from probes.intervention.beams import BEAM

    room = ACROSS // NARROW - 1
    return room if len(tree) <= MOST else max(1, min(room, MOST // len(result.of(BEAM))))


def laid_out(tree: pd.DataFrame) -> pd.DataFrame:
    """Return the tokens with y (leaves one apart, others amid theirs), and before and from: where their line begins."""
    children: dict[int, list[int]] = {}
    for node, parent in zip(tree["node"], tree["parent"], strict=True):
        children.setdefault(int(parent), []).append(int(node))
    y = dict[int, float]()
    open_, leaves = [(-1, False)], 0
    while open_:
        node, done = open_.pop()
        below = children.get(node, [])
        if not below:
            y[node], leaves = float(leaves), leaves + 1
        elif done:
            y[node] = (y[below[0]] + y[below[-1]]) / 2
        else:
            open_ += [(node, True), *((child, False) for child in reversed(below))]
    places = {"y": tree["node"].map(y), "from": tree["parent"].map(y), "before": tree["step"] - 1}
    said = [visible(token) for token in tree["token"]]
    return tree.assign(**places, token=[shorten(t, 40) for t in said], shown=[shorten(t, 14) for t in said])


def texts_by_probability(result: "BeamsResult") -> alt.LayerChart:
    """Draw the log-probability of each beam, of the greedy text and of each sample."""
    from probes.intervention.beams import BEAM, GREEDY, SAMPLE

    names = [BEAM, GREEDY, SAMPLE]
    rows = result.texts.assign(text=[shorten(visible(text), 80) for text in result.texts["text"]])
    colour = alt.Color("source:N", legend=None, scale=alt.Scale(domain=names, range=[BLUE, GREEN, ORANGE]))
    shape = alt.Shape("source:N", legend=None, scale=alt.Scale(domain=names, range=["circle", "diamond", "square"]))
    x = alt.X("total:Q", title="log-probability (nats)", scale=alt.Scale(zero=False))
    y = alt.Y("source:N", sort=names, title=None, scale=alt.Scale(domain=names))
    told = ["source:N", "text:N", alt.Tooltip("total:Q", title="nats", format=".2f"), "tokens:Q"]
    dots = (
        alt.Chart(rows)
        .mark_point(filled=True, opacity=0.6, style="dot")
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=told)
    )
    title = alt.TitleParams("How likely each text is", subtitle=["not divided by its length"], color=INK)
    chart = alt.layer(dots).properties(width=520, height=120, title=title, description=result.headline())
    return dressed(chart)
