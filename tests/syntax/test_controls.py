"""Names taken away, leaf types, trees without a model, code lengths: each against what it must be, and its negative."""

from dataclasses import replace

import numpy as np
import pytest
from planted import OPTIONS, dataset, goal_of, holding, nothing

from probes.contract import Progress
from probes.syntax import coding, compare
from probes.syntax.analysis import TRAINED, SyntaxSpec
from probes.syntax.closer import LEFT, OUTER, RIGHT, without_a_model
from probes.syntax.dataset import snippet
from probes.syntax.nonce import renamed
from probes.syntax.second import JOINED, LEAVES, Found, Wanted, leaf_types, second_pass
from probes.syntax.series import Joined, plain, series_of
from probes.syntax.tables import F1, Extras, Tables
from probes.syntax.training import Task
from probes.syntax.tuples import encode

SIZES = (64, 8, 12)
DATA = dataset(SIZES)
GOAL = goal_of(DATA)
TEST = np.arange(72, 84)
WIDTH = 1 + len(GOAL.inventory.unaries) + len(GOAL.inventory.constituents)
BOTH = series_of([holding(GOAL, WIDTH), nothing(GOAL, WIDTH)], GOAL.starts[:65], recipe="strata", device="cpu")
LEARN = replace(OPTIONS, rank=WIDTH, rate=0.02, epochs=8)

# ---- nonce names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["source", "leaves"])
def test_names_are_replaced_and_the_tree_stays(mode: str) -> None:
    code = "def café(a, b):\n    if a is None:\n        return 'a', b.real + 12\n    return a.b(a)\n"
    old = snippet(encode(code, "python"), mode)
    new = renamed(old, 0)
    assert [new.text[a:b] for a, b in new.spans] == list(new.tree.words)
    assert (new.tree.distances, new.tree.constituents) == (old.tree.distances, old.tree.constituents)
    swapped = {}
    for a, b, kind in zip(old.tree.words, new.tree.words, old.tree.categories, strict=True):
        assert (a != b) == (kind == "identifier"), a
        swapped.setdefault(a, b)
        assert swapped[a] == b  # the same wherever it recurs
    assert len(set(swapped.values())) == len(swapped)
    if mode == "source":
        again = encode(new.text, "python")
        assert (again.distances, again.constituents, again.unaries, again.words) == (
            old.tree.distances,
            old.tree.constituents,
            old.tree.unaries,
            new.tree.words,
        )
    assert renamed(old, 0).text == new.text != renamed(old, 1).text


# ---- trees without a model -------------------------------------------------------------------------------------------


def test_branching_and_the_outer_span() -> None:
    """A right-branching tree is right under its own labels; a left-branching one is not."""
    found = without_a_model(GOAL, TEST, SIZES[0])
    assert set(found) == {RIGHT, LEFT, OUTER}
    assert found[RIGHT].mean() > found[LEFT].mean()
    assert all((f1 >= 0).all() and (f1 <= 1).all() for f1 in found.values())
    every = np.arange(len(GOAL.starts) - 1)
    chain = replace(GOAL, trees=tuple(falling(tree) for tree in GOAL.trees))
    assert without_a_model(chain, every, SIZES[0])[RIGHT].min() == 1
    assert without_a_model(chain, every, SIZES[0])[LEFT].max() < 1


def falling(tree):  # noqa: ANN001, ANN201
    return replace(tree, distances=tuple(range(len(tree) - 1, 0, -1)))


# ---- the second pass -------------------------------------------------------------------------------------------------


def scored(here: int, zero: int | None) -> dict[str, Found]:
    wanted = Wanted(BOTH.pick([here]), None if zero is None else BOTH.pick([zero]), GOAL, False, True)
    return {found.name: found for found in second_pass(DATA, wanted, [LEARN], Progress(), order=0)}


def test_what_is_joined_holds_what_either_holds() -> None:
    """States that hold the tree lift a layer 0 of noise, and noise beside them takes little away."""
    for here, zero in ((0, 1), (1, 0)):
        found = scored(here, zero)
        assert set(found) == {LEAVES, JOINED}
        assert found[JOINED].test[..., F1].mean() > 0.8
        assert found[LEAVES].test[..., F1].mean() < found[JOINED].test[..., F1].mean()
    assert JOINED not in scored(0, None)
    rows = np.array([5, 0, 9])
    joined = Joined(BOTH.pick([0]), BOTH.pick([1]))
    assert joined.shape == (GOAL.starts[-1], 2 * WIDTH)
    assert np.array_equal(plain(joined, 1.0, "cpu").take(rows)[0], np.concatenate(list(BOTH.take(rows)), axis=1))


def test_leaf_types_say_which_type_a_word_is_and_nothing_else() -> None:
    rows = leaf_types(DATA, "cpu").arrays[0][np.arange(GOAL.starts[-1])]
    types = [kind for s in DATA.snippets for kind in s.tree.types]
    first = {kind: types.index(kind) for kind in types}
    assert (rows.sum(1) == 1).all()
    assert all(np.array_equal(rows[i], rows[first[kind]]) for i, kind in enumerate(types))
    assert len(np.unique(rows, axis=0)) == len(set(types))


def test_the_curve_of_a_planted_rank_is_flat_beyond_it() -> None:
    wanted = Wanted(BOTH.pick([0]), None, GOAL, True, False)
    found = second_pass(DATA, wanted, [LEARN], Progress(), order=0)
    by_rank = {f.rank: f.test[..., F1].mean() for f in found}
    assert list(by_rank) == [2**k for k in range(len(by_rank))]
    assert max(by_rank) < WIDTH <= 2 * max(by_rank)
    assert by_rank[max(by_rank)] > by_rank[1] + 0.2


@pytest.mark.parametrize(
    ("means", "rank"), [([0.2, 0.5, 0.8, 0.81], 4), ([0.2, 0.5, 0.6, 0.8], 8), ([0.9, 0.9, 0.9, 0.9], 1)]
)
def test_the_smallest_rank_is_the_least_within_one_standard_error(means: list[float], rank: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 25, 5))
    noise -= noise.mean()
    tables = [np.full((1, 25, 5), mean) + noise for mean in means]
    found = tuple(Found("rank", 2**k, t, t) for k, t in enumerate(tables[:-1]))
    main = Tables({TRAINED: tables[-1][None]}, {TRAINED: tables[-1][None]})
    curve = compare.dimension(main, Extras(found), SyntaxSpec(rank=8))
    assert curve["rank"].tolist() == [1, 2, 4, 8]
    assert curve["rank"][curve.smallest].tolist() == [rank]


# ---- code lengths ----------------------------------------------------------------------------------------------------


def test_a_blind_code_is_counted_by_hand() -> None:
    bits = coding.blind(GOAL, np.arange(2))
    labels = np.log2(len(GOAL.inventory.constituents)), np.log2(len(GOAL.inventory.unaries))
    for k in range(2):
        tree = GOAL.trees[k]
        spans = [0.0]

        def split(a: int, b: int, heights: tuple[int, ...] = tree.distances, spans: list[float] = spans) -> None:
            if a < b:
                spans[0] += np.log2(b - a)
                top = max(range(a, b), key=lambda i: (heights[i], -i))
                split(a, top)
                split(top + 1, b)

        split(0, len(tree) - 1)
        assert bits[k] == pytest.approx(spans[0] + labels[0] * (len(tree) - 1) + labels[1] * len(tree))


def test_states_that_hold_the_tree_make_it_shorter_and_noise_does_not() -> None:
    found = coding.online([Task(BOTH, GOAL, LEARN)], SIZES[:2], Progress(), order=0)
    holds, noise = found.online
    assert holds < 0.7 * found.blind
    assert holds < 0.6 * noise
