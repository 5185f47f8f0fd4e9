"""A figure as a file: vectors for print at a page's width, or pixels.

A figure is drawn again in the paper dress (`figures.dress.paper`) by vl-convert: no browser, no network. Vega-Lite
gives `width` to the data rectangle and adds axes, legend and title around it, so the page's width is found by
measuring: draw, compare, widen or narrow the views, at most a few times. One Vega pixel is one point of the page.
"""

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import vl_convert

from probes.errors import StrataError
from probes.export import fonts
from probes.export.legible import legible
from probes.export.names import FIGURES, unknown
from probes.export.raster import rasterised
from probes.export.thin import thinned
from probes.export.widths import SIZES, WIDTHS
from probes.figures.dress import PAPER_FONTS, paper
from probes.figures.fit import fitted

PPI = 300
_LIFTING = threading.Lock()  # altair keeps its row limit for the whole process, and two may export at once
_TAG = re.compile(r"<[^>]*>")
_CLIP = re.compile(r"(?<=[\"#])clip\d+(?=[\")])")
_RESOURCES = re.compile(rb"(?:^ +/[a-z]+\d+ \d+ 0 R\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Look:
    """How a figure is set: the page's width by name, the font, and the size of labels (none: the page's usual one)."""

    width: str = "double"
    font: str = PAPER_FONTS
    size: float | None = None

    @property
    def note(self) -> str:
        """Say what stands in for a font that is not installed; nothing when it is."""
        return fonts.resolve(self.font)[1]


def figure_bytes(
    chart: Any, fmt: str, *, width: str = "double", font: str = PAPER_FONTS, size: float | None = None
) -> bytes:
    """Return the figure as a PDF, SVG or PNG (300 ppi) file, white, `width` wide, its labels `size` pt of `font`.

    Equal charts give equal SVG and PNG bytes; equal PDF bytes too, unless a word needs glyphs of a second font.
    Single views come out within 1 pt of the width; a composition as near as its axes and legends let it. Above 5,000
    marks, points are pixels in PDF and SVG too, and everything else stays vectors. A family that is not installed is
    replaced, with a warning. Raises StrataError E-EXPORT-FORMAT, E-EXPORT-WIDTH, E-EXPORT-SIZE, or E-EXPORT-FONT when
    there is no font at all.
    """
    look = Look(width, font, size)
    data = draw(chart, fmt, look)
    if look.note:
        warnings.warn(look.note, stacklevel=2)
    return data


def draw(chart: Any, fmt: str, look: Look) -> bytes:
    """Return what `figure_bytes` does, for callers that show `look.note` themselves."""
    if fmt not in FIGURES:
        raise unknown("E-EXPORT-FORMAT", f"A figure cannot be saved as '{fmt}'.", FIGURES)
    spec = _on_paper(chart, look)
    if fmt == "png":
        return vl_convert.svg_to_png(_svg(spec), scale=1, ppi=PPI)
    drawn = _vectors(spec)
    return drawn.encode() if fmt == "svg" else _pdf(drawn, look)


def both(chart: Any, look: Look) -> dict[str, bytes]:
    """Return the figure as SVG and as PDF, fitted and drawn once."""
    drawn = _vectors(_on_paper(chart, look))
    return {"svg": drawn.encode(), "pdf": _pdf(drawn, look)}


def mimetype(chart: Any) -> dict[str, Any]:
    """Return the chart as frontends take it that draw Vega-Lite themselves: data, without a script or an address."""
    with _altair() as alt, alt.renderers.enable("mimetype"):
        shown = chart._repr_mimebundle_() or {}
    kinds = shown[0] if isinstance(shown, tuple) else shown  # with metadata or without
    # a notebook may hold an object only under a type that ends in +json, which altair's misses by one letter
    named = {kind.removesuffix(".json").removesuffix("+json") + "+json": value for kind, value in kinds.items()}
    return {kind: legible(value) for kind, value in named.items() if "vegalite" in kind}


@contextmanager
def _altair() -> Iterator[Any]:
    """Give altair, its limit of rows lifted."""
    import altair  # on use: a fifth of a second that the first page must not wait for

    with _LIFTING, altair.data_transformers.enable("default", max_rows=None):
        yield altair


def _vectors(spec: dict[str, Any]) -> str:
    return rasterised(_svg(spec), lambda svg, scale: vl_convert.svg_to_png(svg, scale=scale))


def _pdf(drawn: str, look: Look) -> bytes:
    data = _same_order(vl_convert.svg_to_pdf(drawn))
    if not fonts.has_font(data):
        raise fonts.no_font(look.font)
    return data


def _on_paper(chart: Any, look: Look) -> dict[str, Any]:
    """Return the chart's specification in its paper dress, fitted to the page."""
    if look.width not in WIDTHS:
        raise unknown("E-EXPORT-WIDTH", f"No page width is called '{look.width}'.", tuple(WIDTHS))
    inches, usual = WIDTHS[look.width]
    points = usual if look.size is None else look.size
    if not SIZES[0] <= points <= SIZES[1]:
        raise StrataError(
            "E-EXPORT-SIZE", f"Labels of {points:g} pt cannot be set.", fix=f"Choose {SIZES[0]:g} to {SIZES[1]:g} pt."
        )
    with _altair():
        spec = legible(chart.to_dict())
    spec["config"] = paper(points, fonts.resolve(look.font)[0])
    small = fitted(thinned(spec), points=inches * 72, size=points, measure=_width_of)
    return small | {"datasets": spec["datasets"]} if "datasets" in spec else small


def _svg(spec: dict[str, Any]) -> str:
    """Draw, and count clip paths from 1: Vega counts on from the figure before, so no two files would be equal."""
    seen: dict[str, str] = {}
    return _TAG.sub(
        lambda tag: _CLIP.sub(lambda clip: seen.setdefault(clip[0], f"clip{len(seen) + 1}"), tag[0]),
        vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]),
    )


def _same_order(pdf: bytes) -> bytes:
    """Sort the names in each resource dictionary, which come in the order of a hash that changes from run to run.

    Only lines of one object trade places, so the file's table of offsets stays true.
    """
    return _RESOURCES.sub(lambda run: b"".join(sorted(run[0].splitlines(keepends=True))), pdf)


def _width_of(spec: dict[str, Any]) -> float:
    """Return how wide the figure comes out, in points."""
    found = re.search(r'<svg[^>]*? width="([0-9.]+)"', _svg(spec))
    return float(found.group(1)) if found else 0.0
