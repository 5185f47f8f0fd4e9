"""What leaves Strata for a paper: figures as vector or pixel files at a journal's widths, and the tables under them.

A figure is drawn again in the paper dress (`figures.theme.paper`) by vl-convert: no browser, no network. Vega-Lite
gives `width` to the data rectangle and adds axes, legend and title around it, so the page's width is found by
measuring: draw, compare, widen or narrow the views, at most a few times. One Vega pixel is one point of the page.
"""

import io
import re
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import pandas as pd
import vl_convert

from probes.errors import StrataError
from probes.figures.fit import fitted
from probes.figures.theme import PAPER_FONTS, paper

Width = Literal["single", "double", "slide"]
FigureFormat = Literal["pdf", "svg", "png"]
FrameFormat = Literal["csv", "parquet"]

WIDTHS = {"single": (3.25, 7.0), "double": (6.75, 7.5), "slide": (10.0, 14.0)}
"""Name → page width in inches and size of labels in points."""

FORMATS = {
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
"""Every kind of file → its media type: figures first, then data."""

PPI = 300
_TAG = re.compile(r"<[^>]*>")
_CLIP = re.compile(r"(?<=[\"#])clip\d+(?=[\")])")
_RESOURCES = re.compile(rb"(?:^ +/[a-z]+\d+ \d+ 0 R\n)+", re.MULTILINE)
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def figure_bytes(chart: Any, fmt: str, *, width: str = "double", font: str = PAPER_FONTS) -> bytes:
    """Return the figure as a PDF, SVG or PNG (300 ppi) file, white, `width` wide, its text set in `font`.

    Equal charts give equal SVG and PNG bytes; equal PDF bytes too, unless a word needs glyphs of a second font.
    Single views come out within 1 pt of the width; a composition as near as its axes and legends let it.
    Raises StrataError E-EXPORT-FORMAT, E-EXPORT-WIDTH, or E-EXPORT-FONT when no family of `font` is installed.
    """
    if fmt not in ("pdf", "svg", "png"):
        raise _unknown("E-EXPORT-FORMAT", f"A figure cannot be saved as '{fmt}'.", ("pdf", "svg", "png"))
    if width not in WIDTHS:
        raise _unknown("E-EXPORT-WIDTH", f"No page width is called '{width}'.", tuple(WIDTHS))
    _check_font(font)
    inches, size = WIDTHS[width]
    with alt.data_transformers.enable("default", max_rows=None):
        spec = chart.to_dict()
    spec["config"] = paper(size, font)
    spec = fitted(spec, points=inches * 72, size=size, measure=_width_of)
    if fmt == "svg":
        return _svg(spec).encode()
    if fmt == "png":
        return vl_convert.vegalite_to_png(spec, ppi=PPI, scale=1, allowed_base_urls=[])
    data = _same_order(vl_convert.vegalite_to_pdf(spec, allowed_base_urls=[]))
    if not has_font(data):
        raise _no_font(font)
    return data


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


def has_font(pdf: bytes) -> bool:
    """Say whether a PDF carries at least one embedded font, which one with any text must."""
    return b"/FontFile" in pdf


@lru_cache(maxsize=32)
def _check_font(font: str) -> None:
    """Draw one word in `font`: without the family vl-convert draws nothing, and no file may leave like that."""
    words = alt.Chart(pd.DataFrame({"word": ["probe"]})).mark_text(font=font).encode(text="word:N")
    if not has_font(vl_convert.vegalite_to_pdf(words.to_dict(), allowed_base_urls=[])):
        raise _no_font(font)


def _no_font(font: str) -> StrataError:
    return StrataError(
        "E-EXPORT-FONT",
        f"No font of '{font}' is installed, so the figure would have no text.",
        "A name that is not installed needs others after it to fall back on.",
        f"Install it, or list more: '{font}, Liberation Sans, sans-serif'.",
    )


def _unknown(code: str, what: str, choices: tuple[str, ...]) -> StrataError:
    return StrataError(code, what, fix=f"Choose one of: {', '.join(choices)}.")


def frame_bytes(frame: pd.DataFrame, fmt: str) -> bytes:
    """Return the table as UTF-8 CSV whose cells no spreadsheet runs, or as Parquet, which keeps types and texts."""
    if fmt == "csv":
        safe = frame.rename(columns=_safe).astype(object)  # objects: a column of str refuses half a surrogate pair
        for column, name in enumerate(frame):
            if not _numeric(frame[name]):
                safe.isetitem(column, pd.Series([_safe(cell) for cell in frame[name]], frame.index, dtype=object))
        return safe.to_csv(index=False, lineterminator="\n").encode("utf-8", "backslashreplace")
    if fmt == "parquet":
        target = io.BytesIO()
        frame.to_parquet(target, index=False)
        return target.getvalue()
    raise _unknown("E-EXPORT-FORMAT", f"A table cannot be saved as '{fmt}'.", ("csv", "parquet"))


def _numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))


def _safe(cell: Any) -> Any:
    """Put ' before a text that a spreadsheet would run as a formula (OWASP, CSV injection); numbers are left alone."""
    return "'" + cell if isinstance(cell, str) and _FORMULA.match(cell) else cell


def original(cell: Any) -> Any:
    """Return what a cell of our CSV was before it was made safe: `original(_safe(x)) == x` for every text."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell) else cell


def filename(kind: str, digest: str, fmt: str) -> str:
    """Return `strata-syntax-0123456789ab.pdf`: letters, digits and hyphens only, the digest saying which run it is."""
    stem = re.sub(r"[^a-z0-9]+", "-", f"strata-{kind}-{digest[:12]}".lower()).strip("-")
    return f"{stem}.{re.sub(r'[^a-z0-9]', '', fmt.lower())}"
