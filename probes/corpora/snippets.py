"""Parse a piece of code that stands on its own: a function, a method, a few statements.

Some pieces are only legal inside a class (a Java constructor, a JavaScript method). Such a piece is parsed a second
time inside the grammar's wrapper, and the wrapper's nodes are left out: the paper counts the words of the `class Main`
it puts around every Java method, Strata never does.
"""

from dataclasses import dataclass

from tree_sitter import Node

from probes.corpora.grammars import grammar, parser

NEWLINES = ("\r\n", "\r")


@dataclass(frozen=True)
class Snippet:
    """The nodes of a piece of code: `root`, the nodes `tops` directly under it, and where the piece starts in bytes."""

    root: Node
    tops: tuple[Node, ...]
    offset: int
    """How many bytes of wrapper stand before the piece: subtract it from every node's position."""

    @property
    def clean(self) -> bool:
        """Say whether the tree has neither an ERROR nor a MISSING node."""
        return not self.root.has_error


def parse_snippet(code: bytes, language: str) -> Snippet:
    """Parse UTF-8 `code` alone and, if that fails, inside the language's wrapper; failing both, give the first."""
    reader = parser(language)
    root = reader.parse(code).root_node
    wrapper = grammar(language).wrapper
    if root.has_error and wrapper is not None:
        before, after = (part.encode() for part in wrapper)
        whole = reader.parse(before + code + after).root_node
        inside = _inside(whole)
        if inside:
            return Snippet(whole, inside, len(before))
    return Snippet(root, tuple(root.children), 0)


def _inside(whole: Node) -> tuple[Node, ...]:
    """Return what the wrapping class holds; nothing if the piece broke out of it or has errors."""
    if whole.has_error:
        return ()
    body = whole.children[0].child_by_field_name("body")
    if body is None or body.end_byte != whole.end_byte:
        return ()
    return tuple(body.children[1:-1])


def normalise(code: str) -> str:
    """Return `code` with every line ending as `\\n` and no byte order mark: the layout, not how a file stores it."""
    for ending in NEWLINES:
        code = code.replace(ending, "\n")
    return code.removeprefix("\ufeff")
