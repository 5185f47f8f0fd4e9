"""The figure of the simulation: the mean of the runs in every cell, in the order the frame has them."""

import pandas as pd
import pytest

from probes.figures.simulation import ranking


def test_every_cell_is_the_mean_of_its_runs() -> None:
    frame = pd.DataFrame(
        [("w", "s", 0, 0.2), ("w", "s", 1, 0.6), ("w", "a", 0, 1.0), ("w", "a", 1, 1.0)],
        columns=["world", "score", "run", "spearman"],
    )
    spec = ranking(frame).to_dict()
    rows = next(iter(spec["datasets"].values()))
    assert [(row["score"], row["spearman"]) for row in rows] == [("s", pytest.approx(0.4)), ("a", 1.0)]
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["s", "a"]
    assert "mean of 2 planted worlds" in spec["title"]["subtitle"][0]
