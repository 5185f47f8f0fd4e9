"""Trees as flat numbers, and a control task that depends on words alone."""

from collections import Counter, defaultdict

import numpy as np
from planted import dataset, goal_of

from probes.syntax.dataset import Dataset
from probes.syntax.targets import IGNORED, Inventory, control, inventory_of, targets
from probes.syntax.tuples import EMPTY, encode

DATA = dataset((80, 10, 30))


def test_trees_are_laid_out_end_to_end() -> None:
    goal = goal_of(DATA)
    for k, piece in enumerate(DATA.snippets):
        tree, rows = piece.tree, slice(*goal.starts[k : k + 2])
        assert goal.distance[rows].tolist() == [*tree.distances, IGNORED]
        labels = goal.inventory
        for found, wanted, known in (
            (goal.constituent[rows][:-1], tree.constituents, labels.constituents),
            (goal.unary[rows], tree.unaries, labels.unaries),
        ):
            assert [known[i] if i >= 0 else None for i in found] == [w if w in known else None for w in wanted]
        assert goal.constituent[rows][-1] == IGNORED
    assert goal.starts[-1] == len(goal.distance) == len(goal.constituent) == len(goal.unary)
    assert goal.distance.dtype == np.float32


def test_labels_are_those_of_training_and_others_are_unseen() -> None:
    inventory = inventory_of([encode("x = 1", "python")])
    assert EMPTY in inventory.constituents
    assert EMPTY in inventory.unaries
    assert list(inventory.constituents) == sorted(set(inventory.constituents))
    goal = targets([encode("f(a)[0]", "python")], inventory)
    assert IGNORED in goal.constituent[:-1]
    assert goal_of(DATA).constituent[:-1].min() == IGNORED
    assert inventory_of([]) == Inventory((EMPTY,), (EMPTY,))


def labels(data: Dataset, seed: int) -> dict[tuple[str, ...], set[tuple[object, ...]]]:
    found = defaultdict(set)
    for real, fake in zip((s.tree for s in data.snippets), control(data, seed), strict=True):
        assert fake.words == real.words
        assert fake.spans == real.spans
        for i, pair in enumerate(zip(fake.words, fake.words[1:], strict=False)):
            found[pair].add((fake.distances[i], fake.constituents[i]))
        for word, unary in zip(fake.words, fake.unaries, strict=True):
            found[(word,)].add((unary,))
    return found


def test_the_control_gives_a_pair_of_words_the_same_label_everywhere() -> None:
    found = labels(DATA, 0)
    assert all(len(values) == 1 for values in found.values())
    assert len({next(iter(values)) for values in found.values()}) > 20
    assert len({values.copy().pop() for key, values in found.items() if len(key) == 1}) > 1
    real = defaultdict(set)
    for piece in DATA.snippets:
        for i, pair in enumerate(zip(piece.tree.words, piece.tree.words[1:], strict=False)):
            real[pair].add(piece.tree.distances[i])
    assert max(map(len, real.values())) > 1, "in real trees a pair's distance depends on where it stands"


def test_the_control_moves_with_the_seed_and_with_nothing_else() -> None:
    whole, other = labels(DATA, 0), labels(DATA, 1)
    assert labels(DATA, 0) == whole
    assert sum(whole[key] != other[key] for key in whole) > 50
    part = labels(Dataset(DATA.train, DATA.validation[:3], (), {}), 0)
    assert all(whole[key] == values for key, values in part.items())


def test_the_controls_labels_come_from_training_as_often_as_there() -> None:
    """Over the distinct pairs, not over their repetitions: a pair is drawn once."""
    big = dataset((300, 2, 2), seed=4)
    found = labels(big, 0)
    trees = [s.tree for s in big.train]
    truth = Counter(label for tree in trees for label in tree.constituents)
    drawn = Counter(next(iter(values))[1] for key, values in found.items() if len(key) == 2)
    assert set(drawn) <= set(truth)
    for label, times in truth.most_common(3):
        assert abs(times / truth.total() - drawn[label] / drawn.total()) < 0.06
    heights = np.array([d for tree in trees for d in tree.distances])
    guess = np.array([next(iter(values))[0] for key, values in found.items() if len(key) == 2])
    assert abs(heights.mean() - guess.mean()) < 0.3 * heights.std()
