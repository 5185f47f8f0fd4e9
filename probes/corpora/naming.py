"""What a language is called: `rus_Cyrl`, `ru` and `rus` are Russian; the code stays what files and addresses say."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parents[2] / "data" / "languages.txt"
SCRIPTS = {
    "Arab": "Arabic script",
    "Armn": "Armenian script",
    "Beng": "Bengali script",
    "Cyrl": "Cyrillic",
    "Deva": "Devanagari",
    "Ethi": "Ethiopic",
    "Hani": "Chinese characters",
    "Hans": "simplified",
    "Hant": "traditional",
    "Hebr": "Hebrew script",
    "Jpan": "Japanese script",
    "Latn": "Latin",
    "Mymr": "Burmese script",
    "Olck": "Ol Chiki",
    "Tfng": "Tifinagh",
    "Tibt": "Tibetan script",
}
"""What a script's code is called; those of one language alone go by its code."""
_REGIONS = """
AR=Argentina, AT=Austria, AU=Australia, BE=Belgium, BR=Brazil, CA=Canada
CH=Switzerland, CL=Chile, CN=China, CO=Colombia, DZ=Algeria, EG=Egypt
ES=Spain, GB=Britain, HK=Hong Kong, IE=Ireland, IN=India, IR=Iran
MA=Morocco, MX=Mexico, NI=Nicaragua, NZ=New Zealand, PE=Peru, PT=Portugal
SA=Saudi Arabia, SG=Singapore, TW=Taiwan, US=United States, VE=Venezuela, ZA=South Africa
"""
REGIONS = dict(pair.split("=") for pair in _REGIONS.strip().replace("\n", ", ").split(", "))
"""What a region's code is called, of those that catalogues of messages use most."""


@cache
def table() -> dict[str, str]:
    """Return the English name of every code that is known."""
    names: dict[str, str] = {}
    for line in TABLE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            short, long, name = line.split(" ", 2)
            names |= dict.fromkeys([code for code in (short, *long.split(",")) if code != "-"], name)
    return names


def named(codes: Sequence[str]) -> dict[str, str]:
    """Return what each language is called among these: the script or the code is said where names are alike.

    A code that is not known is its own name.

    >>> named(["ru", "pt_BR", "zh_Hans", "srp_Cyrl", "srp_Latn", "xx_Latn"])["srp_Cyrl"]
    'Serbian (Cyrillic)'
    """
    plain = {code: _plain(code) for code in dict.fromkeys(codes)}
    twice = Counter(plain.values())
    said = {code: _scripted(code, name) if twice[name] > 1 else name for code, name in plain.items()}
    again = Counter(said.values())
    return {code: f"{name} ({code})" if again[name] > 1 and name != code else name for code, name in said.items()}


def name_of(code: str) -> str:
    """Return what a language is called by itself, with its script where the code says simplified or traditional."""
    return named([code])[code]


def _parts(code: str) -> tuple[str, list[str]]:
    first, *rest = re.split(r"[_@.-]", code)
    return first, rest


def _plain(code: str) -> str:
    first, rest = _parts(code)
    name = table().get(first.casefold())
    if name is None:
        return code
    said = [REGIONS[part] for part in rest if part in REGIONS]
    said += [SCRIPTS[part] for part in rest if part in ("Hans", "Hant")]
    # what is left over says something that is not in the tables: better the code than a name that hides it
    known = all(part in REGIONS or part in SCRIPTS or re.fullmatch("[A-Z][a-z]{3}|latin", part) for part in rest)
    return f"{name} ({', '.join(said)})" if said and known else name if known else code


def _scripted(code: str, name: str) -> str:
    _, rest = _parts(code)
    said = next((SCRIPTS.get(part, part) for part in rest if re.fullmatch("[A-Z][a-z]{3}", part)), "")
    said = said or ("Latin" if "latin" in rest else "")
    return f"{name} ({said})" if said and not name.endswith(")") else name
