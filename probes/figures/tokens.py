"""A text as the model cuts it: one box a token, in the order it is read, wrapped like the text itself.

The boxes of one word share a tint and the next word has the other, so that a cut inside a word is seen at once.
"""

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE
from probes.figures.theme import INK, dressed, message
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.checkup import TokensResult

MOST = 500
"""Tokens drawn; a longer text says how many more there are."""
LINE = 92
"""Letters a line holds, a wide one counted twice."""
LONGEST = 40  # letters of one box
LETTER, ROW = 8.4, 26  # pixels
MONO = "DejaVu Sans Mono, Liberation Mono, Menlo, Consolas, Courier New, monospace"

KINDS = {"one word": BLUE, "the next word": ORANGE, "no word": GREY, "added by the tokenizer": GREEN}
"""What a token is part of → its colour, of which a tint is drawn, so that letters stay readable on any ground."""
TINT = 0.28


def pieces(result: "TokensResult") -> alt.LayerChart:
    """Draw the text cut into its tokens; hovering a box tells its token, id, bytes and place."""
    if result.tokens.empty:
        return message("This text gives no token, and the tokenizer adds none of its own.")
    boxes = _placed(result.tokens.head(MOST), result.text)
    lines = int(boxes["line"].max()) + 1
    across = alt.Scale(domain=[0, LINE + 2], nice=False)
    down = alt.Scale(domain=[0, lines], reverse=True, nice=False)
    title = alt.TitleParams(
        f"As {shorten(visible(result.tokenizer), 40)} cuts it",
        subtitle=_said(result),
        color=INK,
    )
    chart = alt.layer(_boxes(boxes, across, down), letters(boxes, across, down)).properties(
        width=LETTER * (LINE + 2), height=ROW * lines, title=title, description=result.headline(), autosize="pad"
    )
    return dressed(chart)


def _said(result: "TokensResult") -> list[str]:
    count, words = len(result.tokens), len(result.words)
    signs = "blanks and line ends are drawn as signs, bytes that are no letter alone by their numbers"
    rest = [f"the first {MOST} of {count:,} tokens"] if count > MOST else []
    return [f"{result.whole:,} of {words:,} words are one token; {signs}", *rest]


def _placed(tokens: pd.DataFrame, text: str) -> pd.DataFrame:
    """Return one row a box: what stands in it, its line and where it is in the line."""
    shown = [shorten(_label(row), LONGEST) for row in tokens.itertuples()]
    boxes = laid(shown, ["\n" in cover for cover in tokens["covers"]])
    boxes["part of"] = [_kind(token) for token in tokens.itertuples()]
    boxes["token"] = [shorten(visible(name), 80) for name in tokens["token"]]
    boxes["covers"] = [shorten(visible(cover), 80) if cover else "" for cover in tokens["covers"]]
    for name in ("position", "id", "start", "end", "bytes"):
        boxes[name] = tokens[name].to_numpy()
    boxes["bytes"] = [shorten(name, 80) for name in boxes["bytes"]]
    return boxes


def laid(shown: Sequence[str], ends: Sequence[bool]) -> pd.DataFrame:
    """Return one row a label, wrapped like text: shown, line, left, right, middle, top, bottom, height.

    `ends` says after which ones a line ends.
    """
    rows, at, line = [], 0, 0
    for label, end in zip(shown, ends, strict=True):
        wide = _wide(label) + 1
        if at and at + wide > LINE:
            at, line = 0, line + 1
        rows.append({"shown": label, "line": line, "left": at + 0.1, "right": at + wide - 0.1})
        at += wide
        if end and at:
            at, line = 0, line + 1
    boxes = pd.DataFrame(rows)
    boxes["middle"] = (boxes["left"] + boxes["right"]) / 2
    boxes["top"], boxes["bottom"] = boxes["line"] + 0.1, boxes["line"] + 0.9
    boxes["height"] = boxes["line"] + 0.5
    return boxes


def _kind(token: Any) -> str:
    if token.added:
        return "added by the tokenizer"
    if token.word < 0:
        return "no word"
    return "one word" if token.word % 2 == 0 else "the next word"


def _label(token: Any) -> str:
    """Return what stands in a box: the token's own text where its bytes are one, else the bytes."""
    if token.added or not token.bytes:
        return visible(token.token)
    try:
        text = bytes.fromhex(token.bytes).decode()
    except ValueError:  # a part of a letter
        return token.bytes.replace(" ", "·")
    return visible(text).replace(" ", "␣")


def _wide(label: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in label)


def _boxes(boxes: pd.DataFrame, across: alt.Scale, down: alt.Scale) -> Any:
    colours = alt.Scale(domain=list(KINDS), range=list(KINDS.values()))
    legend = alt.Legend(symbolOpacity=TINT + 0.15, symbolType="square")
    told = ["token", "id", "bytes", "covers", "position", "start", "end"]
    return (
        alt.Chart(boxes)
        .mark_rect(stroke=INK, strokeOpacity=0.35, fillOpacity=TINT, style="span", cornerRadius=2)
        .encode(
            x=alt.X("left:Q", axis=None, scale=across),
            x2="right",
            y=alt.Y("top:Q", axis=None, scale=down),
            y2="bottom",
            fill=alt.Fill("part of:N", title=None, scale=colours, legend=legend),
            tooltip=[alt.Tooltip(f"{name}:N") for name in told],
        )
    )


def letters(boxes: pd.DataFrame, across: alt.Scale, down: alt.Scale) -> Any:
    """Return what stands in the boxes, as a layer."""
    mark = alt.Chart(boxes[["shown", "middle", "height"]]).mark_text(
        style="word", font=MONO, fill=INK, align="center", baseline="middle", tooltip=None, aria=False
    )
    x = alt.X("middle:Q", axis=None, scale=across)
    return mark.encode(x=x, y=alt.Y("height:Q", axis=None, scale=down), text="shown:N")
