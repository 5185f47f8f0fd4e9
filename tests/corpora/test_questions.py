"""A question reads a table as it reads a folder: the same functions, the same numbers, the same refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small import SIZES
from tables import name_of

from probes import corpora
from probes.contract import Progress
from probes.errors import StrataError
from probes.syntax import SyntaxSpec
from probes.syntax.analysis import run


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Functions of the standard library, some of another language, and one that is broken."""
    found = corpora.load("python-stdlib", n=150)
    path = tmp_path / "functions.parquet"
    frame = pd.DataFrame({"code": found.texts, "lang": ["Python"] * 140 + ["go"] * 10, "n": range(150)})
    frame.loc[0, "code"] = "def broken(:"
    frame.to_parquet(path)
    return path


def test_syntax_reads_functions_of_a_table(tiny_bert: Path, table: Path) -> None:
    question = SyntaxSpec(
        model=str(tiny_bert), corpus=name_of(table, text="code", language="lang"), **SIZES, control=False
    ).pinned()
    result = run(question, Progress())
    assert result.sizes == (SIZES["n_train"], SIZES["n_valid"], SIZES["n_test"])
    assert result.left_out["row of another language"] == 10
    assert set(result.left_out) >= {"row of another language"}
    assert result.snippets["origin"].str.match(r"functions\.parquet:\d+$").all()
    again = run(question.unpinned().pinned(), Progress())
    assert question.unpinned().pinned().digest == question.digest
    assert np.array_equal(again.basis, result.basis)
    assert question.unpinned().corpus == corpora.unpinned(question.corpus)

    table.write_bytes(table.read_bytes() + b" ")
    with pytest.raises(StrataError) as caught:
        run(question, Progress())
    assert caught.value.code in ("E-CORPUS-MOVED", "E-TABLE-FORMAT")


def test_a_table_of_sentences_is_no_code(tiny_bert: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The tree stands behind the house.\n" * 20)
    question = SyntaxSpec(model=str(tiny_bert), corpus=f"table:{path}", **SIZES).pinned()
    with pytest.raises(StrataError) as caught:
        run(question, Progress())
    assert caught.value.code == "E-CORPUS-EMPTY"
    assert "cell that is not one function (20)" in caught.value.why
