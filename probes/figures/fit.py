"""A chart's specification made to fit a page: views resized, titles wrapped, legends folded, until its width is right.

Works on the plain Vega-Lite dictionary, single or composed. Heights follow the size of the text, not the width: a tree
has as many levels on a narrow page as on a wide one.
"""

import copy
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

SCREEN_SIZE = 12.0  # of labels, in the dress the figures' pixels were chosen for
NARROWEST = 60.0  # a data rectangle is never squeezed below this
PAIR_NEEDS = 400.0  # a page narrower than this has its views below one another
_TRIES = 6


def fitted(
    spec: dict[str, Any], *, points: float, size: float, measure: Callable[[dict[str, Any]], float]
) -> dict[str, Any]:
    """Return a copy of `spec`, whose config has labels of `size` pt, that `measure` finds nearest to `points` wide."""
    best, off = spec, float("inf")
    folds = (None, 3, 2, 1) if points >= PAIR_NEEDS else (2, 1)  # legends in one row if that fits, else folded
    for columns in folds:
        page = _scaled(spec, points=points, size=size, columns=columns)
        last = 0.0
        for _ in range(_TRIES):
            wide = measure(page)
            if abs(points - wide) < off:
                best, off = copy.deepcopy(page), abs(points - wide)
            if off < 1 or wide == last or not _widen(page, points - wide):
                break  # wide enough, or held wide by something else: a legend, a title
            last = wide
        if off < 1:
            break
    return best


def _scaled(spec: dict[str, Any], *, points: float, size: float, columns: int | None) -> dict[str, Any]:
    page = copy.deepcopy(spec)
    if "hconcat" in page and points < PAIR_NEEDS:
        page["vconcat"] = page.pop("hconcat")
        for view in page["vconcat"]:
            view["width"] = max(_number(v, "width") for v in _views(page))
    if columns is not None:
        page["config"]["legend"]["columns"] = columns
    if "spacing" in page:
        page["spacing"] *= size / SCREEN_SIZE
    factor = (points - 12) / _inner(page)
    for view in _views(page):
        view["width"] = max(_number(view, "width") * factor, NARROWEST)
        view["height"] = _number(view, "height") * size / SCREEN_SIZE
        _wrap(view, letters=max(int(min(view["width"], points - 30) / (size * 0.5)), 16))
    return page


def _views(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the views that have a size of their own: those that are not compositions."""
    parts = spec.get("hconcat") or spec.get("vconcat")
    if parts is None:
        yield spec
    for part in parts or []:
        yield from _views(part)


def _number(view: dict[str, Any], side: str) -> float:
    value = view.get(side)
    return float(value) if isinstance(value, int | float) else 300.0


def _inner(spec: dict[str, Any]) -> float:
    """Return the width of the data rectangles: the sum of those side by side, the widest of those below one another."""
    if "hconcat" in spec:
        return sum(_inner(part) for part in spec["hconcat"])
    if "vconcat" in spec:
        return max(_inner(part) for part in spec["vconcat"])
    return _number(spec, "width")


def _widen(page: dict[str, Any], by: float) -> bool:
    """Widen the data rectangles, each by its share of `by` points; say whether any could still change."""
    factor = (_inner(page) + by) / _inner(page)
    changed = False
    for view in _views(page):
        new = max(_number(view, "width") * factor, NARROWEST)
        changed = changed or abs(new - _number(view, "width")) > 0.01
        view["width"] = new
    return changed


def _wrap(view: dict[str, Any], *, letters: int) -> None:
    """Break the lines of a view's title and subtitle that are longer than `letters`."""
    title = view.get("title")
    if not isinstance(title, dict):
        return
    for part in ("text", "subtitle"):
        lines = title.get(part) or []
        lines = [lines] if isinstance(lines, str) else lines
        wrapped = [piece for line in lines for piece in textwrap.wrap(line, letters) or [""]]
        if wrapped:
            title[part] = wrapped
