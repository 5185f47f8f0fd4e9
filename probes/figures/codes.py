"""Codes found by a search, with their intervals over what a word does; and the codes of a text as a heat strip."""

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, MAX_ROWS, ORANGE
from probes.figures.theme import INK, MUTED, dressed
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.codebooks import CodedResult, SearchResult

_SHOWN = 15
_ACROSS = 60
"""Tokens drawn: more would be too narrow to read."""


def f1_of_codes(result: "SearchResult") -> alt.LayerChart:
    """Draw the F1 on held-out tokens of the best codes of a search, with intervals; a line for the best word."""
    rows = result.codes.head(_SHOWN)
    books = result.books > 1
    names = [
        f"{row.rank}. layer {row.layer}{f', book {row.book}' if books else ''}, code {row.code}"
        for row in rows.itertuples()
    ]
    rows = rows.assign(shown=names, word=[shorten(visible(word), 40) for word in rows["word"]], beside=result.word_f1)
    axis = alt.Axis(ticks=False, domain=False, labelLimit=300, labelOverlap=False)
    down = alt.Y("shown:N", sort=names, title=None, axis=axis)
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("f1:Q", title="F1 on held-out tokens", scale=scale)
    seen = ["shown:N", alt.Tooltip("word:N", title="commonest word")]
    seen += [alt.Tooltip(f"{n}:Q", format=".2f") for n in ("f1", "precision", "recall", "fit_f1")]
    reach = alt.Chart(rows[["shown", "low", "high"]]).mark_rule(stroke=MUTED, style="span", tooltip=None)
    columns = ["shown", "word", "f1", "precision", "recall", "fit_f1"]
    dots = alt.Chart(rows[columns]).mark_point(filled=True, opacity=1, style="dot", color=BLUE)
    word = alt.Chart(rows[["beside"]].head(1)).mark_rule(stroke=ORANGE, strokeDash=[5, 2], tooltip=None)
    note = f"dashed: the best single word, {shorten(visible(result.word), 30)!r}, {result.word_f1:.2f}"
    asked = f"{result.by} {shorten(visible(result.pattern), 60)}: {result.support[1]:,} held-out tokens"
    title = alt.TitleParams(
        "Codes that pick it out, the best on fitted tokens first", subtitle=[asked, note], color=INK
    )
    marks = [
        reach.encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=down),
        word.encode(x=alt.X("beside:Q", scale=scale)),
        dots.encode(x=x, y=down, tooltip=seen),
    ]
    chart = alt.layer(*marks).properties(width=520, height=max(60, 20 * len(rows)), title=title)
    return dressed(chart.properties(description=result.headline()))


def strip_of_codes(result: "CodedResult") -> alt.LayerChart:
    """Draw every token of a text, across, in every layer, down: a cell's colour is how rare its code is.

    The number in a cell is the code, the first one where a token has several, if there is room for it; the tooltip has
    the code's commonest word, and the other codes.
    """
    every = int(result.tokens["position"].max()) + 1
    across = max(1, min(every, _ACROSS, MAX_ROWS // len(result.layers)))
    rows = _cells(result.tokens[result.tokens["position"] < across])
    labels = [f"{n + 1}\u00a0{shorten(visible(word), 14)}" for n, word in enumerate(rows["token"].head(across))]
    rows = rows.assign(
        shown=[labels[n] for n in rows["position"]],
        token=[shorten(visible(word), 40) for word in rows["token"]],
        word=[shorten(visible(word), 40) for word in rows["word"]],
    )[["shown", "layer", "code", "also", "token", "word", "bits"]]
    also = [alt.Tooltip("also:N", title="codes besides")] if rows["also"].any() else []
    down = alt.Y("layer:O", sort=[*reversed(result.layers)], title="layer")
    top = alt.Axis(orient="top", labelAngle=-50, labelLimit=120, labelOverlap=False)
    x = alt.X("shown:N", sort=labels, title=None, axis=top)
    colour = alt.Color("bits:Q", title="bits of the code (rare codes have more)", scale=alt.Scale(domainMin=0))
    seen = ["token:N", "layer:O", "code:O", *also, alt.Tooltip("word:N", title="the code's commonest word")]
    cells = (
        alt.Chart(rows)
        .mark_rect()
        .encode(x=x, y=down, color=colour, tooltip=[*seen, alt.Tooltip("bits:Q", format=".1f")])
    )
    marks: list[alt.Chart] = [cells]
    if across <= 24:
        light = alt.condition("datum.bits < 5", alt.value("white"), alt.value("black"))  # on the ends of cividis
        marks.append(
            alt.Chart(rows).mark_text(style="label", tooltip=None).encode(x=x, y=down, text="code:O", color=light)
        )
    note = f"the first {across} of {every} tokens" if across < every else f"{every} tokens"
    title = alt.TitleParams("The codes of this text", subtitle=[note], color=INK)
    width, height = min(860, max(200, 34 * across)), max(60, 18 * len(result.layers))
    chart = alt.layer(*marks).properties(width=width, height=height, title=title, description=result.headline())
    return dressed(chart)


def _cells(tokens: pd.DataFrame) -> pd.DataFrame:
    """Return one row a token and layer: the code taken first and `also`, those besides; codes are text, none is "–"."""
    place = ["position", "layer"]
    others: dict[tuple[int, str], list[str]] = {}
    for position, layer, code in tokens.loc[tokens["slot"] > 0, [*place, "code"]].itertuples(index=False):
        others.setdefault((position, layer), []).append(str(code))
    first = tokens[tokens["slot"] == 0]
    also = [", ".join(others.get(where, [])) for where in first[place].itertuples(index=False, name=None)]
    return first.assign(also=also, code=["–" if code < 0 else str(code) for code in first["code"]])
