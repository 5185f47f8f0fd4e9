"""Bad input of the pooling bench: no pair, one, two, one text, equal sides, copies of a pair, equal scores."""

from pathlib import Path

import numpy as np
import pytest
from small import pair_table

from probes.contract import Progress
from probes.errors import StrataError
from probes.quality import PoolingResult, PoolingSpec
from probes.quality.pairs import Pairs
from probes.quality.pooling import run
from probes.quality.prefixes import cosines
from probes.quality.scoring import Judge


def pooled(model: Path, folder: Path, rows: list[tuple[str, str, object]]) -> PoolingResult:
    lines = ["first,second,score", *(f"{a},{b},{score}" for a, b, score in rows)]
    (folder / "pairs.csv").write_text("\n".join(lines) + "\n")
    spec = PoolingSpec(model=str(model), tasks=(f"table:{folder / 'pairs.csv'}",), n=100, latents=2, steps=1, seeds=1)
    return run(spec.model_copy(update={"random_init": False, "masks": "own"}), Progress())


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ([], "E-CORPUS-EMPTY", "holds no pair of texts with a score"),
        ([("value", "name", 1)], "E-PAIRS", ""),
        ([("value", "name", 1), ("item", "key", 2)], "E-PAIRS-FEW", "too few"),
        ([("value", "value", i) for i in range(80)], "E-PAIRS-FEW", "too few"),  # one text
        ([("value", "name", i % 5) for i in range(80)], "E-PAIRS-FEW", "too few"),  # copies of one pair
        ([(f"value {i}", f"name {i}", 3) for i in range(80)], "E-PAIRS-SCORE", "All scores of"),
        ([(f"value {i}", f"name {i}", "nan") for i in range(80)], "E-TABLE-ROW", "its score is no number"),
        ([(f"value {i}", "", i) for i in range(80)], "E-TABLE-ROW", "one of its two texts is empty"),
    ],
)
def test_pairs_that_judge_nothing_are_refused(
    tiny_bert: Path, tmp_path: Path, rows: list[tuple[str, str, object]], code: str, said: str
) -> None:
    with pytest.raises(StrataError) as found:
        pooled(tiny_bert, tmp_path, rows)
    assert found.value.code.startswith(code)
    assert said in str(found.value)


def test_pairs_of_equal_texts_are_ranked_by_nothing(tiny_bert: Path, tmp_path: Path) -> None:
    """Every similarity is 1: what rounding leaves of it must not be taken for a ranking."""
    found = pooled(tiny_bert, tmp_path, [(f"value {i} name", f"value {i} name", i) for i in range(120)])
    assert found.value == found.plain == 0
    assert not found.scores.value.to_numpy().any()


def test_equal_rows_are_exactly_alike_and_zero_rows_not_at_all() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 7))
    texts, places = tuple(map(str, range(100))), np.arange(50)
    judge = Judge(Pairs("t", texts, places, places + 50, np.arange(50.0)))
    items = judge.items(cosines(rows, rows, rated=True))
    assert set(items) == {1.0}
    assert judge.value(items) == 0
    assert not judge.resampled(items).any()
    none = np.zeros((3, 7))
    assert not cosines(none, none, rated=True).any()


def test_a_table_of_pairs_still_gives_an_answer(tiny_bert: Path, tmp_path: Path) -> None:
    spec = PoolingSpec(model=str(tiny_bert), tasks=(pair_table(tmp_path / "p.csv"),), n=80, latents=0, seeds=1)
    found = run(spec.model_copy(update={"random_init": False, "masks": "own"}), Progress())
    assert np.isfinite(found.scores.value).all()
