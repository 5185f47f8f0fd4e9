"""What a probe learns, as flat arrays over all words of a dataset; and the control task that no syntax explains."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from probes.syntax.dataset import Dataset
from probes.syntax.spans import ends
from probes.syntax.tuples import EMPTY, SyntaxTuple

IGNORED = -1


@dataclass(frozen=True)
class Inventory:
    """The labels a probe can say: those of the training snippets, sorted. Others are never predicted, and so missed."""

    constituents: tuple[str, ...]
    unaries: tuple[str, ...]


@dataclass(frozen=True)
class Targets:
    """Trees as numbers, one entry a word: the gap after word `i` of the dataset is entry `i`.

    `distance` is float32 and, like `constituent`, -1 after the last word of a snippet; labels are indices into the
    inventory, -1 where the label is not in it. `starts` [snippets + 1] says where each snippet begins. `trees` are the
    gold (distances, constituents, unaries) to score against.
    """

    starts: np.ndarray
    distance: np.ndarray
    constituent: np.ndarray
    unary: np.ndarray
    inventory: Inventory
    trees: tuple[SyntaxTuple, ...]
    before: np.ndarray
    """How many gaps of its own span lie before each gap in the true tree."""
    beyond: np.ndarray
    """How many lie from it to the span's end, itself included."""

    def rows(self, snippets: np.ndarray) -> np.ndarray:
        """Return the entries of some snippets, end to end."""
        return np.concatenate(
            [np.arange(a, b) for a, b in zip(self.starts[snippets], self.starts[snippets + 1], strict=True)]
        )


def inventory_of(trees: Sequence[SyntaxTuple]) -> Inventory:
    """Collect the labels of the training trees; `<empty>` is always there, so that every probe can decline."""
    constituents = {EMPTY}.union(*(tree.constituents for tree in trees))
    unaries = {EMPTY}.union(*(tree.unaries for tree in trees))
    return Inventory(tuple(sorted(constituents)), tuple(sorted(unaries)))


def targets(trees: Sequence[SyntaxTuple], inventory: Inventory) -> Targets:
    """Lay the trees out flat."""
    constituent_id = {label: i for i, label in enumerate(inventory.constituents)}
    unary_id = {label: i for i, label in enumerate(inventory.unaries)}
    distance, constituent, unary = [], [], []
    for tree in trees:
        distance += [*tree.distances, IGNORED]
        constituent += [*(constituent_id.get(label, IGNORED) for label in tree.constituents), IGNORED]
        unary += [unary_id.get(label, IGNORED) for label in tree.unaries]
    starts = np.concatenate([[0], np.cumsum([len(tree) for tree in trees])]).astype(np.int64)
    first, last = ends(np.array(distance, np.float64), starts)
    entry = np.arange(len(distance))
    return Targets(
        starts,
        np.array(distance, np.float32),
        np.array(constituent, np.int64),
        np.array(unary, np.int64),
        inventory,
        tuple(trees),
        entry - first,
        last - entry,
    )


def control(data: Dataset, seed: int) -> list[SyntaxTuple]:
    """Return the same snippets with trees that depend on word identity alone (Hewitt & Liang, EMNLP 2019).

    Each pair of neighbouring words is given one distance and one constituent, and each word one unary, drawn once from
    the training distribution and kept wherever the pair or word recurs. A probe that scores here memorises; what the
    real task has above this is its selectivity.
    """
    train = [s.tree for s in data.train]
    distances = np.concatenate([tree.distances for tree in train])
    constituents = [label for tree in train for label in tree.constituents]
    unaries = [label for tree in train for label in tree.unaries]

    def draw(salt: str, *words: str) -> int:
        return zlib.crc32("\0".join((str(seed), salt, *words)).encode("utf-8", "surrogatepass"))

    made = []
    for tree in (s.tree for s in data.snippets):
        pairs = list(zip(tree.words, tree.words[1:], strict=False))
        made.append(
            SyntaxTuple(
                tree.words,
                tuple(int(distances[draw("distance", *pair) % len(distances)]) for pair in pairs),
                tuple(constituents[draw("constituent", *pair) % len(constituents)] for pair in pairs),
                tuple(unaries[draw("unary", word) % len(unaries)] for word in tree.words),
                tree.text,
                tree.spans,
                tree.types,
                tree.categories,
            )
        )
    return made


def seen_pairs(data: Dataset) -> float:
    """Return the share of test gaps whose two words stood side by side in training: what the control can memorise."""
    known = {pair for s in data.train for pair in zip(s.tree.words, s.tree.words[1:], strict=False)}
    pairs = [pair for s in data.test for pair in zip(s.tree.words, s.tree.words[1:], strict=False)]
    return sum(pair in known for pair in pairs) / max(len(pairs), 1)
