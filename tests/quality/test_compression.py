"""The bench: what is stored is judged as it comes back, against its own evaluation; halves, levels and refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from small import line_folder, pair_table

from probes import analyses, export, store
from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.texts import read_texts
from probes.models import loaded
from probes.quality import CompressionResult, CompressionSpec, pairs
from probes.quality.compressing import levels, nearest
from probes.quality.compression import run
from probes.quality.compressors import COMPRESSORS, Coded


@pytest.fixture(scope="module")
def spec(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> CompressionSpec:
    table = pair_table(tmp_path_factory.mktemp("pairs") / "pairs.csv")
    return CompressionSpec(model=str(tiny_bert), pairs=table, n=80, neighbours=3).pinned()


@pytest.fixture(scope="module")
def result(spec: CompressionSpec) -> CompressionResult:
    return run(spec, Progress())


def cosine(a: np.ndarray, b: np.ndarray) -> Any:
    return a @ b.T / np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))


def test_every_row_is_a_separate_evaluation(spec: CompressionSpec, result: CompressionResult) -> None:
    model = loaded(spec)
    found = pairs.load(spec, model)
    every = read_texts(model, (*found.texts, *found.spare), "mean")[model.layers[-1]].astype(float)
    rows, learn = every[: len(found.texts)], every[len(found.texts) :]
    plain = np.diag(cosine(rows[found.first], rows[found.second]))
    assert result.sizes.value[0] == pytest.approx(spearmanr(plain, found.score).statistic)
    for _, row in result.sizes.iloc[1:].iterrows():
        coded = COMPRESSORS[row.method](rows, learn, int(row.level), spec.seed)
        near = np.diag(cosine(coded.asked[found.first], coded.stored[found.second]))
        assert row.value == pytest.approx(spearmanr(near, found.score).statistic, abs=0.02)
        assert row.low <= row.value <= row.high
        assert row.lost_low <= row.lost <= row.lost_high
        assert row.lost == pytest.approx(result.sizes.value[0] - row.value)
    assert set(result.sizes.method) == {"float32", *COMPRESSORS}


def test_half_precision_keeps_all_and_the_plain_vectors_lose_nothing(result: CompressionResult) -> None:
    plain, half = result.sizes.iloc[0], result.sizes[result.sizes.method == "float16"].iloc[0]
    assert (plain.lost, plain.lost_low, plain.lost_high, plain.overlap) == (0, 0, 0, 1)
    assert abs(half.lost) < 0.01
    assert half.overlap > 0.97
    assert result.chance < result.sizes.overlap.min() + 0.1


def test_translations_are_found_in_what_is_stored(tiny_gpt2: Path, tmp_path: Path) -> None:
    corpus = f"flores:{line_folder(tmp_path, 100)}"
    asked = CompressionSpec(model=str(tiny_gpt2), pairs=corpus, other_language="deu_Latn", n=50, layer="1")
    found = run(asked, Progress())
    assert (found.measure, found.layer, found.pairs) == ("MRR", "1", 50)
    assert 0 < found.sizes.value.min() <= found.sizes.value.max() <= 1


def test_nearest_leaves_itself_out() -> None:
    line = np.array([[1.0, 0.0], [1.0, 0.1], [1.0, 0.3], [0.0, 1.0]])
    assert nearest(Coded(line, line, 0), 2).tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]


def test_sizes_fall_and_fit_the_width() -> None:
    for name in COMPRESSORS:
        found = levels(name, 384)
        assert list(found) == sorted(found, reverse=True)
    assert levels("product", 50) == (25,)


def test_a_layer_that_is_not_there_is_refused(spec: CompressionSpec) -> None:
    with pytest.raises(StrataError, match="has no layer '9'") as found:
        run(spec.model_copy(update={"layer": "9"}), Progress())
    assert found.value.code == "E-LAYER"
    assert found.value.why == "There are: 0, 1, 2."


def test_the_answer_is_the_same_again_and_leaves_as_a_figure(
    spec: CompressionSpec, result: CompressionResult, strata_home: Path
) -> None:
    again = run(spec, Progress())
    assert again.sizes.equals(result.sizes)
    assert again.headline() == result.headline()
    store.save(spec, result, 0.1)
    assert analyses.result_of(spec.digest).sizes.equals(result.sizes)
    for name in analyses.of(spec).figures:
        assert export.file_bytes(spec, result, "pdf", figure=name).startswith(b"%PDF")
