from collections import Counter
from itertools import combinations, permutations

import numpy as np
import pytest
from parallel_vectors import paired

from probes.alignment.grams import similarities
from probes.alignment.mexa import hits
from probes.alignment.nulls import _at_least, any_layer, mutual_neighbours, null, null_at, shuffled


def test_the_null_is_that_of_every_pairing_there_is() -> None:
    """All 720 pairings of six sentences, scored by the rule itself."""
    s = similarities(*paired(1.2, n=6, width=4, seed=3))
    counts = [int(hits(s[:, list(order)]).sum()) for order in permutations(range(6))]
    got = null(s)
    assert got.share == pytest.approx(np.mean(counts) / 6)
    assert got.p == pytest.approx(np.mean([count >= hits(s).sum() for count in counts]))
    assert got.mutual >= 3


@pytest.mark.parametrize("m", [2, 3, 5])
def test_the_null_at_m_is_that_of_every_pairing_and_every_choice(m: int) -> None:
    s = similarities(*paired(1.2, n=5, width=4, layers=2, seed=3))
    s[1, 0] = s[1, 1]  # with ties
    for layer, got in zip(s, null_at(s, m), strict=True):
        scores = [
            hits(layer[np.ix_(rows, [order[i] for i in rows])]).mean()
            for order in permutations(range(5))
            for rows in combinations(range(5), m)
        ]
        assert got == pytest.approx(np.mean(scores), rel=1e-12)


def test_the_null_rises_as_sentences_become_fewer() -> None:
    s = similarities(*paired(1e6, n=80))
    at = [float(null_at(s, m)) for m in (5, 20, 80)]
    assert at[2] == pytest.approx(float(null(s).share))
    assert at[0] > 3 * at[1] > 9 * at[2]
    assert at[0] < 1 / 5


@pytest.mark.parametrize(("n", "cells"), [(4, 0), (5, 3), (6, 6), (7, 5)])
def test_the_tail_is_counted_exactly(n: int, cells: int) -> None:
    met = Counter(sum(order[i] == i for i in range(cells)) for order in permutations(range(n)))
    total = sum(met.values())
    for h in range(n + 1):
        share = sum(times for count, times in met.items() if count >= h) / total
        assert _at_least(h, cells, n) == pytest.approx(share, abs=1e-14)


@pytest.mark.parametrize("hits_", [1, 3, 20, 60, 100])
def test_the_tail_of_many_hits_is_near_poisson_and_never_negative(hits_: int) -> None:
    p = [_at_least(h, 100, 100) for h in range(hits_, 101)]
    assert all(0 <= b <= a for a, b in zip(p, p[1:], strict=False))
    if hits_ == 3:
        assert p[0] == pytest.approx(0.0803, abs=1e-4)  # 1 - 2.5/e: a permutation's fixed points


def test_ties_have_no_mutual_neighbour() -> None:
    s = np.array([[0.9, 0.9, 0.0], [0.1, 0.2, 0.3], [0.0, 0.1, 0.3]])
    assert mutual_neighbours(s).tolist() == [-1, -1, -1]
    s[0, 1] = s[2, 2] = 0.5
    assert mutual_neighbours(s).tolist() == [0, -1, 2]


def test_strangers_are_what_the_null_expects_and_translations_are_not() -> None:
    few = [null(similarities(*paired(1e6, n=100, seed=i))).p for i in range(300)]
    assert np.mean(np.array(few) <= 0.05) <= 0.08  # a p-value is no smaller than it says
    assert null(similarities(*paired(0.5, n=100))).p < 1e-20


def test_layers_are_judged_one_by_one_and_all_together() -> None:
    x, y = paired(1e6, n=30, layers=4)
    one = null(similarities(x, y))
    assert one.p.shape == one.share.shape == (4,)
    p = [any_layer(similarities(*paired(1e6, n=30, layers=4, seed=i)), draws=200)[1] for i in range(100)]
    assert 0.0 <= np.mean(np.array(p) <= 0.05) <= 0.1
    y[2] = x[2]
    assert any_layer(similarities(x, y), draws=500)[1] == pytest.approx(1 / 501)


def test_a_measure_of_shuffled_pairs_is_its_chance() -> None:
    x, y = paired(0.1, n=20)
    first = shuffled(lambda a, b: float((a * b).sum()), x, y, draws=3, seed=1)
    assert (first == shuffled(lambda a, b: float((a * b).sum()), x, y, draws=3, seed=1)).all()
    assert len(set(first.tolist())) == 3
    assert first.max() < float((x * y).sum())
