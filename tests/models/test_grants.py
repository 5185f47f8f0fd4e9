"""The file of grants: whole commits only, readable by one, and worth nothing when it is damaged or open to others."""

import json
import shutil
import stat
from pathlib import Path

import pytest

from probes.errors import StrataError
from probes.models import load, trust

A, B = "a" * 40, "b" * 40


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    """A model that asks for code."""
    made = Path(shutil.copytree(tiny_bert, tmp_path / "model"))
    (made / "own.py").write_text("raise SystemExit('this must not run')\n")
    config = json.loads((made / "config.json").read_text())
    (made / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "own.Model"}}))
    return made


def test_grants_are_listed_and_taken_back(strata_home: Path) -> None:
    assert trust.grants() == ()
    trust.grant("owner/model", A)
    trust.grant("owner/model", B)
    trust.grant("owner/other", A)
    trust.grant("owner/model", A)
    assert [(g.repo, g.commit) for g in trust.grants()] == [
        ("owner/model", B), ("owner/other", A), ("owner/model", A)]  # fmt: skip
    assert stat.S_IMODE((strata_home / "trust.json").stat().st_mode) == 0o600
    assert trust.revoke("owner/model", B) == 1
    assert trust.revoke("owner/model") == 1
    assert trust.revoke("owner/model") == 0
    assert [g.repo for g in trust.grants()] == ["owner/other"]


@pytest.mark.parametrize("commit", ["main", "", "a" * 39, "A" * 40, "a" * 41, f"{A}\n", "code:abc"])
def test_a_word_is_for_a_whole_commit(commit: str) -> None:
    with pytest.raises(StrataError, match="not a whole commit") as caught:
        trust.grant("owner/model", commit)
    assert caught.value.code == "E-TRUST"


def test_a_word_is_for_a_repository_or_a_folder() -> None:
    with pytest.raises(StrataError, match="no hub repository"):
        trust.grant("../model", A)
    with pytest.raises(StrataError) as caught:
        trust.grant("/etc", f"code:{A}")
    assert caught.value.code == "E-PATH-OUTSIDE"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"grants": 1}', '{"grants": [{"repo": "x"}]}'])
def test_a_damaged_file_grants_nothing(text: str, strata_home: Path, folder: Path) -> None:
    strata_home.mkdir(parents=True)
    (strata_home / "trust.json").write_text(text)
    with pytest.raises(StrataError, match=r"trust\.json is damaged") as caught:
        load(str(folder))
    assert caught.value.code == "E-TRUST"


def test_a_file_that_others_may_write_grants_nothing(strata_home: Path, folder: Path) -> None:
    request = trust.pending(str(folder))
    assert request is not None
    trust.grant(request.repo, request.commit)
    (strata_home / "trust.json").chmod(0o666)
    with pytest.raises(StrataError, match="may be written by others"):
        load(str(folder))
