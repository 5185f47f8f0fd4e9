"""Cases 6 and 7: code beside the weights runs on a person's word for exactly that code, and says so in every result."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import errors

from probes.errors import StrataError
from probes.models import convert, load, trust

CODE = """
from pathlib import Path
from transformers import BertConfig, BertModel
Path({canary!r}).touch()

class OwnConfig(BertConfig):
    model_type = "own-kind"

class OwnModel(BertModel):
    config_class = OwnConfig
"""
A, B = "a" * 40, "b" * 40


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def folder(tiny_bert: Path, canary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of a kind of its own, whose code leaves a mark when it is imported."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "modules")])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made = Path(shutil.copytree(tiny_bert, tmp_path / "model"))
    (made / "modeling_own.py").write_text(CODE.format(canary=str(canary)))
    config = json.loads((made / "config.json").read_text())
    auto_map = {"AutoConfig": "modeling_own.OwnConfig", "AutoModel": "modeling_own.OwnModel"}
    (made / "config.json").write_text(json.dumps({**config, "model_type": "own-kind", "auto_map": auto_map}))
    return made


def refused(name: Path | str, **options: Any) -> StrataError:
    with pytest.raises(StrataError) as caught:
        load(str(name), device="cpu", **options)
    assert caught.value.code == "E-REMOTE-CODE"
    return caught.value


@pytest.mark.parametrize("random_init", [None, 0])
def test_nothing_runs_without_a_word(folder: Path, canary: Path, random_init: int | None) -> None:
    error = refused(folder, random_init=random_init)
    request = trust.pending(str(folder))
    assert request is not None
    size = (folder / "modeling_own.py").stat().st_size
    assert request.files == (("modeling_own.py", size),)
    assert request.repo == str(folder.resolve())
    assert f"modeling_own.py ({size} bytes)" in error.what
    assert "'auto_map' in config.json" in error.why
    assert error.fix.endswith(f"python -m probes models trust {request.repo} {request.commit}")
    assert not canary.exists()
    assert not [name for name in sys.modules if "modeling_own" in name]


def test_a_word_lets_it_run_and_every_result_says_so(folder: Path, canary: Path, tiny_bert: Path) -> None:
    request = trust.pending(str(folder))
    assert request is not None
    trust.grant(request.repo, request.commit)
    assert trust.pending(str(folder)) is None
    model = load(str(folder), device="cpu")
    assert canary.exists()
    assert type(model.net).__name__ == "OwnModel"
    assert model.family == "own-kind"
    assert model.check.passed
    assert model.notes == (f"Ran remote code of {request.repo}@{request.commit}.",)
    assert f"code {request.commit}" in model.identity
    assert model.identity != load(str(tiny_bert), device="cpu").identity
    twin = load(str(folder), device="cpu", random_init=0)
    assert twin.notes == model.notes
    trust.revoke(request.repo)
    refused(folder)


def test_a_word_is_for_that_code_only(folder: Path, canary: Path) -> None:
    request = trust.pending(str(folder))
    assert request is not None
    trust.grant(request.repo, request.commit)
    (folder / "helper.py").write_text("x = 1\n")  # a file more is other code too
    other = trust.pending(str(folder))
    assert other is not None
    assert other.commit != request.commit
    assert [name for name, _ in other.files] == ["helper.py", "modeling_own.py"]
    refused(folder)
    assert not canary.exists()


def test_code_of_a_tokenizer_counts(tiny_bert: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_bert, tmp_path / "model"))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(
        json.dumps({**config, "auto_map": {"AutoTokenizer": ["own.T", None]}})
    )
    assert "'auto_map' in tokenizer_config.json" in refused(folder).why


def test_code_of_yet_another_repository_is_never_run(folder: Path, canary: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"]["AutoModel"] = "someone/else--modeling_own.OwnModel"
    (folder / "config.json").write_text(json.dumps(config))
    assert "code of another repository" in refused(folder).what
    with pytest.raises(StrataError, match="Copy the files beside it"):
        trust.pending(str(folder))


def test_pickles_and_code_together(folder: Path, canary: Path) -> None:
    import torch
    from safetensors.torch import load_file

    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    made = convert.convert(str(folder))
    assert not canary.exists()  # converting runs nothing of the repository
    refused(folder)
    request = trust.pending(str(folder))
    assert request is not None
    trust.grant(request.repo, request.commit)
    notes = load(str(folder), device="cpu").notes
    assert notes == (made.note, f"Ran remote code of {request.repo}@{request.commit}.")


# ---- the hub ---------------------------------------------------------------------------------------------------------

Hub = Callable[[str], None]


@pytest.fixture
def hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub whose `owner/model` is the folder, at whichever commit; what is downloaded is remembered."""
    now: dict[str, Any] = {}

    def info(_self: Any, _id: str, *, revision: str | None = None, **_: Any) -> Any:
        files = [SimpleNamespace(rfilename=p.name, size=p.stat().st_size) for p in folder.iterdir()]
        return SimpleNamespace(sha=revision or now["commit"], siblings=files)

    def download(_id: str, *, revision: str | None = None, local_files_only: bool = False, **options: Any) -> str:
        place = tmp_path / "snapshots" / (revision or now["commit"])
        if local_files_only:
            if not place.is_dir():
                raise errors.LocalEntryNotFoundError("not there")
            return str(place)
        place.mkdir(parents=True, exist_ok=True)
        for pattern in options["allow_patterns"]:
            for file in folder.glob(pattern):
                shutil.copy(file, place)
        return str(place)

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    return lambda commit: now.update(commit=commit)


def test_a_commit_that_was_granted_and_the_next_one(hub: Hub, canary: Path, tmp_path: Path) -> None:
    hub(A)
    request = trust.pending("owner/model")
    assert request is not None
    assert (request.repo, request.commit) == ("owner/model", A)
    assert [name for name, _ in request.files] == ["modeling_own.py"]
    assert {p.name for p in (tmp_path / "snapshots" / A).iterdir()} == {"config.json", "tokenizer_config.json"}
    assert f"trust owner/model {A}" in refused("owner/model").fix
    assert not list((tmp_path / "snapshots" / A).glob("*.py"))
    trust.grant("owner/model", A)
    model = load("owner/model", device="cpu")
    assert model.notes == (f"Ran remote code of owner/model@{A}.",)
    assert canary.exists()
    canary.unlink()
    hub(B)
    again = trust.pending("owner/model")
    assert again is not None
    assert again.commit == B
    assert f"trust owner/model {B}" in refused("owner/model").fix
    assert not list((tmp_path / "snapshots" / B).glob("*.py"))
    assert not canary.exists()
    assert load("owner/model", revision=A, device="cpu").revision == A  # the granted one may still be named


def test_files_that_cannot_be_listed_are_not_made_up(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub(A)
    trust.pending("owner/model")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    request = trust.pending("owner/model")
    assert request is not None
    assert request.files == ()
    assert str(request) == "files the hub could not list now"


def test_most_models_ask_for_nothing(tiny_bert: Path) -> None:
    assert trust.pending(str(tiny_bert)) is None
    assert trust.pending("minilm") is None
    with pytest.raises(StrataError, match="There is no model called"):
        trust.pending("nothing-like-it")
