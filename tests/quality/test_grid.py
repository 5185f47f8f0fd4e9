"""The grid: every cell is its own truncated embedding, nested data rise, nulls stand, and half of the pairs chooses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from small import NOUNS, code_folder, line_folder, pair_table

from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.texts import read_texts
from probes.models import loaded
from probes.quality import GridResult, GridSpec, pairs
from probes.quality.grid import run
from probes.quality.gridding import whole_basis
from probes.quality.pareto import front
from probes.quality.prefixes import all_against_all, diagonal, paired, sizes


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a.astype(float), b.astype(float)
    return a @ b.T / np.outer(np.sqrt((a * a).sum(1)), np.sqrt((b * b).sum(1)))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    return pair_table(tmp_path_factory.mktemp("pairs") / "pairs.csv")


@pytest.fixture(scope="module")
def spec(tiny_bert: Path, table: str) -> GridSpec:
    return GridSpec(model=str(tiny_bert), pairs=table, n=80, draws=2)


@pytest.fixture(scope="module")
def result(spec: GridSpec) -> GridResult:
    return run(spec, Progress())


def test_every_prefix_is_a_separate_cosine() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 30, 20)).astype(np.float32)
    dims = (1, 3, 8, 20)
    for d, found, square in zip(dims, paired(one, other, dims), all_against_all(one, other, dims), strict=True):
        expected = cosines(one[:, :d], other[:, :d])
        np.testing.assert_allclose(square, expected, atol=1e-12)
        np.testing.assert_allclose(found, np.diag(expected), atol=1e-12)


def test_zero_vectors_have_no_direction_and_no_nan() -> None:
    one = np.zeros((3, 4))
    assert not next(paired(one, np.ones((3, 4)), (4,))).any()
    assert not next(all_against_all(one, one, (2,))).any()


def test_every_cell_of_rated_pairs_is_a_separate_evaluation(spec: GridSpec, result: GridResult) -> None:
    model = loaded(spec)
    found = pairs.load(spec, model)
    states = read_texts(model, found.texts, "mean")
    for _, cell in result.cells.iterrows():
        cut = states[cell.layer][:, : cell.dims]
        alone = np.diag(cosines(cut[found.first], cut[found.second]))
        assert cell.value == pytest.approx(spearmanr(alone, found.score).statistic, abs=1e-6)
        assert cell.low <= cell.value <= cell.high
    assert set(result.cells.dims) == set(sizes(16))
    assert len(result.cells) == len(sizes(16)) * len(result.layers)


def test_every_cell_of_translations_is_a_separate_evaluation(tiny_gpt2: Path, tmp_path: Path) -> None:
    corpus = f"flores:{line_folder(tmp_path, 100)}"
    spec = GridSpec(model=str(tiny_gpt2), pairs=corpus, other_language="deu_Latn", n=50, draws=1, random_init=False)
    result = run(spec, Progress())
    model = loaded(spec)
    found = pairs.load(spec, model)
    assert (result.measure, result.pairs, len(found.spare)) == ("MRR", 50, 100)
    states = read_texts(model, found.texts, "mean")
    for _, cell in result.cells.iterrows():
        near = cosines(*(states[cell.layer][side, : cell.dims] for side in (found.first, found.second)))
        ranks = [[int((row >= row[i]).sum()) for i, row in enumerate(s)] for s in (near, near.T)]
        assert cell.value == pytest.approx(np.mean(1 / np.array(ranks)), abs=1e-6)
    assert result.shuffled == pytest.approx(np.mean(1 / np.arange(1, 51)))
    assert result.cells.untrained.isna().all()
    assert "random weights" not in result.headline()


def test_all_dimensions_are_the_same_in_any_order_and_any_axes(result: GridResult) -> None:
    whole = result.cells[result.cells.dims == 16]
    np.testing.assert_allclose(whole["random"], whole.value, atol=1e-9)
    np.testing.assert_allclose(whole.pca, whole.value, atol=1e-9)
    assert (result.cells.untrained != result.cells.value).any()


def test_planted_nested_vectors_rise_and_reach_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layer i holds what decides the scores in its first 4i dimensions, and noise behind them."""
    draw = np.random.default_rng(1)
    z = draw.normal(size=(60, 8))
    first, second = np.arange(0, 60, 2), np.arange(1, 60, 2)
    gold = np.diag(cosines(z[first], z[second]))
    alone = [spearmanr(np.diag(cosines(z[first, :d], z[second, :d])), gold).statistic for d in (2, 4, 8)]
    assert alone == sorted(alone)
    noisy = np.concatenate([z, 3 * draw.normal(size=(60, 8))], axis=1)
    values = [spearmanr(x, gold).statistic for x in paired(noisy[first], noisy[second], (2, 4, 8, 16))]
    np.testing.assert_allclose(values[:3], alone)
    assert values[2] == pytest.approx(1)
    assert values[3] < 0.9  # what stands behind the planted dimensions is noise


def test_the_axes_of_a_planted_plane_need_no_more_than_two_dimensions() -> None:
    draw = np.random.default_rng(2)
    plane = draw.normal(size=(2, 12))
    rows = draw.normal(size=(40, 2)) @ plane
    basis = whole_basis(draw.normal(size=(30, 2)) @ plane)
    np.testing.assert_allclose(basis.T @ basis, np.eye(12), atol=1e-9)
    two, all_of = paired(rows[:20] @ basis, rows[20:] @ basis, (2, 12))
    np.testing.assert_allclose(two, all_of, atol=1e-6)
    assert not np.allclose(next(paired(rows[:20], rows[20:], (2,))), all_of, atol=0.1)


def test_the_named_cells_are_chosen_on_one_half_and_measured_on_the_other(spec: GridSpec, result: GridResult) -> None:
    model = loaded(spec)
    found = pairs.load(spec, model)
    half = found.half(spec.seed)
    assert set(half) == {0, 1}
    states = read_texts(model, found.texts, "mean")

    def value(layer: str, dims: int, side: int) -> float:
        cut, rows = states[layer][:, :dims], half == side
        near = np.diag(cosines(cut[found.first[rows]], cut[found.second[rows]]))
        return float(spearmanr(near, found.score[rows]).statistic)

    chosen = max((value(c.layer, c.dims, 0), c.layer, c.dims) for c in result.cells.itertuples())
    assert value(result.best, result.best_dims, 0) == pytest.approx(chosen[0])
    assert result.value == pytest.approx(value(result.best, result.best_dims, 1))
    assert result.cheap_value == pytest.approx(value(result.cheap, result.cheap_dims, 1))
    assert value(result.cheap, result.cheap_dims, 0) >= 0.9 * chosen[0]


def test_the_front_is_what_nothing_beats() -> None:
    quality = np.array([0.9, 0.9, 0.5, 0.4, 0.4])
    layers, size = np.array([2, 1, 1, 0, 1]), np.array([8, 8, 4, 4, 4])
    assert front(quality, layers, size).tolist() == [False, True, True, True, False]
    same = front(np.ones(3), np.ones(3))
    assert same.all()  # equals do not beat each other


def test_starbucks_diagonal_is_the_published_one_and_marked(result: GridResult) -> None:
    assert diagonal(12, 768) == ((2, 32), (4, 64), (6, 128), (8, 256), (10, 512), (12, 768))
    assert diagonal(6, 384) == ((1, 16), (2, 32), (3, 64), (4, 128), (5, 256), (6, 384))
    marked = result.cells[result.cells.diagonal]
    assert set(zip(marked.order, marked.dims, strict=True)) == set(diagonal(2, 16))
    assert len(result.kept) == len(set(diagonal(2, 16)))


def test_a_table_and_a_cell_are_found_by_name(result: GridResult) -> None:
    table = result.table()
    assert table.loc["1", 8] == result.cell("1", 8).value
    with pytest.raises(KeyError, match="No cell at layer '9' with 8 dimensions."):
        result.cell("9", 8)


def test_docstrings_find_their_functions(tiny_bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    for i in range(8):
        lines = [f'def {a}_{i}(x):\n    """Return the {a} of number {i} here.\n\n    More."""\n    return x + {i}\n'
                 for a in NOUNS]  # fmt: skip
        (folder / f"m{i}.py").write_text("\n\n".join(lines))
    spec = GridSpec(model=str(tiny_bert), pairs=f"code:{folder}", n=40, draws=1, random_init=False)
    found = pairs.load(spec, loaded(spec))
    assert found.score is None
    for one, other in zip(found.first, found.second, strict=True):
        words = found.texts[one].split()
        assert found.texts[other] == f"def {words[2]}_{words[5]}(x):\n    return x + {words[5]}\n".rstrip("\n")
    assert set(found.spare).isdisjoint(found.texts)
    bare = code_folder(tmp_path / "bare")
    with pytest.raises(StrataError, match="gives 0 pairs, in halves of 0 and 0, and 0 texts to fit on") as error:
        pairs.load(GridSpec(model=str(tiny_bert), pairs=f"code:{bare}"), loaded(spec))
    assert "function without a docstring" in error.value.why


def test_too_few_pairs_and_equal_scores_are_refused(tiny_bert: Path, tmp_path: Path) -> None:
    model = loaded(GridSpec(model=str(tiny_bert)))

    def load(rows: list[Any]) -> Any:
        path = tmp_path / "t.csv"
        path.write_text("first,second,score\n" + "\n".join(f"value {i},name {i},{s}" for i, s in enumerate(rows)))
        return pairs.load(GridSpec(model=str(tiny_bert), pairs=f"table:{path}"), model)

    with pytest.raises(StrataError, match="gives .* too few") as found:
        load(list(range(20)))
    assert found.value.code == "E-PAIRS-FEW"
    with pytest.raises(StrataError, match="All scores of .* are equal") as found:
        load([1] * 90)
    assert found.value.code == "E-PAIRS-SCORE"


def test_texts_the_model_cannot_read_whole_leave_with_their_pairs(tiny_bert: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"value {i},{'name ' * (600 if i < 3 else 2)}{i},{i}" for i in range(120)]
    path.write_text("first,second,score\n" + "\n".join(rows))
    spec = GridSpec(model=str(tiny_bert), pairs=f"table:{path}")
    found = pairs.load(spec, loaded(spec))
    assert max(map(len, found.texts)) < 100
    lost = sum(found.left_out.values())
    assert lost + sum(len(text) > 100 for text in found.spare) <= 3
    assert all(len(text) < 100 for text in found.spare)
