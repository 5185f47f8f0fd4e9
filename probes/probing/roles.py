"""What an identifier does in Python code: the role its place in the syntax tree gives it."""

from dataclasses import dataclass
from functools import cached_property

from probes.corpora.trees import Tree

PARAMETERS = ("parameters", "lambda_parameters")
_PATTERNS = ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "as_pattern_target")
_NAMED = ("default_parameter", "typed_parameter", "typed_default_parameter", "list_splat_pattern")
_SPLATS = (*_NAMED, "dictionary_splat_pattern")
BINDING = frozenset({"parameter", "assigned", "loop variable", "imported", "function name", "class name"})
"""Roles that give a name its meaning; the others use it."""
LINKED = BINDING - {"imported"} | {"argument", "object", "function called", "read"}
"""Roles of a name that stands for itself: an attribute or a keyword means nothing without what it belongs to."""


@dataclass(frozen=True)
class Nodes:
    """A tree with the way down: every node's children, and the words among the nodes."""

    tree: Tree

    @cached_property
    def children(self) -> list[list[int]]:
        """The children of every node, left to right."""
        return self.tree.children()

    def kind(self, node: int) -> str:
        """Return a node's type, "" for no node."""
        return self.tree.types[node] if node >= 0 else ""

    def place(self, node: int) -> int:
        """Return which child of its parent a node is."""
        return self.children[self.tree.parents[node]].index(node)

    def text(self, node: int) -> str:
        """Return the text of a node."""
        start, end = self.tree.spans[node]
        return self.tree.text[start:end]


def role(nodes: Nodes, node: int) -> str:
    """Return the role of an `identifier` node; "read" where nothing else is known of it."""
    parents = nodes.tree.parents
    parent = parents[node]
    kind, first = nodes.kind(parent), nodes.place(node) == 0
    if kind in PARAMETERS or (kind in _SPLATS and _parameter(nodes, node, parent)):
        return "parameter"
    if kind in ("function_definition", "class_definition"):
        return "function name" if kind == "function_definition" else "class name"
    if kind == "keyword_argument":
        return "keyword argument" if first else "argument"
    if kind == "attribute":
        return _attribute(nodes, node, parent)
    if kind in ("dotted_name", "aliased_import"):
        return "imported"
    if kind == "call" and first:
        return "function called"
    if kind == "argument_list":
        return "argument"
    if _annotation(nodes, parent):
        return "annotation"
    return _target(nodes, node) or "read"


def _parameter(nodes: Nodes, node: int, parent: int) -> bool:
    """Say whether a node is the name, not the default or the type, of a parameter."""
    if nodes.kind(nodes.tree.parents[parent]) not in (*PARAMETERS, "typed_parameter"):
        return False
    kind = nodes.kind(parent)
    return nodes.place(node) == 0 or kind in ("list_splat_pattern", "dictionary_splat_pattern")


def _attribute(nodes: Nodes, node: int, parent: int) -> str:
    if nodes.place(node) == 0:
        return "object"
    above = nodes.tree.parents[parent]
    called = nodes.kind(above) == "call" and nodes.children[above][0] == parent
    return "method called" if called else "attribute"


def _annotation(nodes: Nodes, node: int) -> bool:
    while node >= 0 and nodes.kind(node) in ("type", "generic_type", "type_parameter", "union_type", "member_type"):
        if nodes.kind(node) == "type":
            return True
        node = nodes.tree.parents[node]
    return False


def _target(nodes: Nodes, node: int) -> str:
    """Return how a statement binds a node: assigned, loop variable, or ""."""
    here, parent = node, nodes.tree.parents[node]
    while nodes.kind(parent) in _PATTERNS:
        if nodes.kind(parent) == "as_pattern_target":
            return "assigned"
        here, parent = parent, nodes.tree.parents[parent]
    kind, place = nodes.kind(parent), nodes.place(here) if parent >= 0 else 0
    if kind in ("assignment", "augmented_assignment", "named_expression") and place == 0:
        return "assigned"
    before = nodes.children[parent][place - 1] if place else -1
    if kind in ("for_statement", "for_in_clause") and nodes.kind(before) == "for":
        return "loop variable"
    return ""
