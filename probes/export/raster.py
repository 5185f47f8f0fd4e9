"""Many marks as one picture: in a drawn SVG, each crowded group of marks becomes an image in its own place.

20,000 points are 5 MB of SVG and 14 MB of PDF, and stall whatever opens them. Axes, legend and text stay vectors. The
image is drawn by the same renderer from the same SVG, so a point lies where its vector would.
"""

import base64
import copy
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

MOST_MARKS = 5_000
"""A figure with more marks than this has its crowded groups rasterised."""
CROWDED = 500
"""Marks in a group from which on it is worth a picture, in such a figure."""
SCALE = 4
"""Pixels a point (288 an inch); whole, so that picture and page share their grid."""

_SVG = "http://www.w3.org/2000/svg"
_LINK = "http://www.w3.org/1999/xlink"
_MOVED = re.compile(r"translate\(\s*([-0-9.e]+)[ ,]+([-0-9.e]+)\s*\)")
Path = list[ET.Element]


def rasterised(svg: str, png: Callable[[str, float], bytes]) -> str:
    """Return the SVG with its crowded groups of marks as images; `png(svg, scale)` draws one. Few marks: unchanged."""
    if svg.count("<path") + svg.count("<line") + svg.count("<rect") + svg.count("<image") <= MOST_MARKS:
        return svg
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _LINK)
    root = ET.fromstring(svg)  # our own renderer's output
    groups = [path for path in _paths([root]) if _is_marks(path[-1])]
    if sum(len(path[-1]) for path in groups) <= MOST_MARKS:
        return svg
    for path in groups:
        if len(path[-1]) >= CROWDED:
            _replace(path, png)
    return ET.tostring(root, encoding="unicode")


def _paths(path: Path) -> list[Path]:
    """Return the way from the root to every group, in the order they are drawn."""
    found = [path] if path[-1].tag == f"{{{_SVG}}}g" else []
    for child in path[-1]:
        if child.tag == f"{{{_SVG}}}g":
            found += _paths([*path, child])
    return found


def _is_marks(group: ET.Element) -> bool:
    """Say whether a group holds marks of the data: not text, which stays selectable, nor parts of axes and legends."""
    kinds = group.get("class", "").split()
    return "role-mark" in kinds and not {"mark-text", "mark-group"} & set(kinds)


def _replace(path: Path, png: Callable[[str, float], bytes]) -> None:
    root, group = path[0], path[-1]
    wide, high = (math.ceil(float(root.get(side, "0"))) for side in ("width", "height"))
    picture = base64.b64encode(png(_alone(path, wide, high), SCALE)).decode()
    x, y = _offset(path)
    place = {"x": f"{-x:g}", "y": f"{-y:g}", "width": f"{wide}", "height": f"{high}", "preserveAspectRatio": "none"}
    group[:] = [ET.Element(f"{{{_SVG}}}image", {**place, f"{{{_LINK}}}href": f"data:image/png;base64,{picture}"})]
    for name in ("opacity", "clip-path"):  # already in the picture
        group.attrib.pop(name, None)


def _alone(path: Path, wide: int, high: int) -> str:
    """Return an SVG of the same page with nothing on it but the last group of `path`."""
    page = ET.Element(path[0].tag, {**path[0].attrib, "width": f"{wide}", "height": f"{high}"})
    page.set("viewBox", f"0 0 {wide} {high}")
    page.extend(copy.deepcopy(part) for part in path[0] if part.tag == f"{{{_SVG}}}defs")
    holder = page
    for step in path[1:-1]:
        kept = {name: value for name, value in step.attrib.items() if name not in ("opacity", "clip-path")}
        holder = ET.SubElement(holder, step.tag, kept)
    holder.append(path[-1])
    return ET.tostring(page, encoding="unicode")


def _offset(path: Path) -> tuple[float, float]:
    """Return how far the groups on the way have moved the origin."""
    x = y = 0.0
    for step in path[1:]:
        for dx, dy in _MOVED.findall(step.get("transform", "")):
            x, y = x + float(dx), y + float(dy)
    return x, y
