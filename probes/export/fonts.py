"""Which letters a figure is set in: families that are really there, and what stands in for one that is not.

vl-convert draws a family it does not know as no text at all, so every name is tried on one word before it is used.
"""

import re
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

import vl_convert

from probes.errors import StrataError
from probes.figures.dress import PAPER_FONTS

STACKS = {
    "sans": PAPER_FONTS,
    "serif": "Times New Roman, Times, Liberation Serif, DejaVu Serif, STIXGeneral, serif",
    "mono": "Courier New, Liberation Mono, DejaVu Sans Mono, monospace",
}
"""Short names → families, the first that is installed being used."""

_NAME = re.compile(r"[\w .'-]{1,80}")


def has_font(pdf: bytes) -> bool:
    """Say whether a PDF carries at least one embedded font, which one with any text must."""
    return b"/FontFile" in pdf


@lru_cache(maxsize=256)
def installed(family: str) -> bool:
    """Say whether one word set in this family alone comes out as text."""
    word = {"data": {"values": [{}]}, "mark": {"type": "text", "font": family, "text": "probe"}}
    return has_font(vl_convert.vegalite_to_pdf(word, allowed_base_urls=[]))


@lru_cache(maxsize=64)
def resolve(font: str) -> tuple[str, str]:
    """Return the families to ask for, and a sentence when the one that was wanted is not installed ("" when it is).

    `font` is a name of STACKS, a family, or several in order of preference. Raises StrataError E-EXPORT-FONT when it
    is no font name, or when neither it nor any family to fall back on is there.
    """
    ours = STACKS.get(font, font) in STACKS.values()
    names = [part.strip().strip("'\"") for part in STACKS.get(font, font).split(",") if part.strip()]
    if not names or not all(_NAME.fullmatch(name) for name in names):
        raise StrataError(
            "E-EXPORT-FONT",
            f"{font[:80]!r} is not the name of a font.",
            "Names are letters, digits, blanks and hyphens, several being divided by commas.",
            f"Choose one of {', '.join(STACKS)}, or name an installed family.",
        )
    have = [name for name in names if installed(name)]
    spare = [] if have else _spare()
    used = [*have, *spare]
    if not used:
        raise no_font(font)
    note = "" if ours or used[0] == names[0] else f"'{names[0]}' is not installed here: the text is set in {used[0]}."
    return ", ".join([*names, *spare]), note


def no_font(font: str) -> StrataError:
    """Return the refusal of a figure that would have no text."""
    return StrataError(
        "E-EXPORT-FONT",
        f"No font of '{font[:80]}' is installed, nor any to fall back on: the figure would have no text.",
        fix="Install one of: Liberation Sans, DejaVu Sans.",
    )


def _spare() -> list[str]:
    """Return the first family to fall back on that is there, looking at last in what other packages bring along."""
    names = PAPER_FONTS.split(", ")
    found = [name for name in names if installed(name)]
    if not found and _register():
        installed.cache_clear()
        found = [name for name in names if installed(name)]
    return found[:1]


@cache
def _register() -> bool:
    """Offer the DejaVu and STIX fonts that matplotlib ships, for machines without any; say whether they are there.

    Only then: a font more would change which one draws a letter that the others lack.
    """
    found = find_spec("matplotlib")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" if found and found.origin else None
    if folder is None or not folder.is_dir():
        return False
    vl_convert.register_font_directory(str(folder))
    return True
