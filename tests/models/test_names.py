"""Names that are no models are refused before anything touches the disk or the network."""

import shutil
from pathlib import Path

import pytest

from probes.errors import StrataError
from probes.models import fetch, load, pin


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a\0b", "control characters"),
        ("a\nb", "control characters"),
        ("x" * 2000, "too long"),
        ("file:///etc", "an address"),
        ("https://host/model", "an address"),
        ("//host/share", "another machine's share"),
        ("\\\\host\\share", "another machine's share"),
        ("/\\host/share", "another machine's share"),
        ("model.", "ends in a dot"),
        ("./no-such", "no such folder"),
        ("a/b/c", "no such folder"),
        (__file__, "It is a file"),
    ],
)
def test_names_that_are_not_models(name: str, why: str) -> None:
    with pytest.raises(StrataError, match=why) as caught:
        fetch.folder_of(name)
    assert caught.value.code == "E-MODEL-PATH"


def test_a_folder_outside_the_roots_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_ROOTS", str(tmp_path))
    for name in ("/etc", "../..", "~", str(tmp_path / ".." / "x")):
        with pytest.raises(StrataError, match="STRATA_ROOTS") as caught:
            fetch.folder_of(name)
        assert caught.value.code == "E-PATH-OUTSIDE"
        assert pin.pin(name, None) is None


def test_a_hub_id_and_a_plain_name_are_no_paths_outside_the_roots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRATA_ROOTS", str(tmp_path))
    for name, code in (("owner/model", "E-HUB-OFFLINE"), ("minilmm", "E-MODEL-UNKNOWN")):
        with pytest.raises(StrataError) as caught:
            fetch.folder_of(name)
        assert caught.value.code == code


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_file_that_is_a_link_out_of_the_roots(
    file: str, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(tiny_bert, tmp_path / "root" / "model"))
    monkeypatch.setenv("STRATA_ROOTS", str(tmp_path / "root"))
    (folder / file).rename(tmp_path / "secret")
    (folder / file).symlink_to(tmp_path / "secret")
    with pytest.raises(StrataError, match="A link on the way leads outside") as caught:
        load(str(folder))
    assert caught.value.code == "E-PATH-OUTSIDE"


def test_an_unknown_name_is_not_taken_for_a_hub_id() -> None:
    with pytest.raises(StrataError, match="Did you mean 'minilm'") as caught:
        load("minilmm")
    assert caught.value.code == "E-MODEL-UNKNOWN"
