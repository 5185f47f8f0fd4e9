"""Where a name of Python code comes from, inside the function that is read: its last binding and its last use.

A name is followed by its text over one snippet, in reading order, without inner scopes: a lambda's or a comprehension's
variable counts as the function's own.
"""

import math
from dataclasses import dataclass

from probes.corpora.trees import Tree
from probes.probing.roles import BINDING, LINKED, Nodes, role

OUTSIDE = "defined elsewhere"


@dataclass(frozen=True)
class Use:
    """An identifier that stands for itself: its leaf number, role, what bound it before, and how many leaves ago."""

    leaf: int
    name: str
    role: str
    bound: str
    since_bound: int
    since_seen: int
    """Leaves since the name was last written; 0 when it was not."""

    @property
    def reads(self) -> bool:
        """Say whether the name is used here, not given its meaning."""
        return self.role not in BINDING


def uses(tree: Tree) -> list[Use]:
    """Return every identifier of a Python snippet that stands for itself, in reading order."""
    nodes = Nodes(tree)
    bound: dict[str, tuple[str, int]] = {}
    seen: dict[str, int] = {}
    found = []
    for place, node in enumerate(tree.leaves):
        if tree.types[node] != "identifier":
            continue
        name, here = nodes.text(node), role(nodes, node)
        if here in LINKED or here == "imported":
            kind, at = bound.get(name, (OUTSIDE, place))
            found.append(Use(place, name, here, kind, place - at, place - seen.get(name, place)))
            seen[name] = place
        if here in BINDING:
            bound[name] = (here, place)
    return found


def far(leaves: int) -> float:
    """Return a distance in doublings, which is how far apart two distances look: log2 of leaves."""
    return math.log2(leaves)
