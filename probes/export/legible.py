"""A chart's texts made fit to be drawn: what no SVG may hold is spelt out, wherever in the specification it stands.

The renderer ends the whole process over a NUL or an escape character in a word, be it only in a tooltip.
"""

import re
from typing import Any

_UNFIT = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # not in XML, or without a glyph
    r"|[\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # turns the text around it
)


def legible(part: Any) -> Any:
    """Return a specification with every unfit character of every key and text as ‹U+0000›, and the rest as it is."""
    if isinstance(part, str):
        return _UNFIT.sub(lambda found: f"‹U+{ord(found[0]):04X}›", part)
    if isinstance(part, list):
        return [legible(item) for item in part]
    if isinstance(part, dict):
        return {legible(name): legible(value) for name, value in part.items()}
    return part
