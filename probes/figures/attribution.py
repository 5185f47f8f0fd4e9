"""Attributions drawn: tokens tinted by their part, layer by layer, on the tree, and what is left as they are taken out.

Blue speaks for the output, orange against it; the darker, the more. Colours are fixed so that both themes keep them.
"""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, GREY, MAX_ROWS, ORANGE
from probes.figures.theme import INK, MUTED, SHAPED, dressed, message
from probes.figures.tokens import LETTER, LINE, LONGEST, MOST, ROW, laid, letters
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.attribution import AttributionResult

FOR, AGAINST = "for it", "against it"
STRONGEST = 0.65
"""Opacity of the largest value: letters stay readable on it in both themes."""
ACROSS = 60
"""Tokens drawn side by side."""


def signed_tokens(result: "AttributionResult") -> alt.LayerChart:
    """Draw the text, every token tinted by what it carries; hovering one tells its value."""
    tokens = result.tokens.head(MOST)
    shown = [shorten(_piece(token), LONGEST) for token in tokens["token"]]
    boxes = laid(shown, ["\n" in token for token in tokens["token"]])
    boxes["token"] = [shorten(visible(token), 80) for token in tokens["token"]]
    boxes["speaks"] = np.where(tokens["value"] >= 0, FOR, AGAINST)
    boxes["strength"] = (tokens["value"].abs() / (result.tokens["value"].abs().max() or 1)).to_numpy()
    for name in ("position", "value", "part"):
        boxes[name] = tokens[name].to_numpy()
    lines = int(boxes["line"].max()) + 1
    across, down = alt.Scale(domain=[0, LINE + 2], nice=False), alt.Scale(domain=[0, lines], reverse=True, nice=False)
    title = alt.TitleParams(_capital(shorten(visible(result.asked), 80)), subtitle=_said(result), color=INK)
    chart = alt.layer(_tints(boxes, across, down), letters(boxes, across, down)).properties(
        width=LETTER * (LINE + 2), height=ROW * lines, title=title, description=result.headline(), autosize="pad"
    )
    return dressed(chart)


def _piece(token: str) -> str:
    return visible(token).replace(" ", "␣")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _said(result: "AttributionResult") -> list[str]:
    lines = [f"by {result.method}; without a token: {result.baseline}"]
    if len(result.predictions):
        rows = result.predictions.itertuples()
        lines.append("likeliest: " + ", ".join(f"{_piece(shorten(r.token, 20))} {r.probability:.2f}" for r in rows))
    if len(result.tokens) > MOST:
        lines.append(f"the first {MOST} of {len(result.tokens):,} tokens")
    return lines


def _tints(boxes: pd.DataFrame, across: alt.Scale, down: alt.Scale) -> Any:
    colours = alt.Scale(domain=[FOR, AGAINST], range=[BLUE, ORANGE])
    legend = alt.Legend(symbolOpacity=STRONGEST, symbolType="square")
    columns = ["left", "right", "top", "bottom", "speaks", "strength", "token", "position", "value", "part"]
    told = [
        alt.Tooltip("token:N"),
        alt.Tooltip("position:Q"),
        alt.Tooltip("value:Q", format="+.3g"),
        alt.Tooltip("part:Q", format=".1%", title="of all values"),
    ]
    return (
        alt.Chart(boxes[columns])
        .mark_rect(stroke=INK, strokeOpacity=0.25, style="span", cornerRadius=2)
        .encode(
            x=alt.X("left:Q", axis=None, scale=across),
            x2="right",
            y=alt.Y("top:Q", axis=None, scale=down),
            y2="bottom",
            fill=alt.Fill("speaks:N", title=None, scale=colours, legend=legend),
            fillOpacity=alt.FillOpacity(
                "strength:Q", scale=alt.Scale(domain=[0, 1], range=[0, STRONGEST]), legend=None
            ),
            tooltip=told,
        )
    )


def tokens_by_layer(result: "AttributionResult") -> alt.LayerChart:
    """Draw every token, across, at every layer looked at, down."""
    if result.layers.empty:
        return message("This method does not go by layer. Choose layer integrated gradients or layer conductance.")
    depths = int(result.layers["order"].nunique())
    count = int(result.layers["position"].max()) + 1
    across = max(1, min(count, ACROSS, MAX_ROWS // depths))
    rows = result.layers[result.layers["position"] < across]
    labels = [
        f"{n + 1}\u00a0{shorten(visible(word.strip(' ') or word), 14)}"
        for n, word in enumerate(rows["token"].head(across))
    ]
    rows = rows.assign(
        shown=[labels[n] for n in rows["position"]], token=[shorten(visible(t), 40) for t in rows["token"]]
    )[["shown", "layer", "order", "token", "value"]]
    order = sorted(rows["order"].unique(), reverse=True)
    x = alt.X("shown:N", sort=labels, title=None, axis=alt.Axis(orient="top", labelAngle=-50, labelOverlap=False))
    y = alt.Y("layer:O", sort=[str(o) for o in order], title="layer")
    told = ["token:N", "layer:O", alt.Tooltip("value:Q", format="+.3g")]
    cells = alt.Chart(rows).mark_rect().encode(x=x, y=y, color=_signed(rows["value"]), tooltip=told)
    note = f"the first {across} of {count} tokens" if across < count else f"{count} tokens; layer 0 is what enters"
    title = alt.TitleParams(_capital(f"{result.method}, token by layer"), subtitle=[note], color=INK)
    width, height = min(860, max(240, 34 * across)), max(80, 22 * depths)
    chart = alt.layer(cells).properties(width=width, height=height, title=title, description=result.headline())
    return dressed(chart)


def _signed(values: pd.Series) -> alt.Color:
    most = float(values.abs().max()) or 1.0
    scale = alt.Scale(domain=[-most, 0, most], range=[ORANGE, "#F4F4F4", BLUE], interpolate="rgb")
    return alt.Color("value:Q", title="against it (orange), for it (blue)", scale=scale)


def on_the_tree(result: "AttributionResult") -> alt.LayerChart:
    """Draw the nodes of the tree over the tokens they cover, tinted by what their absence costs."""
    if result.nodes.empty:
        return message("Only occlusion by node has a tree. Choose it, and say which language the text is in.")
    first, last = int(result.nodes["first"].min()), int(result.nodes["last"].max())
    rows = result.nodes[result.nodes["first"] < first + 2 * ACROSS].head(MAX_ROWS).copy()
    rows["left"], rows["right"] = rows["first"] - 0.46, rows["last"].clip(upper=first + 2 * ACROSS) + 0.46
    rows["middle"] = (rows["left"] + rows["right"]) / 2
    rows["top"], rows["bottom"], rows["height"] = rows["depth"] + 0.06, rows["depth"] + 0.94, rows["depth"] + 0.5
    rows["type"] = [shorten(visible(name), 40) for name in rows["type"]]
    words = result.tokens.set_index("position")["token"]
    covers = zip(rows["first"], rows["last"], strict=True)
    rows["covers"] = [shorten(visible("".join(words.loc[a:b]).strip(" ")), 60) for a, b in covers]
    rows["room"] = rows["right"] - rows["left"]
    shown = min(last, first + 2 * ACROSS) - first + 1
    width = min(860, max(320, 26 * shown))
    slot = width / shown
    inner = (rows["depth"].shift(-1, fill_value=0) <= rows["depth"]).tolist()  # nothing below: the word itself
    said = [word if leaf else kind for word, kind, leaf in zip(rows["covers"], rows["type"], inner, strict=True)]
    rows["label"] = [
        name if len(name) * 6.4 < room * slot else "" for name, room in zip(said, rows["room"], strict=True)
    ]
    told = ["type:N", "covers:N", alt.Tooltip("value:Q", format="+.3g", title="lost without it")]
    x = alt.X("left:Q", axis=None, scale=alt.Scale(domain=[first - 0.5, first + shown - 0.5], nice=False, zero=False))
    depths = int(rows["depth"].max()) + 1
    y = alt.Y("top:Q", axis=None, scale=alt.Scale(domain=[0, depths], reverse=True, nice=False))
    columns = ["left", "right", "top", "bottom", "value", "type", "covers"]
    bars = alt.Chart(rows[columns]).mark_rect(stroke=GREY, style="span", cornerRadius=2)
    marks = [bars.encode(x=x, x2="right", y=y, y2="bottom", color=_signed(rows["value"]), tooltip=told)]
    text = alt.Chart(rows[["middle", "height", "label", "value"]]).mark_text(style="label", tooltip=None, aria=False)
    dark = f"abs(datum.value) > {0.6 * float(rows['value'].abs().max())} && datum.value > 0"
    marks.append(
        text.encode(
            x=alt.X("middle:Q", axis=None), y=alt.Y("height:Q", axis=None), text="label:N",
            color=alt.condition(dark, alt.value("white"), alt.value("#1B1B1B")),
        )
    )  # fmt: skip
    title = alt.TitleParams("What the score loses without each node", subtitle=["over the tokens it covers"], color=INK)
    chart = alt.layer(*marks).properties(width=width, height=26 * depths, title=title, description=result.headline())
    return dressed(chart.properties(autosize=SHAPED))


def taken_out_and_put_in(result: "AttributionResult") -> Any:
    """Draw what is left of the score as tokens are taken out or put in, largest first, beside random orders."""
    if result.curves.empty:
        return message("No tokens were taken out: ask with at least one random draw.")
    colours = alt.Scale(domain=["ours", "random"], range=[BLUE, GREY])
    views = []
    for way, said in (("deletion", "Taken out: lower is better"), ("insertion", "Put in: higher is better")):
        rows = result.curves[result.curves["way"] == way]
        x = alt.X("share:Q", title="tokens, largest first", axis=alt.Axis(format="%"))
        colour = alt.Color("by:N", title=None, scale=colours, legend=alt.Legend(symbolOpacity=1))
        band = alt.Chart(rows[["share", "low", "high", "by"]]).mark_area(opacity=0.2, tooltip=None)
        line = alt.Chart(rows[["share", "score", "by"]]).mark_line(point=True)
        y = alt.Y("score:Q", title="share of the score" if way == "deletion" else None)
        areas = [f"area: {result.areas[f'{way}, ours']:.2f}, random {result.areas[f'{way}, random']:.2f}"]
        told = ["by:N", alt.Tooltip("share:Q", format=".0%"), alt.Tooltip("score:Q", format=".2f")]
        layer = alt.layer(
            band.encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
            line.encode(x=x, y=y, color=colour, tooltip=told),
        )
        title = alt.TitleParams(said, subtitle=areas, color=INK, subtitleColor=MUTED)
        views.append(layer.properties(width=330, height=220, title=title))
    chart = alt.hconcat(*views, spacing=32).properties(description=result.headline(), autosize="pad")
    return dressed(chart)
