"""Each way to name a corpus on its page: a file uploaded, a path, a dataset, a folder of code; and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from test_corpora_page import CSV, PAGE, headline, says

from probes.corpora import uploads
from probes.store import home

Open = Callable[..., AppTest]


def test_an_upload_is_kept_looked_at_and_let_go_of(page: Open) -> None:
    at = page(PAGE)
    at.file_uploader[0].upload("../../my data.csv", CSV).run()
    assert not at.exception
    (kept,) = (home() / "uploads").glob("*/my_data.csv")
    assert kept.read_bytes() == CSV
    assert at.query_params["corpus"] == f"table:{kept.resolve()}"
    assert "my_data.csv: 3 rows" in headline(at)
    assert not at.file_uploader[0].value  # a fresh one: the copy in memory is gone
    again = page(PAGE)
    assert any("my_data.csv" in link.value.replace("\\", "") for link in again.main.page_link)


@pytest.mark.parametrize(
    ("data", "said"), [(b"PK\x03\x04" + b"\0" * 99, "is a zip archive"), (b"\x80\x04\x95.", "is a Python pickle")]
)
def test_an_upload_that_is_no_table_is_refused(page: Open, data: bytes, said: str) -> None:
    """Case 36."""
    at = page(PAGE)
    at.file_uploader[0].upload("data.csv", data).run()
    assert not at.exception
    assert said in says(at)
    assert "corpus" not in at.query_params
    assert not (home() / "uploads").exists()
    assert said not in says(at.run())


def test_an_upload_over_the_limit_is_refused(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 35."""
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    at = page(PAGE)
    at.file_uploader[0].upload("data.csv", b"text\n" + b"x\n" * 1000).run()
    assert not at.exception
    assert "An upload may have" in says(at)


def test_a_path_is_typed(page: Open, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_bytes(CSV)
    at = page(PAGE)
    at.segmented_control(key="corpus_from").set_value("Path").run()
    at.text_input(key="corpus_typed").set_value(str(data))
    at.button(key="FormSubmitter:corpus_path-Look").click().run()
    assert not at.exception
    assert at.query_params["corpus"] == f"table:{data.resolve()}"
    assert "data.csv: 3 rows" in headline(at)


def test_a_path_that_is_none_is_refused(page: Open) -> None:
    at = page(PAGE)
    at.segmented_control(key="corpus_from").set_value("Path").run()
    at.text_input(key="corpus_typed").set_value("//host/share")
    at.button(key="FormSubmitter:corpus_path-Look").click().run()
    assert not at.exception
    assert "is not a path" in says(at)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_local_dataset_is_typed(page: Open, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"text": "x"}\n{"text": "yy"}\n')
    at = page(PAGE)
    at.segmented_control(key="corpus_from").set_value("Hub").run()
    at.text_input(key="corpus_dataset").set_value(str(tmp_path))
    at.button(key="FormSubmitter:corpus_hub-Look").click().run(timeout=60)
    assert not at.exception
    assert "2 rows, texts of 1 to 2 characters" in headline(at)


@pytest.mark.parametrize("corpus", ["python-stdlib", "code:probes/corpora"])
def test_code_is_looked_at_and_has_no_columns_to_choose(page: Open, corpus: str) -> None:
    at = page(PAGE, corpus=corpus)
    assert not at.exception
    assert "functions, texts of" in headline(at)
    assert not [b for b in at.button if b.key == "FormSubmitter:corpus_choices-Apply"]
    (link,) = [link for link in at.main.page_link if link.value == "Use in Syntax"]
    assert link.proto.query_string.endswith("language=python")
