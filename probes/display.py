"""A Result at the end of a notebook's cell: what was found, the main figure, and where the numbers come from.

The HTML stands alone: the figure is an SVG inside it, so that a stored notebook shows it offline and runs no script.
Beside it goes the chart itself, for frontends that draw Vega-Lite.
"""

import base64
import html
from dataclasses import dataclass
from typing import Any

from probes import analyses
from probes.errors import StrataError
from probes.export import Look, draw, mimetype
from probes.figures.words import visible

_TITLE = "font-size:1.15em;font-weight:600;margin:0 0 .5em"


def mimebundle(result: Any) -> dict[str, Any]:
    """Return the Result as text, as HTML and as a Vega-Lite chart."""
    chart = analyses.figure(result)
    return {
        "text/plain": _plain(result),
        "text/html": _page(result, _drawn(chart, result.headline())),
        **mimetype(chart),
    }


@dataclass(frozen=True)
class Picture:
    """A figure that shows itself in a notebook: the drawing, which needs nothing else, and the chart it is of."""

    chart: Any
    about: str

    def _repr_mimebundle_(self, **_asked: Any) -> dict[str, Any]:
        return {"text/plain": visible(self.about), "text/html": _drawn(self.chart, self.about), **mimetype(self.chart)}


def show(result: Any, figure: str = "") -> Picture:
    """Return a Result's figure, by its name or the main one, as it is shown in a notebook and stored there."""
    chart = analyses.figure(result, figure)
    about = getattr(chart, "description", None)
    return Picture(chart, about if isinstance(about, str) else result.headline())


def _drawn(chart: Any, about: str) -> str:
    """Return the figure as an image, or why there is none."""
    try:
        return _image(draw(chart, "svg", Look()), about)
    except StrataError as error:
        return f"<p>{_text(error)}</p>"


def _plain(result: Any) -> str:
    return "\n".join(visible(line) for line in (result.headline(), *(f"Note: {note}" for note in result.source.notes)))


def _page(result: Any, drawn: str) -> str:
    notes = "".join(f"<li>{_text(note)}</li>" for note in result.source.notes)
    rows = "".join(
        f"<tr><th style='text-align:left'>{_text(name)}</th><td style='text-align:left'>{_text(value)}</td></tr>"
        for name, value in _facts(result.source.as_dict())
    )
    return (
        f"<div><p style='{_TITLE}'>{_text(result.headline())}</p>{drawn}"
        f"{f'<ul>{notes}</ul>' if notes else ''}"
        f"<details><summary>Where these numbers come from</summary><table>{rows}</table></details></div>"
    )


def _facts(source: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the provenance as rows: names in words, versions on one line; the notes stand above already."""
    versions = ", ".join(f"{name} {version}" for name, version in source.get("versions", {}).items())
    kept = {name: value for name, value in source.items() if name not in ("notes", "versions")}
    return [(name.replace("_", " "), str(value)) for name, value in (kept | {"versions": versions}).items()]


def _image(svg: bytes, alt: str) -> str:
    # inside an image no script of an SVG runs and nothing of it is selectable by the page's own styles
    data = base64.b64encode(svg).decode()
    return f"<img alt='{_text(alt)}' style='max-width:100%;background:white' src='data:image/svg+xml;base64,{data}'>"


def _text(value: object) -> str:
    return html.escape(visible(str(value)))
