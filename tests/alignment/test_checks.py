import numpy as np
from parallel_vectors import paired

from probes.alignment import inspect


def test_every_fault_is_counted_and_named() -> None:
    x, _ = paired(1.0, layers=3)
    x[0, 4, 2] = np.nan
    x[2, 6, 0] = np.inf
    x[1, 8] = 0
    x[:, 11] = x[:, 10]
    x[:, 13] = x[:, 10]
    x[0, 15] = x[0, 10]  # in one layer only: not the same sentence
    found = inspect(x)
    assert (found.nan, found.zero, found.repeated, found.unusable) == ((4, 6), (8,), (11, 13), (4, 6, 8))
    assert found.sentences() == (
        "2 of 40 rows hold values that are not finite numbers (rows 4, 6).",
        "1 of 40 rows are zero throughout (row 8).",
        "2 of 40 rows repeat an earlier one and cannot be told from it (rows 11, 13).",
    )


def test_many_rows_are_counted_and_the_first_few_named() -> None:
    assert inspect(np.zeros((9, 3))).sentences()[0] == "9 of 9 rows are zero throughout (rows 0, 1, 2, 3, 4, …)."


def test_nothing_is_said_of_good_rows() -> None:
    x, _ = paired(1.0)
    assert inspect(x).sentences() == ()
    assert inspect(x).unusable == ()
