"""What no measure of a cloud takes, with counts and rows; and what duplicates and constant columns do."""

import math
from pathlib import Path

import numpy as np
import pytest

from probes.contract import Progress
from probes.errors import StrataError
from probes.geometry import GeometrySpec, analysis
from probes.geometry.cloud import cloud
from probes.geometry.measures import MEASURES, every, measure

each = pytest.mark.parametrize("row", MEASURES, ids=lambda m: m.name)


def unseen(seed: int = 0, n: int = 60, width: int = 12) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, width)) @ draw.normal(size=(width, width)) + draw.normal(size=width)


def refusal(rows: np.ndarray, name: str) -> StrataError:
    with pytest.raises(StrataError) as found:
        measure(name)(rows)
    return found.value


@pytest.mark.parametrize("n", [0, 1, 2])
@each
def test_too_few_points_are_counted(row: object, n: int) -> None:
    found = refusal(np.ones((n, 4)), row.name)
    assert found.code == "E-CLOUD-FEW"
    assert found.what == f"There are {n} distinct points, and a shape needs 3."


@each
def test_nan_is_found_and_its_row_named(row: object) -> None:
    x = unseen()
    x[7, 3], x[9, 0] = np.nan, np.inf
    found = refusal(x, row.name)
    assert found.code == "E-CLOUD-NAN"
    assert found.what == "2 of 60 rows hold NaN or infinite numbers, row 7 first."


def test_what_is_no_table_of_numbers_is_refused() -> None:
    for rows in (np.ones(5), np.ones((3, 0)), np.ones((2, 3, 4)), np.array([["a"]]), np.array([[None]])):
        assert refusal(rows, "norm").code == "E-CLOUD-SHAPE"


def test_duplicates_only_have_no_shape_and_constant_columns_do_no_harm() -> None:
    same = np.tile(unseen()[:1], (30, 1))
    for name in ("isoscore", "participation", "top-share"):
        assert refusal(same, name).what == "All 30 rows are the same."
    assert refusal(same, "two-nn").what == "There are 1 distinct points, and TwoNN needs 10."
    assert refusal(same, "hubness").what == "There are 1 distinct points, and 10 neighbours needs 12."
    assert measure("mean-cosine")(same) == pytest.approx(1)
    assert math.isnan(every(cloud(same))["mle"])
    x = unseen()
    wider = np.concatenate([x, np.full((60, 3), 2.0)], axis=1)
    assert measure("participation")(wider) == pytest.approx(measure("participation")(x))
    assert measure("two-nn")(wider) == pytest.approx(measure("two-nn")(x))


def test_zero_rows_have_no_direction() -> None:
    x = unseen()
    x[[4, 8]] = 0
    assert refusal(x, "mean-cosine").what == "2 of 60 rows are zero, row 4 first."
    assert refusal(np.zeros((9, 4)), "stable-rank").code == "E-CLOUD-ZERO"
    assert measure("norm-cv")(np.zeros((9, 4))) == 0
    assert refusal(np.ones((9, 1)), "isoscore").code in ("E-CLOUD-SHAPE", "E-CLOUD-POINT")


def test_an_unknown_measure_is_answered_with_the_nearest_and_all() -> None:
    with pytest.raises(StrataError, match="There is no measure 'isoscor'") as found:
        measure("isoscor")
    assert found.value.code == "E-GEOMETRY-MEASURE"
    assert found.value.why == "Did you mean 'isoscore'?"
    assert found.value.fix.endswith("rogue-share.")


def test_a_matrix_of_one_row_over_and_over_has_no_shape(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.ones((60, 8), np.float32))
    with pytest.raises(StrataError, match="none differs from another; each half of the texts needs 2") as found:
        analysis.run(GeometrySpec(corpus=f"matrix:{tmp_path / 'm.npy'}", n=60).pinned(), Progress())
    assert found.value.code == "E-CLOUD-POINT"


def test_a_layer_of_one_state_is_left_out_of_the_shapes_and_named(tiny_bert: Path) -> None:
    asked = GeometrySpec(model=str(tiny_bert), corpus="homonyms", unit="text", pooling="first", n=60, random_init=False)
    result = analysis.run(asked.pinned(), Progress())
    assert result.layers == ("1", "2")
    assert set(result.scores.layer) == {"1", "2"}
    assert "Left out, as fewer than 2 points differ there: layer 0." in result.source.notes
