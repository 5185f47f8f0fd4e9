"""What a probe can be asked for: labels made from the syntax tree, tasks made by edits, or a column of one's own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from probes.corpora.trees import Tree
from probes.probing import edits, trees
from probes.probing.edits import Edit
from probes.probing.places import Piece, Place
from probes.values import digest_of

AS_WRITTEN = "as written"


@dataclass(frozen=True)
class Label:
    """A label that Strata makes: its name in a question, what it is called, and what code it can be made of."""

    name: str
    title: str
    number: bool = False
    python: bool = True
    """Made of Python alone; the others of every language there is a grammar for."""
    edited: str = ""
    """What the altered copy is called, when half of the texts are altered."""
    answers: "trees.Answers | None" = None
    edit: Callable[[Tree, np.random.Generator], Edit | None] | None = None


EVERY = (
    Label("role", "identifier role", answers=trees.roles),
    Label("leaf-type", "leaf type", python=False, answers=trees.leaf_type),
    Label("parent-type", "parent type", python=False, answers=trees.parent_type),
    Label("depth", "depth in the tree", True, False, answers=trees.depth),
    Label("brackets", "open brackets", True, False, answers=trees.brackets),
    Label("binding", "what bound the name", answers=trees.binding),
    Label("since-binding", "distance to the binding", True, answers=trees.since_binding),
    Label("since-use", "distance to the last use", True, answers=trees.since_use),
    Label("misuse", "variable misuse", edited="another variable", edit=edits.misuse),
    Label("operator", "wrong operator", edited="another operator", edit=edits.operator),
    Label("swapped", "swapped operands", edited="swapped", edit=edits.swapped),
    Label("exception", "exception type"),
    Label("docstring", "function and docstring"),
)
LABELS = {label.name: label for label in EVERY}
"""Name → label; any other name is a column of the corpus."""


def of_tree(label: Label, tree: Tree, origin: str, seed: int) -> Iterator[Piece]:
    """Yield the labelled texts of one piece of code: one, or the code and its altered copy, or one a hidden name."""
    if label.answers:
        yield Piece(tree.text, trees.places(tree, label.answers), origin, tree.text)
    elif label.name == "exception":
        for edit, name in edits.exception(tree):
            start, end = edit.read[1]
            hidden = edit.apply(tree.text)
            yield Piece(hidden, (Place(start, end, name, hidden),), origin, tree.text)
    elif label.edit:
        # from the text alone, so that a function is altered alike in every corpus and order
        draw = np.random.default_rng(int(digest_of([str(seed), label.name, tree.text])[:15], 16))
        made = label.edit(tree, draw)
        if made:
            changed = made.apply(tree.text)
            sides = ((tree.text, made.read[0], AS_WRITTEN), (changed, made.read[1], label.edited))
            for text, (start, end), answer in sides:
                yield Piece(text, (Place(start, end, answer, text),), origin, tree.text)
