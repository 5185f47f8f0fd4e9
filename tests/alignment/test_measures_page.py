"""The page of the measures says of each what the table says."""

from pathlib import Path

import pytest

from probes.alignment import MEASURES, Measure
from probes.alignment.measures import CHANGES

PAGE = (Path(__file__).parents[2] / "docs" / "measures.md").read_text("utf-8")


@pytest.mark.parametrize("row", MEASURES, ids=lambda row: row.name)
def test_the_page_says_what_the_table_says(row: Measure) -> None:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{row.name}` |"))
    ignored = ", ".join(change for change in CHANGES if change in row.ignores)
    identical = "" if row.identical is None else f"{row.identical:g}"
    source = row.source.replace("|", r"\|")
    assert line == f"| `{row.name}` | {source} | {ignored} | {identical} |"


def test_the_page_names_no_measure_that_is_not_there() -> None:
    named = [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    assert named == [row.name for row in MEASURES]
