"""What a hub can answer, each with its own message; no test opens a socket."""

import errno
import json
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
import torch
from huggingface_hub import errors
from safetensors.torch import load_file

from probes.errors import StrataError
from probes.models import convert, hub, load, shapes


@pytest.fixture(autouse=True)
def _no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def answer(monkeypatch: pytest.MonkeyPatch, reply: Any) -> None:
    def info(*_: Any, **__: Any) -> Any:
        if isinstance(reply, Exception):
            raise reply
        return SimpleNamespace(sha="c0ffee", siblings=[SimpleNamespace(rfilename=n) for n in reply])

    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: SimpleNamespace(model_info=info))


def http(kind: type[Exception], status: int = 0) -> Exception:
    error = kind.__new__(kind)
    Exception.__init__(error, "said the hub")
    error.response = SimpleNamespace(status_code=status)  # type: ignore[attr-defined]
    return error


def test_offline_says_so_at_once() -> None:
    with pytest.raises(StrataError, match="not in the local hub cache, and the hub is switched off") as caught:
        load("nobody/no-such-model")
    assert caught.value.code == "E-HUB-OFFLINE"


def test_offline_names_the_catalogue_model_that_is_the_same() -> None:
    with pytest.raises(StrataError, match="need no hub: minilm"):
        load("sentence-transformers/all-MiniLM-L6-v2")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (http(errors.GatedRepoError), "E-HUB-GATED"),
        (http(errors.RepositoryNotFoundError), "E-HUB-UNKNOWN"),
        (http(errors.RevisionNotFoundError), "E-HUB-REVISION"),
        (http(errors.HfHubHTTPError), "E-HUB-UNREACHABLE"),
        (http(errors.HfHubHTTPError, 500), "E-HUB-DOWN"),
        (http(errors.HfHubHTTPError, 503), "E-HUB-DOWN"),
        (http(errors.HfHubHTTPError, 429), "E-HUB-BUSY"),
        (http(errors.HfHubHTTPError, 401), "E-HUB-DENIED"),
        (http(errors.HfHubHTTPError, 403), "E-HUB-DENIED"),
        (OSError(errno.ENOSPC, "No space left on device"), "E-STORE-FULL"),
        (http(hub._TRANSPORT), "E-HUB-UNREACHABLE"),
        (OSError("Name or service not known"), "E-HUB-UNREACHABLE"),
        (["config.json", "pytorch_model.bin"], "E-LOAD-PICKLE"),
        (["config.json", "onnx/model.safetensors"], "E-LOAD-WEIGHTS"),
    ],
)
def test_each_refusal_has_its_own_code(reply: Any, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, reply)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", _absent)
    with pytest.raises(StrataError) as caught:
        load("owner/model", revision="v1")
    assert caught.value.code == code
    assert "owner/model" in str(caught.value)


def test_a_typo_gets_the_model_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, http(errors.RepositoryNotFoundError))
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", _absent)
    with pytest.raises(StrataError, match=r"'minilm' is of the catalogue\. Check the spelling") as caught:
        load("sentence-transformers/all-MiniLM-L6-v3")
    assert caught.value.code == "E-HUB-UNKNOWN"


def test_offline_names_the_files_that_are_wanted() -> None:
    """Case 10."""
    with pytest.raises(StrataError, match=r"config\.json of it is wanted, and model\.safetensors or model"):
        load("nobody/no-such-model")


@pytest.mark.parametrize("code", [None, "E-REMOTE-CODE"], ids=["plain", "code"])
def test_of_a_model_that_is_only_weighed_the_configuration_is_fetched(
    code: str | None, monkeypatch: pytest.MonkeyPatch, tiny_bert: Path, tmp_path: Path
) -> None:
    def download(_id: str, **options: Any) -> str:
        if options.get("local_files_only"):
            return _absent()
        assert options["allow_patterns"] == ["config.json", "tokenizer_config.json"]
        config = json.loads((tiny_bert / "config.json").read_text())
        if code:
            config["auto_map"] = {"AutoModel": "x.Y"}
        (tmp_path / "config.json").write_text(json.dumps(config))
        return str(tmp_path)

    answer(monkeypatch, ["config.json", "model.safetensors"])
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    if code:
        with pytest.raises(StrataError) as caught:
            shapes.shape_of("someone/new-model")
        assert caught.value.code == code
    else:
        found = shapes.shape_of("someone/new-model")
        assert (found.family, found.layers, found.width) == ("bert", 2, 16)


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "E-STORE-FULL", "What was fetched stays.*HF_HOME"),
        (http(errors.HfHubHTTPError, 502), "E-HUB-DOWN", "with an error .502."),
        (ConnectionResetError("reset by peer"), "E-HUB-UNREACHABLE", "reset by peer"),
    ],
)
def test_a_download_that_breaks_off(
    failure: Exception, code: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Case 11: what has come is kept by the hub's client, which goes on from there; no half model is ever served."""
    partial = tmp_path / "snapshot"

    def download(_id: str, **options: Any) -> str:
        if options.get("local_files_only"):
            return str(partial) if partial.exists() else _absent()
        partial.mkdir(exist_ok=True)
        (partial / "config.json").write_text("{}")
        raise failure

    answer(monkeypatch, ["config.json", "model.safetensors"])
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    for _ in range(2):  # the second time the half of it is there, and is not taken for a model
        with pytest.raises(StrataError, match=said) as caught:
            load("owner/model")
        assert caught.value.code == code


def test_pickles_are_fetched_to_be_converted_and_only_then(
    monkeypatch: pytest.MonkeyPatch, tiny_bert: Path, tmp_path: Path
) -> None:
    snapshot, asked = tmp_path / ("c" * 40), []

    def download(_id: str, **options: Any) -> str:
        if options.get("local_files_only"):
            return str(snapshot) if snapshot.exists() else _absent()
        asked.append(options["allow_patterns"])
        shutil.copytree(tiny_bert, snapshot)
        torch.save(load_file(snapshot / "model.safetensors"), snapshot / "pytorch_model.bin")
        (snapshot / "model.safetensors").unlink()
        return str(snapshot)

    answer(monkeypatch, ["config.json", "pytorch_model.bin", "tf_model.h5"])
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with pytest.raises(StrataError, match="python -m probes models convert owner/model") as caught:
        load("owner/model")
    assert (caught.value.code, asked) == ("E-LOAD-PICKLE", [])
    made = convert.convert("owner/model")
    assert len(asked) == 1
    assert "pytorch_model*.bin" in asked[0]
    assert not {"*.bin", "*.py", "*.h5", "*"} & set(asked[0])
    model = load("owner/model", device="cpu")
    assert (model.revision, model.notes) == ("c" * 40, (made.note,))
    assert len(asked) == 1


def test_a_repository_with_both_needs_no_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, ["config.json", "pytorch_model.bin", "model.safetensors"])
    monkeypatch.setattr(huggingface_hub, "snapshot_download", _absent)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with pytest.raises(StrataError, match="has safetensors") as caught:
        convert.convert("owner/model")
    assert caught.value.code == "E-CONVERT"


def test_an_adapter_of_the_hub_is_a_few_files(
    monkeypatch: pytest.MonkeyPatch, tiny_llama: Path, tmp_path: Path
) -> None:
    from lora import lora

    folder, asked = lora(tiny_llama, tmp_path / "adapter"), []

    def download(_id: str, **options: Any) -> str:
        if options.get("local_files_only"):
            return _absent()
        asked.append(options["allow_patterns"])
        return str(folder)

    answer(monkeypatch, ["adapter_config.json", "adapter_model.safetensors", "optimizer.pt"])
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    model = load(str(tiny_llama), device="cpu", adapter="owner/adapter")
    assert "With the adapter owner/adapter (c0ffee)" in model.notes[0]
    assert asked == [["adapter_*.json", "adapter_*.safetensors"]]
    answer(monkeypatch, ["adapter_config.json", "adapter_model.bin"])
    with pytest.raises(StrataError) as caught:
        load(str(tiny_llama), device="cpu", adapter="owner/adapter")
    assert caught.value.code == "E-LOAD-PICKLE"


def _absent(*_: Any, **__: Any) -> str:
    raise errors.LocalEntryNotFoundError("not there")


def test_a_download_takes_safe_files_of_one_commit(monkeypatch: pytest.MonkeyPatch, tiny_bert: Path) -> None:
    asked: list[dict[str, Any]] = []

    def download(_id: str, **options: Any) -> str:
        if options.get("local_files_only"):
            return _absent()
        asked.append(options)
        return str(tiny_bert)

    answer(monkeypatch, ["config.json", "model.safetensors", "pytorch_model.bin", "modeling.py"])
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    model = load("owner/model")
    assert (model.name, model.revision) == ("owner/model", "c0ffee")
    assert asked[0]["revision"] == "c0ffee"
    assert not {"*.bin", "*.py", "*"} & set(asked[0]["allow_patterns"])


def test_what_is_cached_is_used_without_asking(monkeypatch: pytest.MonkeyPatch, tiny_bert: Path) -> None:
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(tiny_bert))
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: pytest.fail("the hub was asked"))
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert hub.snapshot("owner/model", None, offline=False)[0] == tiny_bert
