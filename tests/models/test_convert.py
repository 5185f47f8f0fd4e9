"""Cases 1 to 3: a pickle is opened only in a process of its own, and what comes out of it is the same bit for bit."""

import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from probes.errors import StrataError
from probes.models import convert, hidden_states, load, unpickle
from probes.models.wheels import sha256_of

Weights = dict[str, torch.Tensor]


def weights_of(folder: Path) -> Weights:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def pickled(folder: Path, content: Any, **how: Any) -> Path:
    """Put a file of torch's in place of the safetensors."""
    (folder / "model.safetensors").unlink(missing_ok=True)
    torch.save(content, folder / "pytorch_model.bin", **how)
    return folder


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bert, tmp_path / "model"))


def refused(folder: Path, why: str, code: str = "E-CONVERT") -> None:
    with pytest.raises(StrataError, match=why) as caught:
        convert.convert(str(folder))
    assert caught.value.code == code
    assert not list(Path(os.environ["STRATA_HOME"]).glob("converted/*/*"))


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


def test_shards_and_their_index(folder: Path, tiny_bert: Path) -> None:
    made = convert.convert(str(shards(folder)))
    assert made.note.count("sha256") == 2
    model, original = load(str(folder), device="cpu"), load(str(tiny_bert), device="cpu")
    assert all(torch.equal(a, b) for a, b in zip(model.net.parameters(), original.net.parameters(), strict=True))


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


# ---- hostile files ---------------------------------------------------------------------------------------------------


class Canary:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.place,)


@pytest.mark.parametrize("kind", ["pickle", "archive", "old"])
def test_a_pickle_that_would_do_something_does_not(kind: str, folder: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    content = {"weight": torch.ones(2), "evil": Canary(canary)}
    if kind == "pickle":
        (folder / "model.safetensors").unlink()
        (folder / "pytorch_model.bin").write_bytes(pickle.dumps(content))
    else:
        pickled(folder, content, _use_new_zipfile_serialization=kind == "archive")
    with pytest.raises(StrataError) as caught:
        load(str(folder))
    assert caught.value.code == "E-LOAD-PICKLE"
    refused(folder, "not a file torch has written" if kind == "pickle" else "restricted reader refuses it")
    assert not canary.exists()
    if kind == "pickle":
        pickle.loads((folder / "pytorch_model.bin").read_bytes())  # noqa: S301 the canary does sing when it is opened
    else:
        torch.load(folder / "pytorch_model.bin", weights_only=False)
    assert canary.exists()


def archive(compress: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compress) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "begins with nothing"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "begins with 37 7a bc af 27 1c"),
        (b"PK\x03\x04" + bytes(100), "begins like an archive and is none"),
        (b"GGUF" + bytes(100), "not a file torch has written"),
        (b"\x80\x04\x95" + bytes(100), "not a file torch has written"),
        (archive(m__data_dot_pkl=b"x", m__code__evil_dot_py=b"x"), "'m/code/evil.py' is not what"),
        (archive(m__data_dot_pkl=b"x", m__constants_dot_pkl=b"x"), "'m/constants.pkl' is not what"),
        (archive(zipfile.ZIP_DEFLATED, m__data_dot_pkl=bytes(1 << 20)), "is not what an archive of weights"),
        (archive(m__data__0=b"x"), "does not fit its size"),
        (archive(a__data_dot_pkl=b"x", b__data_dot_pkl=b"x"), "does not fit its size"),
        (archive(m__data_dot_pkl=b"not a pickle", m__version=b"3"), "restricted reader refuses it"),
    ],
)
def test_what_a_file_is_decides_and_not_its_name(data: bytes, why: str, folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(data)
    refused(folder, why)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ([torch.ones(1)], "holds a list"),
        ({"state_dict": {"w": torch.ones(1)}}, "'state_dict' is a dict, not a tensor"),
        ({"w": torch.ones(1), "epoch": 3}, "'epoch' is a int"),
        ({7: torch.ones(1)}, "'7' is no name"),
        ({"a\nb": torch.ones(1)}, "is no name of a tensor"),
        ({"": torch.ones(1)}, "is no name of a tensor"),
        ({"x" * 501: torch.ones(1)}, "is no name of a tensor"),
        ({"w": torch.eye(3).to_sparse()}, "of a kind that is not converted"),
        ({"w": torch.ones(2, dtype=torch.complex64)}, "complex64"),
        ({}, "holds no tensors"),
    ],
)
def test_only_tensors_by_name_are_converted(content: Any, why: str, folder: Path) -> None:
    # what the child does, without the seconds it takes to start one; these contents are harmless
    with pytest.raises(unpickle.Refused, match=why):
        unpickle.convert(str(pickled(folder, content) / "pytorch_model.bin"), str(folder / "made.safetensors"))
    assert not (folder / "made.safetensors").exists()


def test_a_file_that_is_cut_or_too_large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = pickled(folder, weights_of(folder), _use_new_zipfile_serialization=False) / "pytorch_model.bin"
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(unpickle.Refused, match="restricted reader refuses it"):
        unpickle.read(str(file))
    monkeypatch.setattr(convert, "LIMIT", 1000)
    refused(folder, "1000 are allowed")


def test_what_needs_no_conversion(folder: Path, tmp_path: Path) -> None:
    for name in (str(folder), "minilm"):
        with pytest.raises(StrataError, match="Load it") as caught:
            convert.convert(name)
        assert caught.value.code == "E-CONVERT"
    for name, code in (("owner/model", "E-HUB-OFFLINE"), (str(tmp_path / "none"), "E-MODEL-PATH")):
        with pytest.raises(StrataError) as caught:
            convert.convert(name)
        assert caught.value.code == code


def test_the_child_knows_no_token_and_this_process_opens_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pickled(folder, weights_of(folder))
    monkeypatch.setenv("HF_TOKEN", "secret")
    asked, run = [], subprocess.run

    def watched(command: Any, **options: Any) -> Any:
        asked.append((command, options))
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("a pickle was opened in this process"))
    convert.convert(str(folder))
    command, options = asked[0]
    assert command[-1] == unpickle.__file__
    assert "secret" not in str(options["env"])


@pytest.mark.parametrize("answer", ["", "nonsense", "raise SystemExit(3)"])
def test_a_child_that_dies_is_told(answer: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.py"
    other.write_text(answer if answer.startswith("raise") else f"print({answer!r})")
    monkeypatch.setattr(unpickle, "__file__", str(other))
    refused(pickled(folder, weights_of(folder)), "conversion ended with")


FOOLED = """
import json, os, socket, subprocess, sys, importlib.util
spec = importlib.util.spec_from_file_location("unpickle", sys.argv[1])
unpickle = importlib.util.module_from_spec(spec)
spec.loader.exec_module(unpickle)
given_up = unpickle.shut_in(1000)
interfaces = sorted(os.listdir("/sys/class/net")) if os.path.isdir("/proc/self/ns") else []
names = [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]] if interfaces else []
unpickle.watch()
tries = {
    "connect": lambda: socket.create_connection(("127.0.0.1", 9), 1),
    "resolve": lambda: socket.getaddrinfo("localhost", 80),
    "run": lambda: subprocess.run(["true"]),
    "system": lambda: os.system("true"),
    "fork": os.fork,
    "write": lambda: open(sys.argv[2], "w"),
    "append": lambda: os.open(sys.argv[2], os.O_APPEND | os.O_WRONLY),
    "remove": lambda: os.remove(sys.argv[2]),
    "rename": lambda: os.rename(sys.argv[2], sys.argv[2] + "2"),
}
done = {}
for name, act in tries.items():
    try:
        act()
        done[name] = "done"
    except PermissionError as error:
        done[name] = "refused" if "only read" in str(error) else str(error)
    except BaseException as error:
        done[name] = type(error).__name__
print(json.dumps([given_up, names, done]))
"""


def test_a_reader_that_was_fooled_could_do_nothing(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("as it was")
    command = [sys.executable, "-c", FOOLED, str(unpickle.__file__), str(precious)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    given_up, interfaces, done = json.loads(run.stdout)
    assert set(done.values()) == {"refused"}, done
    assert precious.read_text() == "as it was"
    if any("namespace" in what for what in given_up):
        assert interfaces == ["lo"]  # and even that one is down
    else:
        assert "network" not in " ".join(given_up)  # said only where it is true
