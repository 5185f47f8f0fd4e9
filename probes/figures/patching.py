"""What exchanged states do to a prediction: a grid of layers and tokens or heads, its control, the best."""

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, ORANGE
from probes.figures.theme import INK, MUTED, dressed, message
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.intervention import PatchingResult

ACROSS = 40
"""Tokens drawn."""
ONE = {
    "residual": "one state",
    "attention": "one output of an attention",
    "mlp": "one output of an MLP",
    "heads": "one head, at all tokens,",
}
THIS, NEIGHBOUR = "this token", "its neighbour"


def patches(result: "PatchingResult") -> alt.LayerChart:
    """Draw which part of the difference each state recovers, by layer and token."""
    return _grid(result, THIS, f"What {ONE[result.site]} recovers")


def wrong_tokens(result: "PatchingResult") -> alt.LayerChart:
    """Draw the control: what the state of the neighbouring token recovers, on the same colours."""
    return _grid(result, NEIGHBOUR, f"What {ONE[result.site]} recovers when it is the neighbouring token's")


def best_by_layer(result: "PatchingResult") -> alt.LayerChart:
    """Draw what the best token of each layer recovers, beside the best of the neighbours' states."""
    rows = result.layers.assign(at=[_seen(token) for token in result.layers["at"]])
    layers = rows.drop_duplicates("layer")["layer"].tolist()
    axis = alt.Axis(values=layers[:: -(-len(layers) // 14)], labelAngle=0, labelOverlap=False)
    x = alt.X("layer:O", sort=layers, title="layer", axis=axis, scale=alt.Scale(domain=layers))
    names = [name for name in (THIS, NEIGHBOUR) if name in set(rows["patch"])]
    colour = alt.Color("patch:N", title="state of", scale=alt.Scale(domain=names, range=[BLUE, ORANGE][: len(names)]))
    shapes = alt.Scale(domain=names, range=["circle", "square"][: len(names)])
    base = alt.Chart(rows).encode(x=x)
    y = alt.Y("most:Q", title="recovered by the best")
    line = base.mark_line(tooltip=None).encode(y=y, color=colour)
    told = ["layer:O", "patch:N", alt.Tooltip("at:N", title="best"), alt.Tooltip("most:Q", format=".2f")]
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=y, color=colour, shape=alt.Shape("patch:N", title="state of", scale=shapes), tooltip=told
    )
    marks = alt.Chart(pd.DataFrame({"mark": [0.0, 1.0]})).mark_rule(stroke=MUTED, style="hairline", tooltip=None)
    title = alt.TitleParams("The best state of each layer", subtitle=[_scale(result)], color=INK)
    chart = alt.layer(marks.encode(y=alt.Y("mark:Q", title="recovered by the best")), line, dots)
    return dressed(chart.properties(width=640, height=280, title=title, description=result.headline()))


def _grid(result: "PatchingResult", patch: str, head: str) -> alt.LayerChart:
    rows = result.cells[(result.cells["patch"] == patch) & (result.cells["position"] < ACROSS)]
    if rows.empty:
        return message("This run was asked for no control.")
    by = "head" if result.site == "heads" else "position"
    places = rows.drop_duplicates(by)
    labels = {n: f"{n}\u00a0{_seen(t)}".rstrip("\u00a0") for n, t in zip(places[by], places["token"], strict=True)}
    rows = rows.assign(into=[labels[n] for n in rows[by]], given=[_seen(token) for token in rows["given"]])
    rows = rows.drop(columns=["token", "patch"])
    reach = max(1.0, float(result.cells["recovered"].abs().quantile(0.995)))
    scale = alt.Scale(scheme="blueorange", reverse=True, domain=[-reach, reach], clamp=True)
    colour = alt.Color("recovered:Q", title="recovered", scale=scale)
    layers = rows.sort_values("order", ascending=False)["layer"].drop_duplicates().tolist()
    down = alt.Y("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers))
    axis = alt.Axis(orient="top", labelAngle=-50 if by == "position" else 0, labelLimit=140, labelOverlap=False)
    x = alt.X("into:N", sort=list(labels.values()), title=None if by == "position" else "head", axis=axis)
    seen: list[Any] = [alt.Tooltip("into:N", title="into"), alt.Tooltip("given:N", title="from"), "layer:O"]
    seen = seen if by == "position" else [alt.Tooltip("into:N", title="head"), "layer:O"]
    seen += [alt.Tooltip("recovered:Q", format=".3f"), alt.Tooltip("value:Q", title=result.metric, format=".3f")]
    cells = alt.Chart(rows).mark_rect().encode(x=x, y=down, color=colour, tooltip=seen)
    title = alt.TitleParams(head, subtitle=[_scale(result)], color=INK)
    size = {"width": max(240, 44 * len(labels)), "height": 16 * (result.depth + 1)}
    chart = alt.layer(cells).properties(**size, title=title, description=result.headline())
    return dressed(chart)


def _scale(result: "PatchingResult") -> str:
    start, end = result.values["without"], result.values["full"]
    names = " over ".join(repr(_seen(answer)) for answer in result.answers)
    return f"0: {result.metric} {start:.2f} as without, 1: {end:.2f} as of the other prompt ({names})"


def _seen(token: str) -> str:
    return shorten(visible(token).replace(" ", "␣"), 14) if token else ""
