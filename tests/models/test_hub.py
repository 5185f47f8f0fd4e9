"""What a hub can answer, each with its own message; no test opens a socket."""

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import errors

from probes.errors import StrataError
from probes.models import hub, load


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


def http(kind: type[Exception]) -> Exception:
    error = kind.__new__(kind)
    Exception.__init__(error, "said the hub")
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
