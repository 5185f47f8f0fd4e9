"""Of a hub model that is only weighed, config.json is fetched and nothing else; each failure has its own message."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import huggingface_hub
import pytest
from huggingface_hub import errors

from probes.errors import StrataError
from probes.models import lookup, shapes


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Return a function that makes the hub answer with a file, or fail."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_args, **_more: None)

    def answer(what: Any) -> None:
        def download(_hub: str, name: str, **_more: Any) -> str:
            assert name == "config.json"
            if isinstance(what, Exception):
                raise what
            return str(what)

        monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)

    return answer


def test_only_the_configuration_is_fetched(online: Callable[[Any], None], tiny_bert: Path) -> None:
    online(tiny_bert / "config.json")
    found = shapes.shape_of("someone/new-model")
    assert (found.family, found.layers, found.width) == ("bert", 2, 16)


def refusal(kind: type[Exception]) -> Exception:
    return kind("no", response=Mock(headers={}, status_code=404))


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (refusal(errors.GatedRepoError), "E-HUB-GATED"),
        (refusal(errors.RepositoryNotFoundError), "E-HUB-UNKNOWN"),
        (refusal(errors.RevisionNotFoundError), "E-HUB-REVISION"),
        (errors.EntryNotFoundError("no"), "E-LOAD-CONFIG"),
        (OSError("no route"), "E-HUB-UNREACHABLE"),
    ],
)
def test_every_way_the_hub_fails_has_its_own_message(
    online: Callable[[Any], None], failure: Exception, code: str
) -> None:
    online(failure)
    with pytest.raises(StrataError) as refused:
        shapes.shape_of("someone/new-model")
    assert refused.value.code == code
    assert "someone/new-model" in refused.value.what


def test_offline_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_args: Any, **_more: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", never)
    with pytest.raises(StrataError, match="HF_HUB_OFFLINE") as refused:
        lookup.config("someone/new-model", None)
    assert refused.value.code == "E-HUB-OFFLINE"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not json", "E-LOAD-CONFIG"),
        (b"[1]", "E-LOAD-CONFIG"),
        (b'{"a": ' * 100_000, "E-LOAD-CONFIG"),
        (json.dumps({"model_type": "bert", "auto_map": {"AutoModel": "x.Y"}}).encode(), "E-REMOTE-CODE"),
    ],
    ids=["text", "list", "deep", "code"],
)
def test_a_hostile_configuration_is_refused(
    online: Callable[[Any], None], tmp_path: Path, content: bytes, code: str
) -> None:
    (tmp_path / "config.json").write_bytes(content)
    online(tmp_path / "config.json")
    with pytest.raises(StrataError) as refused:
        shapes.shape_of("someone/new-model")
    assert refused.value.code == code


def test_a_configuration_that_is_too_large_is_not_read(
    online: Callable[[Any], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "LIMIT", 10)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    online(tmp_path / "config.json")
    with pytest.raises(StrataError, match="cannot be read"):
        shapes.shape_of("someone/new-model")
