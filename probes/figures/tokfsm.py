"""Codes of a model that learnt a machine: which are states, what exchanging them does, and how many are used.

Colour and shape tell the series apart, either one alone.
"""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE, VERMILLION
from probes.figures.theme import INK, dressed

if TYPE_CHECKING:
    from probes.codebooks import TokfsmResult

_WIDTH = 640


def codes_of_states(result: "TokfsmResult") -> alt.LayerChart:
    """Draw the precision of each state's best code and best neuron on new texts, states from best to worst of each."""
    looks = {"best code": (BLUE, "circle"), "best neuron": (ORANGE, "square")}
    parts = []
    for column, series in (("precision", "best code"), ("neuron", "best neuron")):
        rows = result.states.sort_values(column, ascending=False, kind="stable")
        rows = rows.assign(series=series, value=rows[column], rank=np.arange(1, len(rows) + 1))
        parts.append(rows[["series", "value", "rank", "state", "book", "code", "recall"]])
    x = alt.X("rank:Q", title="states, the most precise first", scale=alt.Scale(nice=False))
    seen = ["series:N", "state:O", "book:N", "code:O", alt.Tooltip("value:Q", title="precision", format=".3f")]
    points = _points(pd.concat(parts), looks, x, [*seen, alt.Tooltip("recall:Q", format=".2f")])
    note = f"precision on new texts at the same recall, which is {result.recall:.0f} % on average"
    title = alt.TitleParams("How well one code, and one neuron, tell a state", subtitle=[note], color=INK)
    chart = alt.layer(points).properties(width=_WIDTH, height=280, title=title, description=result.headline())
    return dressed(chart)


def exchanged_codes(result: "TokfsmResult") -> alt.LayerChart:
    """Draw how far what the model expects is from what it expects after another state, with that state's codes put in.

    1 is the distance without an exchange.
    """
    names = result.patches["patch"].tolist()
    axis = alt.Axis(ticks=False, domain=False, labelOverlap=False)
    y = alt.Y("patch:N", sort=names, title="codebooks exchanged", axis=axis)
    x = alt.X("divergence:Q", title="distance left to the other state's expectation (1: no exchange)")
    seen = ["patch:N", *(alt.Tooltip(f"{n}:Q", format=".3f") for n in ("divergence", "to_truth"))]
    bars = alt.Chart(result.patches).mark_bar(color=BLUE).encode(x=x, y=y, tooltip=seen)
    note = "a codebook is named by its layer, from 0, and its place"
    title = alt.TitleParams("What putting in another state's codes does", subtitle=[note], color=INK)
    about = f"Jensen-Shannon divergence after exchanging codes. {result.headline()}"
    chart = alt.layer(bars).properties(width=520, height=max(60, 22 * len(names)), title=title, description=about)
    return dressed(chart)


def edited_walks(result: "TokfsmResult") -> alt.LayerChart:
    """Draw where the model goes on after a walk with another state's codes put in: where that one may, or its own.

    The rule is the share that states drawn evenly would have.
    """
    names = result.edits["patch"].tolist()
    looks = {"where the put-in state may go": (BLUE, "circle"), "where its own may": (ORANGE, "square")}
    columns = dict(zip(looks, ("followed", "stayed"), strict=True))
    parts = [result.edits.assign(series=name, value=result.edits[column]) for name, column in columns.items()]
    rows = pd.concat(parts)[["patch", "series", "value", "low", "high", "divergence", "chance"]]
    y = alt.Y("patch:N", sort=names, title="codebooks put in", axis=alt.Axis(ticks=False, labelOverlap=False))
    x = alt.X("value:Q", title="share of next states", scale=alt.Scale(domain=[0, 1]))
    seen = ["patch:N", "series:N", *(alt.Tooltip(f"{n}:Q", format=".3f") for n in ("value", "divergence"))]
    whiskers = alt.Chart(rows[rows["series"] == "where the put-in state may go"]).mark_rule(color=BLUE)
    whiskers = whiskers.encode(x=alt.X("low:Q", title="share of next states"), x2="high:Q", y=y)
    chance = alt.Chart(rows.head(1)).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x="chance:Q")
    note = "another state's codes put in after a random walk; dashed: states drawn evenly"
    title = alt.TitleParams("Where the model goes on from another state's codes", subtitle=[note], color=INK)
    about = f"Where the model goes on after a walk with another state's codes. {result.headline()}"
    chart = alt.layer(chance, whiskers, _points(rows, looks, x, seen, y=y))
    chart = chart.properties(width=520, height=max(60, 22 * len(names)), title=title, description=about)
    return dressed(chart)


def use_of_codes(result: "TokfsmResult") -> alt.LayerChart:
    """Draw, for every codebook, the share of codes no new token used, and of those that mean one input only."""
    looks = {
        "dead": (GREY, "triangle-up"),
        "one state only": (GREEN, "circle"),
        "one state and digit only": (VERMILLION, "diamond"),
    }
    columns = dict(zip(looks, ("dead", "pure_state", "pure_digit"), strict=True))
    parts = [result.books.assign(series=name, value=result.books[column]) for name, column in columns.items()]
    rows = pd.concat(parts)[["book", "codes", "bits", "series", "value"]]
    x = alt.X("book:N", sort=result.books["book"].tolist(), title="codebook", axis=alt.Axis(labelAngle=0))
    seen = ["book:N", "series:N", alt.Tooltip("value:Q", format=".1%"), "codes:Q", alt.Tooltip("bits:Q", format=".1f")]
    title = alt.TitleParams("Codes that are never used, and codes of one input", color=INK)
    chart = alt.layer(_points(rows, looks, x, seen, title="share of codes"))
    about = f"Dead and pure codes of each codebook. {result.headline()}"
    return dressed(chart.properties(width=_WIDTH, height=260, title=title, description=about))


def _points(
    rows: pd.DataFrame,
    looks: dict[str, tuple[str, str]],
    x: alt.X,
    seen: list[Any],
    title: str = "precision",
    y: alt.Y | None = None,
) -> alt.Chart:
    colours, shapes = ([look[i] for look in looks.values()] for i in (0, 1))
    scale = alt.Scale(domain=[0, 1])
    chart: alt.Chart = (
        alt.Chart(rows)
        .mark_point(filled=True, opacity=0.9, style="dot")
        .encode(
            x=x,
            y=alt.Y("value:Q", title=title, scale=scale) if y is None else y,
            color=alt.Color("series:N", title=None, scale=alt.Scale(domain=list(looks), range=colours)),
            shape=alt.Shape("series:N", title=None, scale=alt.Scale(domain=list(looks), range=shapes)),
            tooltip=seen,
        )
    )
    return chart
