"""Which script a text is written in, by the ISO 15924 codes that FLORES uses: Latn, Cyrl, Arab, Deva, Hani, Jpan, …"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

_TABLE = """
LATIN=Latn CYRILLIC=Cyrl GREEK=Grek ARABIC=Arab HEBREW=Hebr ARMENIAN=Armn GEORGIAN=Geor DEVANAGARI=Deva
BENGALI=Beng GURMUKHI=Guru GUJARATI=Gujr TIBETAN=Tibt ORIYA=Orya TAMIL=Taml TELUGU=Telu KANNADA=Knda
MALAYALAM=Mlym SINHALA=Sinh THAI=Thai LAO=Laoo MYANMAR=Mymr KHMER=Khmr ETHIOPIC=Ethi HANGUL=Hang
HIRAGANA=Jpan KATAKANA=Jpan CJK=Hani MONGOLIAN=Mong TIFINAGH=Tfng OL=Olck MEETEI=Mtei NKO=Nkoo
CHEROKEE=Cher THAANA=Thaa SYRIAC=Syrc BOPOMOFO=Bopo VAI=Vaii YI=Yiii CANADIAN=Cans JAVANESE=Java
BALINESE=Bali SUNDANESE=Sund
"""
CODES = dict(pair.split("=") for pair in _TABLE.split())
"""First word of a letter's Unicode name → script."""
SAME = {"Hans": "Hani", "Hant": "Hani", "Kore": "Hang", "Kana": "Jpan", "Hrkt": "Jpan", "Aran": "Arab"}
"""Codes that say more than letters can: simplified and traditional characters are both Hani here."""


def script_of(text: str) -> str:
    """Return the script most letters of a text are of; "" when it has none, "other" for a script not listed.

    >>> script_of("Привет, world of мир"), script_of("東京は大きい"), script_of("12.5 %")
    ('Cyrl', 'Jpan', '')
    """
    found = Counter(code for character in text if (code := _of(character)))
    if found["Jpan"] and found["Jpan"] + found["Hani"] > found.total() / 2:
        return "Jpan"  # a Japanese sentence has more characters than kana, and is no Chinese one
    return found.most_common(1)[0][0] if found else ""


@lru_cache(maxsize=1 << 14)
def _of(character: str) -> str:
    if not character.isalpha():
        return ""
    return CODES.get(unicodedata.name(character, "").partition(" ")[0].partition("-")[0], "other")


def declared(language: str) -> str:
    """Return the script a language's code names (`srp_Cyrl`, `zh-Hant`), or ""."""
    found = re.search(r"[_@-]([A-Z][a-z]{3})(?![A-Za-z])", language)
    return SAME.get(found[1], found[1]) if found else ""
