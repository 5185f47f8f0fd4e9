"""Hostile folders: nothing in them runs, and each is refused with its own code."""

import json
import pickle
import shutil
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from probes.errors import StrataError
from probes.models import load, vetting


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bert, tmp_path / "model"))


def refused(folder: Path, code: str, match: str, **options: Any) -> None:
    with pytest.raises(StrataError, match=match) as caught:
        load(str(folder), **options)
    assert caught.value.code == code


class _Canary:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.place,)


def test_a_pickle_is_named_and_never_opened(folder: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Canary(canary)))
    refused(folder, "E-LOAD-PICKLE", r"only as a pickle \(pytorch_model\.bin\)")
    assert not canary.exists()
    pickle.loads((folder / "pytorch_model.bin").read_bytes())  # noqa: S301 the canary does sing when it is opened
    assert canary.exists()


def test_a_pickle_that_calls_itself_safetensors(folder: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    (folder / "model.safetensors").write_bytes(pickle.dumps(_Canary(canary)))
    refused(folder, "E-LOAD-DAMAGED", "not a whole safetensors file")
    assert not canary.exists()


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("random_init", [None, 0])
def test_code_beside_the_weights_is_not_imported(folder: Path, file: str, random_init: int | None) -> None:
    canary = folder / "canary"
    (folder / "modeling_own.py").write_text(f"open({str(canary)!r}, 'w').close()\nclass Own: pass\n")
    config = json.loads((folder / file).read_text())
    auto_map = {"AutoModel": "modeling_own.Own", "AutoConfig": "modeling_own.Own", "AutoTokenizer": "modeling_own.Own"}
    (folder / file).write_text(json.dumps({**config, "auto_map": auto_map}))
    refused(
        folder, "E-REMOTE-CODE", rf"modeling_own\.py \(\d+ bytes\)\. 'auto_map' in {file} of", random_init=random_init
    )
    assert not canary.exists()
    assert "modeling_own" not in sys.modules


OUTSIDE = ["../../outside.safetensors", "/etc/x.safetensors", "a\\b.safetensors", "C:x.safetensors", "x.bin"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_index_may_not_point_elsewhere(folder: Path, name: str) -> None:
    shutil.copy(folder / "model.safetensors", folder.parent / "outside.safetensors")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": name}}))
    refused(folder, "E-LOAD-INDEX", "Shards are .safetensors files in the same folder")


@pytest.mark.parametrize("content", [{}, {"weight_map": {}}, {"weight_map": [1]}])
def test_an_index_without_files(folder: Path, content: dict[str, Any]) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps(content))
    refused(folder, "E-LOAD-INDEX", "names no files")


def test_a_missing_shard(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "a.safetensors")
    index = {"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    refused(folder, "E-LOAD-INDEX", "lacks 1 of 2 shards: b.safetensors")


def test_shards_load_and_have_one_digest(folder: Path) -> None:
    from safetensors.numpy import load_file, save_file

    whole = load_file(folder / "model.safetensors")
    expected = load(str(folder))
    names = sorted(whole)
    parts = {"m-1.safetensors": names[: len(names) // 2], "m-2.safetensors": names[len(names) // 2 :]}
    for file, part in parts.items():
        save_file({n: whole[n] for n in part}, folder / file, metadata={"format": "pt"})
    (folder / "model.safetensors").unlink()
    index = {"metadata": {}, "weight_map": {n: file for file, part in parts.items() for n in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    model = load(str(folder))
    assert model.weights != expected.weights
    assert all((a == b).all() for a, b in zip(model.net.parameters(), expected.net.parameters(), strict=True))


def _header(size: int, header: bytes) -> bytes:
    return struct.pack("<Q", size) + header


def _overlap() -> bytes:
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    text = json.dumps({"a": entry, "b": entry}).encode()
    return _header(len(text), text) + bytes(8)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1234",
        _header(1 << 60, b"{}"),
        _header(200 << 20, b"{}"),
        _header(2, b"{}"),
        _header(5, b"[1,2]"),
        _overlap(),
        _header(64, b'{"a":{"dtype":"F32","shape":[4294967296,4294967296,16],"data_of'),
        _header(63, b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}        ') + bytes(4),
    ],
)
def test_malformed_safetensors(folder: Path, data: bytes) -> None:
    (folder / "model.safetensors").write_bytes(data)
    refused(folder, "E-LOAD-DAMAGED", r"model\.safetensors")


def test_a_truncated_safetensors(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    refused(folder, "E-LOAD-DAMAGED", "Fetch or copy it again")


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    refused(tmp_path, "E-LOAD-CONFIG", r"has no config\.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "nan", "[" * 100_000])
def test_a_broken_config(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    refused(folder, "E-LOAD-CONFIG", r"config\.json cannot be read")


def test_a_huge_config(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vetting, "CONFIG_LIMIT", 100)
    refused(folder, "E-LOAD-CONFIG", "larger than")


UNKNOWN = [("bertt", "nearest it knows is 'bert'"), (None, "type 'None'"), (7, "type '7'"), ([], "type '..'")]


@pytest.mark.parametrize(("kind", "match"), UNKNOWN)
def test_an_architecture_that_is_not_built_in(folder: Path, kind: Any, match: str) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": kind}))
    refused(folder, "E-LOAD-ARCHITECTURE", match)


def test_no_weights_at_all(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    refused(folder, "E-LOAD-WEIGHTS", r"has no model\.safetensors")
    assert load(str(folder), random_init=0).weights == "random init, seed 0"  # which needs none
