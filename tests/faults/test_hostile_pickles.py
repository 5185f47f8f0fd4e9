"""Cases 1 to 3: a hostile checkpoint is refused unopened, or by a reader that can do nothing; no canary ever sings."""

import io
import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from pickled import pickled, refused, weights_of

from probes.errors import StrataError
from probes.models import convert, load, unpickle


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bert, tmp_path / "model"))


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
    # by the reader itself: that nothing can be written is only the second wall
    refused(folder, "not a file torch has written" if kind == "pickle" else "reader refuses it: UnpicklingError")
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


def test_a_file_that_changes_under_the_reader(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pickled(folder, weights_of(folder))
    child = convert._child

    def slow(sources: list[Path], files: list[Path]) -> dict[str, Any]:
        said = child(sources, files)
        sources[0].write_bytes(sources[0].read_bytes() + b"\n")
        return said

    monkeypatch.setattr(convert, "_child", slow)
    refused(folder, "changed while it was converted")


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
