"""Task scores as somebody types or pastes them: a line a language, its code and its score."""

import math
import re
from collections.abc import Collection

_LINE = re.compile(r"\s*(\S{1,40}?)[\s,;:=|]+(-?\d+(?:[.,]\d+)?)\s*(%?)\s*")
MOST = 2_000
"""Lines that are read."""


def task_scores(text: str, languages: Collection[str]) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the score of each language that is there, and what is wrong with the other lines.

    >>> task_scores("de 0.62\\nfr: 61 %\\n\\nxx 1\\nsw", ["de", "fr", "sw"])
    ({'de': 0.62, 'fr': 0.61}, ("Line 4: there is no language 'xx' in this run.", 'Line 5 is no code and number.'))
    """
    scores: dict[str, float] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines()[:MOST], 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            wrong.append(f"Line {number} is no code and number.")
        elif found[1] not in languages:
            wrong.append(f"Line {number}: there is no language '{found[1]}' in this run.")
        elif found[1] in scores:
            wrong.append(f"Line {number}: '{found[1]}' is there twice; the first counts.")
        else:
            value = float(found[2].replace(",", ".")) / (100 if found[3] else 1)
            if math.isfinite(value):
                scores[found[1]] = value
    return scores, tuple(wrong)
