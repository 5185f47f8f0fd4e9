"""Trees planted as distances are found and random states are not; scores are those of the definition; no seam leaks."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree, shortest_path
from scipy.stats import spearmanr

from probes import analyses
from probes.contract import Progress
from probes.corpora import conllu
from probes.errors import Cancelled, StrataError
from probes.figures import structural as figures
from probes.probing import StructuralSpec, structural
from probes.probing.analysis import RANDOM, TRAINED
from probes.probing.dependencies import control_heads, counts, spanning, tree_of
from probes.probing.structural import CHAIN, DEPTH, DISTANCE, MEASURES, ROOT, UUAS
from probes.probing.structural_fit import How, Sentences, Series, fit, read_off
from probes.probing.structural_scores import chained, judge
from probes.probing.structural_study import looked_through

WIDTH = 24


def heads_of(n: int, draw: np.random.Generator) -> np.ndarray:
    """Return a random tree: each word but one hangs on one that was there before, in a random order."""
    order = draw.permutation(n)
    heads = np.full(n, -1)
    for i in range(1, n):
        heads[order[i]] = order[draw.integers(0, i)]
    return heads


def planted(heads: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Return states whose squared distances are those of the tree: one direction an edge, summed from the root."""
    states = np.zeros((len(heads), WIDTH))
    for i in range(len(heads)):
        above = i
        while heads[above] >= 0:
            states[i, above] = 1
            above = int(heads[above])
    return (states @ turn).astype(np.float32)


def data_of(n: int = 60) -> Sentences:
    """Return sentences in two arrays of states: planted ones, and others of the same size that say nothing."""
    draw = np.random.default_rng(0)
    turn = np.linalg.qr(draw.normal(size=(WIDTH, WIDTH)))[0]
    heads = [heads_of(int(draw.integers(5, 12)), draw) for _ in range(n)]
    states = np.concatenate([planted(one, turn) for one in heads])
    noise = draw.normal(size=states.shape).astype(np.float32)
    starts = np.cumsum([0, *(len(one) for one in heads)])
    rows = tuple(np.arange(a, b) for a, b in pairwise(starts))
    trees = tuple(tree_of(one, np.ones(len(one), bool)) for one in heads)
    return Sentences((states, noise), rows, (trees,))


def test_planted_distances_and_depths_are_recovered_and_noise_is_not() -> None:
    data = data_of()
    train, valid, test = np.arange(30), np.arange(30, 40), np.arange(40, 60)
    series = [Series(array, 0, depths, WIDTH) for depths in (False, True) for array in (0, 1)]
    probes = fit(data, series, (train, valid), How(150, 0, "cpu", Progress()))
    found = judge(probes, test, "cpu")
    value = {(m, s): found.value(m, s) for m in MEASURES for s in (0, 1)}
    assert value[UUAS, 0] > 0.95
    assert value[DISTANCE, 0] > 0.9
    assert value[ROOT, 0] > 0.9
    assert value[DEPTH, 0] > 0.9
    assert value[UUAS, 1] < 0.45  # a random spanning tree of 5 to 11 words has about two in eight right
    assert value[DISTANCE, 1] < 0.45  # a word's distance to itself, zero, is one of each row, as in the paper's code
    assert abs(value[DEPTH, 1]) < 0.3


def test_series_fitted_together_are_series_fitted_alone_and_ranks_stay() -> None:
    data = data_of(30)
    sides = np.arange(20), np.arange(20, 30)
    series = [Series(0, 0, False, WIDTH), Series(0, 0, False, 3), Series(1, 0, True, WIDTH)]
    how = How(20, 0, "cpu", Progress())
    together = fit(data, series, sides, how)
    assert np.linalg.matrix_rank(together.basis[1].numpy()) == 3
    for i in (0, 2):
        alone = fit(data, [series[i]], sides, how)
        assert np.allclose(alone.basis[0].numpy(), together.basis[i].numpy(), atol=1e-4)


def test_what_is_said_is_the_definition() -> None:
    data = data_of(25)
    probes = fit(data, [Series(0, 0, False, 4), Series(0, 0, True, 4)], (np.arange(20), np.arange(20, 25)), HOW)
    for i, apart, deep in read_off(probes, np.arange(20, 25), "cpu"):
        states = (data.arrays[0][data.rows[i]] - probes.data.center[0]) * probes.data.factor[0]  # type: ignore[index]
        z = states @ probes.basis[0].numpy()
        assert np.allclose(apart[0], np.square(z[:, None] - z[None]).sum(-1), atol=1e-3)
        assert np.allclose(deep[0], np.square(states @ probes.basis[1].numpy()).sum(-1), atol=1e-3)


def test_one_huge_feature_hides_no_tree() -> None:
    data, sides, test = data_of(), (np.arange(30), np.arange(30, 40)), np.arange(40, 60)
    states = np.array(data.arrays[0])
    states[[rows[0] for rows in data.rows], 0] += 500  # as decoders do with the first token of a text
    huge = Sentences((states,), data.rows, data.trees)
    found = judge(
        fit(huge, [Series(0, 0, False, WIDTH), Series(0, 0, True, WIDTH)], sides, How(300, 0, "cpu", Progress())),
        test,
        "cpu",
    )
    assert found.value(DISTANCE, 0) > 0.7


HOW = How(5, 0, "cpu", Progress())


def test_features_that_are_mostly_constant_are_not_scaled_away() -> None:
    data = data_of(25)
    wide = np.concatenate([data.arrays[0], np.ones((len(data.arrays[0]), 2 * WIDTH), np.float32)], 1)
    factor = Sentences((wide,), data.rows, data.trees).prepared(np.arange(20)).factor
    assert factor is not None
    assert (factor[0, :WIDTH] > 0.1).all()


def test_a_long_fit_may_be_cancelled_every_fifty_steps() -> None:
    heard: list[float] = []

    class Listening(Progress):
        def report(self, done: float, total: float, note: str = "") -> None:
            heard.append(done)
            if done == 100:
                raise Cancelled

    data = data_of(25)
    with pytest.raises(Cancelled):
        fit(data, [Series(0, 0, True, 2)], (np.arange(20), np.arange(20, 25)), How(10_000, 0, "cpu", Listening()))
    assert heard == [50, 100]


def test_what_is_not_finite_is_found_in_the_last_row_too() -> None:
    states = np.ones((20_000, 2), np.float32)
    assert looked_through(states, np.arange(20_000)) == (True, False)
    states[-1, 1] = 2
    assert looked_through(states, np.arange(20_000)) == (True, True)
    states[-1, 1] = np.inf
    assert not looked_through(states, np.arange(20_000))[0]


def test_trees_are_those_of_scipy_and_spanning_trees_too() -> None:
    draw = np.random.default_rng(1)
    for _ in range(20):
        heads = heads_of(9, draw)
        graph = np.zeros((9, 9))
        for i, head in enumerate(heads):
            if head >= 0:
                graph[i, head] = 1
        tree = tree_of(heads, np.ones(9, bool))
        whole = shortest_path(graph, directed=False)
        assert (tree.distance == whole).all()
        assert (tree.depth == whole[tree.root]).all()
        assert {tuple(sorted(e)) for e in tree.edges} == {tuple(sorted(e)) for e in np.argwhere(graph)}
        apart = np.square(draw.normal(size=(9, 1, 3)) - draw.normal(size=(1, 9, 3))).sum(-1)
        apart = apart + apart.T
        mine = {tuple(sorted(e)) for e in spanning(apart[None], np.ones(9, bool))[0]}
        assert mine == {tuple(sorted(e)) for e in np.argwhere(minimum_spanning_tree(apart).toarray())}


def test_punctuation_has_no_edge_and_is_no_root_but_counts_in_correlations() -> None:
    heads = np.array([1, -1, 1, 2])
    tree = tree_of(heads, counts(("NOUN", "PUNCT", "NOUN", "PUNCT")))
    assert tree.edges.tolist() == [[0, 2]]
    assert tree.root == 0
    assert tree.distance.shape == (4, 4)
    assert counts(("PUNCT",)).all()


def test_the_chain_and_the_mean_over_lengths() -> None:
    heads = [np.array([-1, 0, 1, 2, 3]), np.array([-1, 0, 0, 0, 0]), np.array([-1, 0, 0, 0, 0]), np.array([1, -1])]
    trees = [tree_of(one, np.ones(len(one), bool)) for one in heads]
    trees.append(tree_of(np.array([-1, 0, 0, 0, 0, 0]), np.ones(6, bool)))
    chain = chained(trees)
    assert chain.value(UUAS, 0) == (4 + 1 + 1 + 1 + 1) / (4 + 4 + 4 + 1 + 5)
    assert chain.value(ROOT, 0) == 4 / 5  # the pair hangs the other way
    star = [spearmanr(range(n), [0] + [1] * (n - 1)).statistic for n in (5, 6)]
    assert chain.value(DEPTH, 0) == pytest.approx(np.mean([(1 + 2 * star[0]) / 3, star[1]]))  # and not of two words


def test_a_control_tree_is_a_tree_that_words_alone_decide() -> None:
    words = ("the", "cat", "saw", "the", "dog", "run")
    heads = control_heads(words, 3)
    assert (heads == control_heads(words, 3)).all()
    assert any((control_heads(words, seed) != heads).any() for seed in range(4, 8))
    assert (heads == -1).sum() == 1
    tree_of(heads, np.ones(6, bool))  # would not end on a cycle
    part = control_heads(words[1:3], 3)
    assert (part[1] == 0) == (heads[2] == 1)  # which of two neighbours hangs on the other is always the same


def small(encoder: Path, **changes: Any) -> Any:
    spec = StructuralSpec(**{"model": str(encoder), "rank": 4, "steps": 6, "seeds": 1, **changes})
    return structural.run(spec, Progress())


def test_a_run_says_where_and_beside_what(tiny_bert: Path) -> None:
    result = small(tiny_bert)
    assert sum(result.sizes) == 56
    assert set(result.baselines["name"]) == {CHAIN, RANDOM, "layer 0", structural.CONTROL}
    again = small(tiny_bert)
    assert result.scores.equals(again.scores)
    assert f"{result.row(TRAINED, UUAS).value:.2f}" in result.headline()
    assert result.ranks["rank"].unique().tolist() == [1, 2, 4]
    assert result.sentences["right"].sum() / result.sentences["edges"].sum() == pytest.approx(
        result.row(TRAINED, UUAS).value
    )
    with pytest.raises(KeyError):
        result.row(TRAINED, UUAS, "99")
    for draw in (figures.trees_by_layer, figures.trees_by_rank, figures.two_trees):
        assert draw(result).to_dict()
    bare = small(tiny_bert, ranks=False, control=False, random_init=False)
    assert "chain" in bare.headline()
    assert "not asked" in str(figures.trees_by_rank(bare).to_dict())
    methods = analyses.ANALYSES[[a.kind for a in analyses.ANALYSES].index("structural")].methods(StructuralSpec(), bare)
    assert "36 trained" in " ".join(methods) or f"{bare.sizes[0]} sentences trained" in " ".join(methods)


def test_refusals(tiny_bert: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.conllu"
    found = list(conllu.sentences("conllu:sample", seed=0))[:8]
    few.write_text("\n".join(_lines(one) for one in found), "utf-8")
    with pytest.raises(StrataError) as small_one:
        small(tiny_bert, corpus=f"conllu:{few}")
    assert small_one.value.code == "E-CORPUS-SMALL"
    with pytest.raises(ValueError, match="conllu"):
        StructuralSpec(corpus="python-stdlib")


def _lines(one: conllu.Sentence) -> str:
    rows = enumerate(zip(one.words, one.kinds, one.heads, strict=True), 1)
    return "".join(f"{i}\t{w}\t_\t{k}\t_\t_\t{h + 1}\tdep\t_\t_\n" for i, (w, k, h) in rows)
