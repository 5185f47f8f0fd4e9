"""Cases 1 to 3: a pickle is opened only in a process of its own, and what comes out of it is the same bit for bit."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pickled import pickled, refused, weights_of

from probes.errors import StrataError
from probes.models import convert, hidden_states, load
from probes.models.wheels import sha256_of


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bert, tmp_path / "model"))


@pytest.mark.parametrize("archive", [True, False])
def test_a_conversion_is_the_same_model(archive: bool, folder: Path, tiny_bert: Path, strata_home: Path) -> None:
    """Both kinds of files: the archives of today, and what most models of this field were published in."""
    pickled(folder, weights_of(folder), _use_new_zipfile_serialization=archive)
    with pytest.raises(StrataError, match=f"python -m probes models convert {folder}") as caught:
        load(str(folder))
    assert caught.value.code == "E-LOAD-PICKLE"
    made = convert.convert(str(folder))
    digest = sha256_of(folder / "pytorch_model.bin")
    assert made.note == f"Converted here from a pickle: pytorch_model.bin sha256 {digest}."
    model, original = load(str(folder), device="cpu"), load(str(tiny_bert), device="cpu")
    assert model.notes == (made.note,)
    assert model.check.passed
    encoded = model.encode(["return value"])
    one, two = (hidden_states(m, encoded) for m in (model, original))
    assert all(torch.equal(one[layer], two[layer]) for layer in model.layers)
    assert {p.name for p in made.path.iterdir()} >= {"config.json", "tokenizer.json", "model.safetensors"}
    assert [p.name for p in (strata_home / "converted").iterdir() if p.name.startswith(".part")] == []
    assert convert.convert(str(folder)) == made


@pytest.mark.slow
def test_types_shapes_views_and_shared_tensors(folder: Path) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    odd = {
        "shared": base,
        "again": base,
        "slice": base[1:3, 2:],
        "turned": base.T,
        "empty": torch.zeros(0, 3),
        "scalar": torch.tensor(7),
        "nan": torch.tensor([float("nan"), -0.0, float("inf")]),
        "half": torch.randn(3).half(),
        "brain": torch.randn(3).bfloat16(),
        "bytes": torch.tensor([1, 255], dtype=torch.uint8),
        "flags": torch.tensor([True, False]),
        "parameter": torch.nn.Parameter(torch.ones(2)),
    }
    made = convert.convert(str(pickled(folder, odd)))
    found = weights_of(made.path)
    assert set(found) == set(odd)
    for name, tensor in odd.items():
        assert (found[name].shape, found[name].dtype) == (tensor.shape, tensor.dtype), name
        assert (
            found[name].numpy(force=True).tobytes() == tensor.contiguous().numpy(force=True).tobytes()
            if (tensor.dtype != torch.bfloat16)
            else torch.equal(found[name], tensor)
        )
    manifest = json.loads((made.path / "manifest.json").read_bytes())
    assert manifest["shared"] == ["again", "shared", "slice", "turned"]


def shards(folder: Path, change: Callable[[dict[str, str]], None] = lambda _: None) -> Path:
    whole = weights_of(folder)
    (folder / "model.safetensors").unlink()
    names, places = sorted(whole), {}
    for i, part in enumerate((names[::2], names[1::2])):
        file = f"pytorch_model-0000{i + 1}-of-00002.bin"
        torch.save({name: whole[name] for name in part}, folder / file)
        places |= dict.fromkeys(part, file)
    change(places)
    (folder / convert.INDEX).write_text(json.dumps({"weight_map": places}))
    return folder


@pytest.mark.slow
def test_shards_and_their_index(folder: Path, tiny_bert: Path) -> None:
    made = convert.convert(str(shards(folder)))
    assert made.note.count("sha256") == 2
    model, original = load(str(folder), device="cpu"), load(str(tiny_bert), device="cpu")
    assert all(torch.equal(a, b) for a, b in zip(model.net.parameters(), original.net.parameters(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "why", "code"),
    [
        (lambda m: m.update(ghost="pytorch_model-00001-of-00002.bin"), "disagree about 'ghost'", "E-CONVERT"),
        (lambda m: m.popitem(), "disagree about", "E-CONVERT"),
        (lambda m: m.update(x="../../outside.bin"), r"names '\.\./\.\./outside\.bin'", "E-LOAD-INDEX"),
        (lambda m: m.update(x="/etc/hostname"), "names '/etc/hostname'", "E-LOAD-INDEX"),
        (lambda m: m.clear(), "names no files", "E-LOAD-INDEX"),
    ],
)
def test_an_index_that_lies(change: Any, why: str, code: str, folder: Path) -> None:
    refused(shards(folder, change), why, code)


@pytest.mark.slow
def test_only_exactly_those_bytes_are_served(folder: Path, strata_home: Path) -> None:
    made = convert.convert(str(pickled(folder, weights_of(folder))))
    for file in ("pytorch_model.bin", "config.json", "tokenizer.json"):
        before = (folder / file).read_bytes()
        (folder / file).write_bytes(before + b"\n")
        assert convert.find(folder) is None
        (folder / file).write_bytes(before)
        assert convert.find(folder) == made
    weights = made.path / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(StrataError, match="models convert") as caught:
        load(str(folder))
    assert caught.value.code == "E-LOAD-PICKLE"
    assert len(list((strata_home / "set-aside").iterdir())) == 1
    assert convert.convert(str(folder)).path == made.path
    assert load(str(folder)).check.passed
