r"""Any text as LaTeX that shows it as it is, in pdfLaTeX, XeLaTeX and LuaLaTeX alike.

The output is ASCII, so it does not depend on the document's encoding. Letters with accents become accent commands;
what LaTeX has no command for becomes `\strataunicode{4E2D}`, which the table's own preamble defines: the character
itself where the engine can (XeLaTeX, LuaLaTeX), else its number.
"""

import re
import unicodedata

from probes.figures.words import visible

PREAMBLE = (
    r"\providecommand{\strataunicode}[1]{\ifdefined\XeTeXversion\symbol{" + '"#1}'
    r"\else\ifdefined\directlua\symbol{" + '"#1}'
    r"\else\texttt{U+#1}\fi\fi}"
)
"""Defines the one command of ours; harmless when it is read twice."""

ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "_": r"\_",
    "#": r"\#",
    "$": r"\$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "[": "{[}",  # the first of a row would be an argument of the line break before it
    "]": "{]}",
    "*": "{*}",  # as [
}
"""What means something to LaTeX, alone or beside its like."""

SYMBOLS = {
    "±": r"$\pm$",
    "×": r"$\times$",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "∞": r"$\infty$",
    "∅": r"$\emptyset$",
    "⏎": r"$\hookleftarrow$",
    "⇥": r"$\mapsto$",
    "␣": r"\textvisiblespace{}",
    "◌": r"$\circ$",
    "‹": r"$\langle$",
    "›": r"$\rangle$",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "…": r"\textellipsis{}",
    "’": r"\textquoteright{}",
    "‘": r"\textquoteleft{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "œ": r"\oe{}",
}
_JOINED = re.compile(r"([-,])(?=\1)")  # two hyphens would print as a dash, two commas as a quotation mark
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}


def tex(text: object) -> str:
    r"""Return LaTeX that prints `text` literally, what has no glyph spelt out.

    >>> tex("a_b & 50%"), tex("é中"), tex("\x00")
    ('a\\_b \\& 50\\%', "\\'{e}\\strataunicode{4E2D}", '$\\langle$U+0000$\\rangle$')
    """
    shown = visible(str(text))
    whole = "".join(_character(character) for character in shown)
    return _JOINED.sub(r"\1{}", whole).replace("  ", r" \ ")


def _character(character: str) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    if character.isascii():
        return character
    return SYMBOLS.get(character) or _accented(character) or rf"\strataunicode{{{ord(character):04X}}}"


def _accented(character: str) -> str:
    """Return a letter with one accent LaTeX can set, or nothing."""
    parts = unicodedata.normalize("NFD", character)
    if len(parts) != 2 or not (parts[0].isascii() and parts[0].isalpha()) or parts[1] not in _ACCENTS:
        return ""
    letter = rf"\{parts[0]}" if parts[0] in "ij" else parts[0]
    return rf"\{_ACCENTS[parts[1]]}{{{letter}}}"
