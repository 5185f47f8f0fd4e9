"""How every figure looks: colours that survive colour blindness and grey print, and two dresses, screen and paper.

Okabe & Ito (2008) for categories, cividis (Nuñez et al., 2018) for amounts. On screen nothing fixes a background: the
page's own light or dark theme does. Paper is what `probes.export` prints: white, small, one face of one named family,
so that the same figure gives the same bytes. Plain values: what draws is in `theme`, which costs an import of altair.
"""

from typing import Any

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
VERMILLION, SKY, YELLOW, GREY = "#D55E00", "#56B4E9", "#F0E442", "#8A8A8A"
OKABE_ITO = (BLUE, ORANGE, GREEN, PURPLE, VERMILLION, SKY, YELLOW, GREY)

CATEGORIES = {
    "keyword": (BLUE, "square"),
    "identifier": (ORANGE, "circle"),
    "literal": (GREEN, "triangle-up"),
    "operator": (PURPLE, "diamond"),
    "punctuation": (GREY, "cross"),
}
"""Kind of word → colour and shape: told by both, so that grey print keeps the difference."""

_DARK = "isString(background) && luminance(background) < 0.35"  # no background, or a transparent one, counts as light
INK, MUTED = f"{_DARK} ? '#ECECEC' : '#1B1B1B'", f"{_DARK} ? '#A9A9A9' : '#6A6A6A'"
HALO = "isString(background) ? background : 'white'"
"""Vega expressions of the colours that follow the page's background; `theme` has them as altair takes them."""

PAPER_FONTS = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
"""Always more than one: vl-convert draws a family it does not know, with no fallback listed, as no text at all."""

HAIR = 1e-9
"""Of a cell's width, between two: with none, at some widths the first is rounded to before its axis, and not named."""

MAX_ROWS = 5_000
"""Above this many rows of marks a figure shows fewer and says so in its subtitle."""


def _config(sizes: tuple[float, float, float, float], stroke: float) -> dict[str, Any]:
    """Return what both dresses share; sizes are those of labels, axis titles, figure title and text on marks."""
    label, title, head, text = sizes
    amounts = {"scheme": "cividis"}
    config: dict[str, Any] = {
        "title": {"anchor": "start", "frame": "group", "fontSize": head, "offset": head * 0.8},
        "axis": {"labelFontSize": label, "titleFontSize": title, "gridOpacity": 0.5, "labelLimit": 150},
        "axisX": {"grid": False},
        "axisBand": {"labelFlush": False},  # a page's own theme would push the first and last name off their row
        "legend": {"labelFontSize": label, "titleFontSize": title, "orient": "top", "direction": "horizontal"},
        "view": {"stroke": None},
        "scale": {"rectBandPaddingInner": HAIR},
        "line": {"strokeWidth": stroke * 1.4},
        "range": {"category": list(OKABE_ITO), "ramp": amounts, "heatmap": amounts},
        "params": [{"name": "textSize", "value": text}],  # what a word's room is measured by
        "style": _styles(label, text, stroke),
    }
    config["title"] |= {"subtitleFontSize": label, "subtitlePadding": label * 0.35, "subtitleColor": {"expr": MUTED}}
    config["axis"] |= {"labelPadding": label * 0.4, "titlePadding": label * 0.7}
    config["legend"] |= {"labelPadding": label * 0.3, "padding": 0, "offset": label * 0.8, "columnPadding": label}
    config["legend"] |= {"rowPadding": label * 0.2, "labelLimit": 400, "titleLimit": 400}
    config["legend"] |= {"symbolSize": label * 6, "symbolStrokeWidth": stroke, "symbolOpacity": 1}
    return config


def _styles(label: float, text: float, stroke: float) -> dict[str, Any]:
    """Return the named looks that marks ask for, so that their sizes follow the dress."""
    return {
        "word": {"fontSize": text},
        "label": {"fontSize": text * 0.92},
        "note": {"fontSize": label},
        "dot": {"size": text**2 * 0.45, "strokeWidth": stroke},
        "ring": {"size": text**2 * 1.9, "strokeWidth": stroke * 1.2},
        "span": {"strokeWidth": stroke * 0.8},
        "hairline": {"strokeWidth": stroke * 0.6},
    }


def screen() -> dict[str, Any]:
    """Return the Vega-Lite config of figures in a page or a notebook: no background and no family of its own."""
    return _config((12, 13, 15, 11), 1.5)


def paper(size: float = 7.0, family: str = PAPER_FONTS) -> dict[str, Any]:
    """Return the Vega-Lite config of printed figures: white, `size` pt labels, normal weight, `family` throughout."""
    config = _config((size, size + 0.5, size + 1.5, size), 0.9)
    config["title"] |= {"fontWeight": "normal", "subtitleFontWeight": "normal"}
    config["axis"] |= {"titleFontWeight": "normal", "tickSize": 2.5, "labelColor": "#1B1B1B", "titleColor": "#1B1B1B"}
    config["axis"] |= {
        "domainColor": "#6A6A6A",
        "tickColor": "#6A6A6A",
        "domainWidth": 0.6,
        "tickWidth": 0.6,
        "gridWidth": 0.5,
    }
    config["legend"] |= {"titleFontWeight": "normal", "labelColor": "#1B1B1B"}
    return config | {"background": "white", "font": family, "padding": 2, "aria": False}
