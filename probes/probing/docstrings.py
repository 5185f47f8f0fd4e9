"""Functions and docstrings, their own and each other's (after CuBERT's fifth task; Kanade et al., ICML 2020).

Two functions give four texts: each with its own docstring, and each with the other's. Every function and every
docstring is right once and wrong once, so that neither alone tells anything, and the four stay on one side of a split.
"""

import ast
import warnings

from probes.probing.places import Piece, Place
from probes.values import Text

OWN, OTHER = "its own docstring", "another's docstring"
_FEWEST = 3
"""Words that a docstring has at least: one that says nothing is anybody's."""
_QUOTES = ('"""', "'''", '"', "'", 'r"""', "r'''")

Described = tuple[str, str, str]
"""The first paragraph of a docstring, the function without its docstring, and its origin."""


def described(text: Text) -> Described | None:
    """Take a Python function apart; None when it has no docstring of three words, or nothing else in it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of code that is not ours
            top = ast.parse(text.text).body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
        return None
    if not isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef) or len(top.body) < 2:
        return None
    said = (ast.get_docstring(top) or "").partition("\n\n")[0]
    if len(said.split()) < _FEWEST or '"""' in said or "\\" in said:
        return None
    lines = text.text.split("\n")
    first, last = top.body[0].lineno - 1, top.body[0].end_lineno or 0
    if not lines[first].lstrip().startswith(_QUOTES):
        return None  # it shares its line with something else
    return " ".join(said.split()), "\n".join(lines[:first] + lines[last:]), text.origin


def crossed(one: Described, other: Described) -> tuple[Piece, ...]:
    """Return the four texts of two functions, each with one place: the function beside the docstring before it."""
    family = f"{one[1]}\n{other[1]}"
    found = []
    for function, origin in ((one[1], one[2]), (other[1], other[2])):
        for said in (one[0], other[0]):
            own = (function, said) in ((one[1], one[0]), (other[1], other[0]))
            head = f'"""{said}"""\n'
            start = len(head)
            text = head + function
            place = Place(start, len(text), OWN if own else OTHER, text, (3, 3 + len(said)))
            found.append(Piece(text, (place,), origin, family))
    return tuple(found)
