"""Erasure in a model: what a column says is read before and not after, in whichever way; refusals in words."""

from itertools import islice, permutations
from pathlib import Path
from typing import Any

import pytest

from probes.contract import Progress
from probes.errors import StrataError
from probes.intervention import ErasureSpec
from probes.intervention.erasure import INTACT, OURS, ErasureResult, run

NOUNS = ("value", "name", "item", "key", "result", "data", "line", "path", "file", "type")


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Two classes of lines: about values and names, or about files and paths."""
    lines = ["text,topic,one"]
    for topic, nouns in (("values", NOUNS[:5]), ("files", NOUNS[5:])):
        lines += [f"{' '.join(words)},{topic},same" for words in islice(permutations(nouns), 0, 120, 5)]
    (tmp_path / "lines.csv").write_text("\n".join(lines) + "\n")
    return f"table:{tmp_path / 'lines.csv'}?label=topic&label=one"


def erase(model: Path, corpus: str, **asked: Any) -> ErasureResult:
    values = {"language": "", "label": "topic", "texts": 12, "draws": 2, "layer": "0", **asked}
    return run(ErasureSpec(model=str(model), corpus=corpus, device="cpu", **values), Progress())


@pytest.mark.parametrize("method", ["leace", "inlp", "mean difference"])
def test_what_is_read_of_a_column_is_gone_and_random_subspaces_take_less(
    method: str, tiny_gpt2: Path, table: str
) -> None:
    found = erase(tiny_gpt2, table, method=method, rounds=12)
    assert found.labels == ("files", "values")
    before, after = found.row(INTACT), found.row(OURS)
    assert before.accuracy > 0.7
    assert after.accuracy < before.accuracy - 0.15
    assert before.moved == 0
    assert (found.erased["low"] <= found.erased["accuracy"]).all()
    assert (found.erased["accuracy"] <= found.erased["high"]).all()
    if method != "inlp":
        random = found.row("random, equal rank")
        assert found.rank == 1
        assert random.accuracy > after.accuracy + 0.1
    assert found.change[OURS] == pytest.approx(found.losses[found.losses["removed"] == OURS]["change"].mean())


def test_refusals(tiny_gpt2: Path, table: str) -> None:
    def refused(code: str, **asked: Any) -> StrataError:
        with pytest.raises(StrataError) as caught:
            erase(tiny_gpt2, table, **asked)
        assert caught.value.code == code
        return caught.value

    assert "topic" in refused("E-LABEL", label="nothing").fix
    assert "1 classes" in refused("E-LABEL", label="one").what
    assert "0, 1, 2" in refused("E-LAYER-UNKNOWN", layer="3").fix
