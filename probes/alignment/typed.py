"""Task scores as somebody types, pastes or uploads them: a line a language, its code or name and its score."""

import csv
import math
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from probes.corpora.delimited import separator
from probes.corpora.encodings import guess
from probes.corpora.naming import name_of
from probes.corpora.sniff import refuse
from probes.errors import StrataError

_LINE = re.compile(r"\s*(\S.{0,60}?)[\s,;:=|]+(-?\d+(?:[.,]\d+)?)\s*(%?)\s*")
MOST = 2_000
"""Lines that are read."""
LARGEST = 1 << 20
"""Bytes of a file of scores."""
_LANGUAGE = ("language", "lang", "code", "locale", "iso")
_SCORE = ("score", "accuracy", "acc", "value", "f1", "result")
_NUMBER = re.compile(r"\s*-?\d+(?:[.,]\d+)?\s*%?\s*")
_SEPARATORS = {"tab": "\t"}


def task_scores(text: str, languages: Collection[str]) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the score of each language that is there, and what is wrong with the other lines.

    A language goes by its code in the run, by any other code of it, or by its name.

    >>> task_scores("de 0.62\\nfr: 61 %\\n\\nxx 1\\nsw", ["de", "fr", "sw"])
    ({'de': 0.62, 'fr': 0.61}, ("Line 4: there is no language 'xx' in this run.", 'Line 5 is no code and number.'))
    """
    known = _known(languages)
    scores: dict[str, float] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines()[:MOST], 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            wrong.append(f"Line {number} is no code and number.")
            continue
        code = known.get(found[1]) or known.get(name_of(found[1])) or ""
        if not code:
            wrong.append(f"Line {number}: there is no language '{found[1]}' in this run.")
        elif code in scores:
            wrong.append(f"Line {number}: '{found[1]}' is there twice; the first counts.")
        else:
            value = float(found[2].replace(",", ".")) / (100 if found[3] else 1)
            if math.isfinite(value):
                scores[code] = value
    return scores, tuple(wrong)


def _known(languages: Collection[str]) -> dict[str, str]:
    """Return the code of each language by its code and by its name; a name that two have means neither."""
    named: dict[str, str] = {}
    twice = set()
    for code in languages:
        name = name_of(code)
        if name in named:
            twice.add(name)
        named[name] = code
    return {name: code for name, code in named.items() if name not in twice} | {code: code for code in languages}


def from_table(data: bytes, name: str) -> str:
    """Return the lines `language score` of an uploaded table; raises StrataError E-TABLE-… when it holds none.

    Columns go by their names (language, score, …); else the first, and the first that holds numbers.
    """
    if len(data) > LARGEST:
        raise StrataError("E-TABLE-LARGE", f"'{name[:80]}' is larger than {LARGEST:,} bytes.", fix="Leave columns out.")
    refuse(data, name)
    text = data.decode(guess(data), "replace")
    cut = separator(text)
    rows = [row for row in islice(_rows(text, _SEPARATORS.get(cut, cut)), MOST + 1) if any(row)]
    width = min((len(row) for row in rows), default=0)
    if width < 2:
        raise StrataError(
            "E-TABLE-COLUMN",
            f"'{name[:80]}' has {width} columns.",
            "One holds languages, another their scores.",
            "Save it as CSV with the columns language and score.",
        )
    heads = [cell.strip().casefold() for cell in rows[0]]
    language = next((heads.index(head) for head in _LANGUAGE if head in heads), 0)
    numeric = [i for i in range(width) if i != language and all(_NUMBER.fullmatch(row[i]) for row in rows[1:])]
    score = next((heads.index(head) for head in _SCORE if head in heads), numeric[0] if numeric else -1)
    if score < 0:
        fix = "Name a column score, and write its numbers as 0.62 or 62 %."
        raise StrataError("E-TABLE-COLUMN", f"'{name[:80]}' has no column of numbers only.", fix=fix)
    body = rows if _NUMBER.fullmatch(rows[0][score]) else rows[1:]
    return "\n".join(f"{row[language].strip()} {row[score].strip()}" for row in body if len(row) > max(language, score))


def _rows(text: str, cut: str) -> Iterator[list[str]]:
    return csv.reader(text.splitlines(), delimiter=cut)


def to_address(scores: Mapping[str, float]) -> str:
    """Return scores as an address holds them.

    >>> to_address({"de": 0.62, "pt_BR": 0.5}), from_address("de:0.62,pt_BR:0.5,<b>,x:y")
    ('de:0.62,pt_BR:0.5', 'de 0.62\\npt_BR 0.5')
    """
    return ",".join(f"{code}:{value:.6g}" for code, value in scores.items())


def from_address(said: str) -> str:
    """Return the lines that an address says; what is no code and number is left out."""
    parts = [re.fullmatch(r"([A-Za-z0-9@_.-]{1,40}):(-?\d{1,12}(?:\.\d{1,12})?)", part) for part in said.split(",")]
    return "\n".join(f"{part[1]} {part[2]}" for part in parts[:MOST] if part)
