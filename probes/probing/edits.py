"""One-field edits of Python code, after the tasks of CuBERT (Kanade et al., ICML 2020): each bug has its inverse.

A function and its altered copy are read at the same place, one of each, so that half of the answers are true, and
neither length nor most words tell them apart. A bug is no proof that the code is wrong: another variable may fit.
"""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from probes.corpora.trees import Tree
from probes.probing.roles import BINDING, Nodes
from probes.probing.scopes import OUTSIDE, uses

ARITHMETIC = ("+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^")
ORDER = ("<", ">", "<=", ">=", "==", "!=")
MEMBERSHIP, IDENTITY, LOGIC = ("in", "not in"), ("is", "is not"), ("and", "or")
FAMILIES = (ARITHMETIC, ORDER, MEMBERSHIP, IDENTITY, LOGIC)
ONE_WAY = {"-", "/", "//", "%", "**", "<<", ">>", "<", ">", "<=", ">=", "in", "not in"}
"""Operators whose sides cannot be exchanged."""
EXCEPTIONS = tuple(
    [
        "ValueError",
        "KeyError",
        "AttributeError",
        "TypeError",
        "OSError",
        "IOError",
        "ImportError",
        "IndexError",
        "DoesNotExist",
        "KeyboardInterrupt",
        "StopIteration",
        "AssertionError",
        "SystemExit",
        "RuntimeError",
        "HTTPError",
        "UnicodeDecodeError",
        "NotImplementedError",
        "ValidationError",
        "ObjectDoesNotExist",
        "NameError",
    ]
)
HOLE = "__HOLE__"
_BINARY = ("binary_operator", "comparison_operator", "boolean_operator")


@dataclass(frozen=True)
class Edit:
    """Characters start .. end of a text are `old` and become `new`; `read` is where to look, before and after."""

    start: int
    end: int
    old: str
    new: str
    read: tuple[tuple[int, int], tuple[int, int]]

    def apply(self, text: str) -> str:
        """Return the altered text; raises ValueError when the text is another."""
        if text[self.start : self.end] != self.old:
            raise ValueError(f"'{self.old[:60]}' does not stand at {self.start}.")
        return text[: self.start] + self.new + text[self.end :]

    @property
    def inverse(self) -> "Edit":
        """The edit that takes this one back."""
        return Edit(self.start, self.start + len(self.new), self.new, self.old, self.read[::-1])


def misuse(tree: Tree, draw: np.random.Generator) -> Edit | None:
    """Replace one use of a local variable by another local variable that was bound before; None when there is none."""
    bound: dict[str, int] = {}
    found: list[tuple[int, str, list[str]]] = []
    for use in uses(tree):
        if use.role in ("argument", "object", "read") and use.bound != OUTSIDE and use.name in bound:
            others = [name for name in bound if name != use.name]
            if others:
                found.append((use.leaf, use.name, others))
        if use.role in BINDING - {"function name", "class name"}:
            bound.setdefault(use.name, use.leaf)
    if not found:
        return None
    leaf, old, others = found[draw.integers(len(found))]
    return _replaced(*tree.spans[tree.leaves[leaf]], old, others[draw.integers(len(others))])


def operator(tree: Tree, draw: np.random.Generator) -> Edit | None:
    """Replace one operator of two sides by another of its family; None when there is none."""
    found = list(_operators(tree))
    for i in draw.permutation(len(found)):
        start, end, old, others = found[i]
        edit = _replaced(start, end, old, others[draw.integers(len(others))])
        if _shape(edit.apply(tree.text)) == _shape(tree.text) != []:
            return edit
    return None


def swapped(tree: Tree, draw: np.random.Generator) -> Edit | None:
    """Exchange the sides of one operator that minds; None when there is none with two different, simple sides."""
    nodes, found = Nodes(tree), []
    for node in range(len(tree.types)):
        sides = nodes.children[node]
        if tree.types[node] in _BINARY and len(sides) == 3:
            left, middle, right = (nodes.text(side) for side in sides)
            simple = all(tree.types[side] in _SIMPLE for side in (sides[0], sides[2]))
            if " ".join(middle.split()) in ONE_WAY and left != right and simple:
                found.append((tree.spans[sides[0]], tree.spans[sides[1]], tree.spans[sides[2]]))
    if not found:
        return None
    one, middle_span, other = found[draw.integers(len(found))]
    text = tree.text
    left, between, right = text[one[0] : one[1]], text[one[1] : other[0]], text[other[0] : other[1]]
    moved = len(right) - len(left)
    read = (middle_span[0], middle_span[1]), (middle_span[0] + moved, middle_span[1] + moved)
    return Edit(one[0], other[1], left + between + right, right + between + left, read)


_SIMPLE = frozenset(
    {"identifier", "attribute", "call", "subscript", "integer", "float", "string", "none", "list", "tuple"}
)
"""Sides that bind more tightly than any operator: exchanged, they mean what they meant."""


def exception(tree: Tree) -> Iterator[tuple[Edit, str]]:
    """Yield edits that hide the one name an `except` catches, with that name."""
    nodes = Nodes(tree)
    for node, leaf in enumerate(tree.types):
        parent = tree.parents[node]
        if leaf == "identifier" and nodes.kind(parent) == "as_pattern" and nodes.place(node) == 0:
            parent = tree.parents[parent]
        name = nodes.text(node)
        if leaf == "identifier" and nodes.kind(parent) == "except_clause" and name in EXCEPTIONS:
            yield _replaced(*tree.spans[node], name, HOLE), name


def _operators(tree: Tree) -> Iterator[tuple[int, int, str, list[str]]]:
    """Yield operators of two sides: where they stand, what they are, and what else they could be."""
    nodes = Nodes(tree)
    for node, kind in enumerate(tree.types):
        sides = nodes.children[node]
        if kind in _BINARY and len(sides) == 3:
            start, end = tree.spans[sides[1]]
            old = tree.text[start:end]
            family = next((f for f in FAMILIES if old in f), ())
            if family:
                yield start, end, old, [name for name in family if name != old]


def _shape(code: str) -> list[str]:
    """Return the kinds of Python's own syntax tree, operators aside; nothing for what does not parse.

    Another operator may bind differently (`a + b * c`), and then more than one field has changed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of code that is not ours
            nodes = ast.walk(ast.parse(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [type(node).__name__ for node in nodes if not isinstance(node, ast.operator | ast.cmpop | ast.boolop)]


def _replaced(start: int, end: int, old: str, new: str) -> Edit:
    return Edit(start, end, old, new, ((start, end), (start, start + len(new))))
