"""What the best layer's score is worth: against everything that could explain it, and in how many dimensions it is.

A score is read beside the scores of what knows less: control labels, random weights, the embeddings, the types of the
words alone, trees that no model drew. The dimension curve marks the least rank within one standard error of the best.
"""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, GREY
from probes.figures.theme import HALO, INK, dressed, message

if TYPE_CHECKING:
    from probes.syntax.analysis import SyntaxResult

F1 = "F1 of constituents"


def controls(result: "SyntaxResult") -> alt.LayerChart:
    """Draw the best layer and each control as a point with its interval, the best layer's score as a line down."""
    rows = result.controls[np.isfinite(result.controls["f1"].astype(float))].reset_index(drop=True)
    if len(rows) < 2:
        return message("This run was asked for no controls: there is nothing to compare the best layer with.")
    rows["shown"] = [_named(str(name), str(layer)) for name, layer in zip(rows["name"], rows["layer"], strict=True)]
    rows["is"] = np.where(rows.index == 0, "best layer", "control")
    axis = alt.Axis(ticks=False, domain=False, labelLimit=300, labelOverlap=False)
    y = alt.Y("shown:N", sort=rows["shown"].tolist(), title=None, axis=axis)
    top = min(1.0, float(np.nanmax(rows[["f1", "high"]].to_numpy(float))) * 1.08)
    x = alt.X("f1:Q", title=F1, scale=alt.Scale(domain=[0, top]))
    titles = {"f1": "F1", "low": "interval from", "high": "to", "gain": "best layer above it by"}
    titles |= {"gain_low": "from", "gain_high": "up to"}
    tooltip = ["shown:N", *(alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in titles.items())]
    if np.isfinite(rows["bits"].astype(float)).any():
        tooltip.append(alt.Tooltip("bits:Q", title="bits a tree", format=",.0f"))
    colour = alt.Color("is:N", legend=None, scale=alt.Scale(domain=["best layer", "control"], range=[BLUE, GREY]))
    base = alt.Chart(rows).encode(y=y)
    line = alt.Chart(rows.head(1)).mark_rule(stroke=BLUE, strokeDash=[4, 3], style="hairline", tooltip=None)
    low = alt.X("low:Q", title=F1)
    spread = base.mark_rule(tooltip=None, opacity=0.7).encode(x=low, x2="high:Q", color=colour)
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(x=x, color=colour, tooltip=tooltip)
    title = alt.TitleParams(f"Layer {result.best} against its controls", subtitle=_bits(result.controls), color=INK)
    chart = alt.layer(line.encode(x=x), spread, dots).properties(width=460, height=24 * len(rows), title=title)
    return dressed(chart.properties(description=result.headline()))


def _named(name: str, layer: str) -> str:
    """Say which layer a comparison is of, unless its name does."""
    if name.startswith("with"):
        return f"layer {layer.partition(' ')[0]} {name}"
    return f"{name}, layer {layer}" if layer and not name.startswith("layer") else name


def _bits(table: pd.DataFrame) -> list[str]:
    """Return the code lengths as a sentence in two lines."""
    coded = table[np.isfinite(table["bits"].astype(float))]
    if coded.empty:
        return []
    said = [f"{row.name} {row.bits:,.0f}" for row in coded.itertuples(index=False)]
    return ["bits to send a training tree, online code (fewer is better):", ", ".join(said)]


def dimension_curve(result: "SyntaxResult") -> alt.LayerChart:
    """Draw F1 of the best layer against the rank of its subspace, and ring the least rank that is as good."""
    rows = result.dimension
    if rows.empty:
        return message("This run was asked for no dimension curve.")
    ranks = rows["rank"].tolist()
    scale = alt.Scale(type="log", base=2, domain=[ranks[0], max(ranks[-1], 2)], nice=False)
    x = alt.X("rank:Q", title="dimensions of the subspace", scale=scale, axis=alt.Axis(values=ranks, format="d"))
    top = min(1.0, float(rows["high"].max()) * 1.12 + 0.02)
    y = alt.Y("f1:Q", title=F1, scale=alt.Scale(domain=[0, top]))
    base = alt.Chart(rows).encode(x=x)
    numbers = {"f1": "F1", "low": "interval from", "high": "to", "valid_f1": "F1 on validation"}
    tooltip = ["rank:Q", *(alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in numbers.items())]
    low = alt.Y("low:Q", title=F1)
    band = base.mark_area(opacity=0.16, fill=BLUE, tooltip=None, line=False).encode(y=low, y2="high:Q")
    line = base.mark_line(stroke=BLUE, tooltip=None).encode(y=y)
    dots = base.mark_point(filled=True, fill=BLUE, opacity=1, style="dot").encode(y=y, tooltip=tooltip)
    title = alt.TitleParams(f"How many dimensions layer {result.best} needs", color=INK)
    marks = [band, line, dots, *_smallest(rows, x, y)]
    chart = alt.layer(*marks).properties(width=520, height=260, title=title)
    return dressed(chart.properties(description=f"F1 of layer {result.best} by rank of its subspace."))


def _smallest(rows: pd.DataFrame, x: alt.X, y: alt.Y) -> list[Any]:
    """Return the ring and its words, set to the left of the curve's right half."""
    here = rows[rows["smallest"]].head(1)
    if here.empty:
        return []
    note = here.assign(note=[f"{int(here['rank'].iloc[0])} dimensions: within one s.e. of the best"])
    align = "right" if here.index[0] > len(rows) / 2 else "left"
    words: dict[str, Any] = {"style": "note", "align": align, "baseline": "top", "dy": 44, "tooltip": None}
    base = alt.Chart(note).encode(x=x, y=y)
    ring = base.mark_point(filled=False, style="ring", stroke=INK, shape="circle", tooltip=None)
    text = base.encode(text="note:N")
    return [ring, text.mark_text(**words, stroke=HALO, strokeWidth=3), text.mark_text(**words, fill=INK)]


def where_it_fails(result: "SyntaxResult", *, limit: int = 22) -> alt.LayerChart:
    """Draw the best layer's recall by kind of constituent and length, spans over the whole snippet left out."""
    return _heat(result, "length", "length in words", limit)


def by_depth(result: "SyntaxResult", *, limit: int = 22) -> alt.LayerChart:
    """Draw the best layer's recall by kind of constituent and depth, spans over the whole snippet left out."""
    return _heat(result, "depth", "constituents around it", limit)


def _heat(result: "SyntaxResult", by: str, title: str, limit: int) -> alt.LayerChart:
    cells = result.cells[~result.cells["whole"].astype(bool) & (result.cells["gold"] > 0)]
    if cells.empty:
        return message("No constituent below the whole snippet was found in the test functions.")
    often = cells.groupby("label")["gold"].sum().sort_values(ascending=False, kind="stable").head(limit)
    keys = ["label", by, f"{by}_from"]
    rows = cells[cells["label"].isin(often.index)].groupby(keys)[["gold", "hits"]].sum().reset_index()
    rows["recall"] = rows["hits"] / rows["gold"]
    rows["n"] = [f"{n:,}" for n in rows["gold"]]
    columns = rows.drop_duplicates(by).sort_values(f"{by}_from")[by].tolist()
    x = alt.X(f"{by}:O", sort=columns, title=title, axis=alt.Axis(labelAngle=0, ticks=False, domain=False))
    axis = alt.Axis(ticks=False, domain=False, labelLimit=240, labelOverlap=False)
    y = alt.Y("label:N", sort=often.index.tolist(), title=None, axis=axis)
    told = ["label:N", alt.Tooltip(f"{by}:N", title=title), alt.Tooltip("recall:Q", format=".2f"), "gold:Q", "hits:Q"]
    colour = alt.Color("recall:Q", title="recall", scale=alt.Scale(domain=[0, 1], scheme="cividis"))
    base = alt.Chart(rows).encode(x=x, y=y)
    tiles = base.mark_rect().encode(color=colour, tooltip=told)
    light = alt.condition("datum.recall > 0.55", alt.value("#1B1B1B"), alt.value("#FFFFFF"))
    counts = base.mark_text(style="label", tooltip=None).encode(text="n:N", color=light)
    note = [f"layer {result.best}; number: how many there are;", "spans over the whole function left out"]
    head = alt.TitleParams("Where it is right, and where it fails", subtitle=note, color=INK)
    chart = alt.layer(tiles, counts).properties(width=440, height=21 * len(often), title=head)
    return dressed(chart.properties(description=f"Recall of layer {result.best} by kind of constituent and {by}."))


def subspace_overlap(result: "SyntaxResult") -> alt.LayerChart:
    """Draw how much of their subspace two layers share, between probes of different starts, as times chance."""
    rows = result.agreement.copy()
    if rows.empty:
        return message("One start says nothing of how far a subspace is determined: ask with two seeds or more.")
    chance = float(rows["chance_overlap"].iloc[0])
    rows["times"] = rows["overlap"] / chance
    rows["shown"] = [f"{value:.2f}" for value in rows["overlap"]]
    order = list(result.layers)
    x = alt.X("layer:N", sort=order, title="layer, one start", axis=alt.Axis(labelAngle=0, ticks=False, domain=False))
    y = alt.Y("other:N", sort=order, title="layer, another start", axis=alt.Axis(ticks=False, domain=False))
    titles = {
        "overlap": "overlap",
        "chance_overlap": "by chance",
        "angle": "mean angle",
        "chance_angle": "by chance, °",
    }
    told = [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in titles.items()]
    top = max(1 / chance, 1.0)
    scale = alt.Scale(domain=[1, top], scheme="cividis", clamp=True)
    base = alt.Chart(rows).encode(x=x, y=y)
    colour = alt.Color("times:Q", title="times chance", scale=scale)
    tiles = base.mark_rect().encode(color=colour, tooltip=["layer:N", "other:N", *told])
    light = alt.condition(f"datum.times > {0.55 * top:.4f}", alt.value("#1B1B1B"), alt.value("#FFFFFF"))
    marks = alt.layer(tiles, base.mark_text(style="label", tooltip=None).encode(text="shown:N", color=light))
    note = ["mean squared cosine of the principal angles:", f"1 is the same subspace, chance is {chance:.2f}"]
    title = alt.TitleParams("Which layers share the subspace", subtitle=note, color=INK)
    side = max(160, 34 * len(order))
    chart = marks.properties(width=side, height=side, title=title)
    return dressed(chart.properties(description=f"Overlap of syntactic subspaces between layers; chance {chance:.2f}."))
