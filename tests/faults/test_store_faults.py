"""A full disk, a disk that is read only, entries that are damaged: no wrong number, no crash."""

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small import code_folder, small_spec
from toys import ToySpec, calls, in_place_of_the_others

from probes import analyses, engine, store
from probes.engine import handed, standing, watch, work
from probes.errors import StrataError
from probes.syntax import SyntaxSpec

ROOT = Path(__file__).parents[2]


@pytest.fixture
def toys() -> Iterator[None]:
    with in_place_of_the_others():
        yield


def job(spec: ToySpec) -> dict[str, str] | None:
    return work.job(spec.pinned().canonical(), (str(store.home()), store.token() or ""))


# ---- 53: a disk that refuses -----------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A real disk of two megabytes as the home, that can be mounted anew with other options; skips where it cannot."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> None:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.decode().strip()}")

    try:
        mount("size=2m")
    except FileNotFoundError:
        pytest.skip("there is no command `mount` here")
    monkeypatch.setenv("STRATA_HOME", str(place / "home"))
    yield lambda options: subprocess.run(["mount", "-o", f"remount,{options}", place], check=True) and None
    subprocess.run(["umount", "-l", place], check=True)


def fill(folder: Path) -> Path:
    with (folder / "ballast").open("wb") as out:
        try:
            for size in (1 << 16, 1 << 12, 1):
                while True:
                    out.write(b"x" * size)
                    out.flush()
        except OSError:
            pass
    for size in (1 << 12, 1):
        try:
            with (folder / "ballast").open("ab") as out:
                while out.write(b"x" * size) and not out.flush():
                    pass
        except OSError:
            continue
    return folder / "ballast"


def test_case_53_a_full_disk_is_said_plainly_and_loses_nothing(toys: None, disk: Callable[[str], None]) -> None:
    engine.run(ToySpec(n=2))
    store.marked()
    ballast = fill(store.home())
    assert len(engine.run(ToySpec(n=2)).table) == 2, "what is there is still served"
    with pytest.raises(StrataError, match="is full") as refusal:
        engine.run(ToySpec(n=3))
    assert refusal.value.code == "E-STORE-FULL"
    with pytest.raises(StrataError, match="is full"):
        store.note(ToySpec(n=3).digest, "queued")
    ballast.unlink()
    assert [entry.spec["n"] for entry in store.runs()] == [2], "no half-written entry counts"
    assert len(engine.run(ToySpec(n=3)).table) == 3


def test_case_53_a_job_whose_last_words_do_not_fit_on_the_disk_is_not_running_for_ever(
    toys: None, disk: Callable[[str], None]
) -> None:
    store.marked()
    digest = ToySpec(n=3).pinned().digest
    store.note(digest, "running", note="starting", **standing.process())
    journal = store.folder("jobs", digest).with_suffix(".jsonl")
    with journal.open("ab") as out:  # to the end of its last page, which is its own also on a full disk
        out.write(b" " * (-journal.stat().st_size % 4096 - 1) + b"\n")
    ballast = fill(store.home())
    error = job(ToySpec(n=3))
    assert error is not None
    assert error["code"] == "E-STORE-FULL"
    watch._end(digest, error)
    assert engine.status(digest).state == "failed"
    assert engine.status(digest).error == error
    ballast.unlink()
    handed.unwritten.clear()
    assert job(ToySpec(n=3)) is None
    assert engine.status(digest).state == "done"


def test_case_53_a_read_only_store_serves_what_it_has(toys: None, disk: Callable[[str], None]) -> None:
    engine.run(ToySpec(n=2))
    engine.run(ToySpec(n=5))
    damaged = store.folder("runs", ToySpec(n=5).pinned().digest)
    (damaged / "values.json").write_text("{")
    disk("ro")
    assert len(engine.run(ToySpec(n=2)).table) == 2
    assert engine.status(ToySpec(n=2).pinned().digest).state == "done"
    assert engine.status(ToySpec(n=3).pinned().digest).state == "unknown"
    for asked in (engine.run, engine.submit):
        with pytest.raises(StrataError) as refusal:
            asked(ToySpec(n=3))
        assert refusal.value.code == "E-STORE-WRITE"
        assert "STRATA_HOME" in refusal.value.fix
    assert analyses.result_of(ToySpec(n=5).pinned().digest) is None, "damaged, cannot be set aside, and not served"
    with pytest.raises(StrataError, match="cannot be written"):
        engine.run(ToySpec(n=5))


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "E-STORE-FULL"), (errno.EROFS, "E-STORE-WRITE")])
def test_case_53_a_disk_that_refuses_at_the_last_step(
    number: int, code: str, toys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where no disk can be mounted: the answer is computed, and the rename is refused."""
    real = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if ".part-" in self.name:
            raise OSError(number, os.strerror(number))
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(StrataError) as refusal:
            engine.run(ToySpec(n=3))
    assert refusal.value.code == code
    assert store.runs() == []
    assert len(engine.run(ToySpec(n=3)).table) == 3


# ---- 54: entries that are not what they say --------------------------------------------------------------------------


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def older(path: Path) -> None:
    manifest = json.loads((path.parent / "manifest.json").read_bytes())
    (path.parent / "manifest.json").write_text(json.dumps({**manifest, "schema": 0}))


def gone(path: Path) -> None:
    path.unlink()


HARMS = pytest.mark.parametrize("harm", [truncate, flip, older, gone], ids=lambda harm: harm.__name__)


@HARMS
def test_case_54_a_run_that_is_damaged_is_made_again(harm: Callable[[Path], None], toys: None) -> None:
    engine.run(ToySpec())
    digest = ToySpec().pinned().digest
    harm(store.folder("runs", digest) / "table.parquet")
    assert engine.run(ToySpec()).table["a"].tolist() == [0, 1, 2]
    assert calls == [3, 3]
    assert len(list((store.home() / "set-aside").iterdir())) == 1
    assert engine.status(digest).state == "done"


def test_case_54_an_answer_under_another_questions_name_is_not_served(toys: None) -> None:
    engine.run(ToySpec(n=2))
    mine, other = (store.folder("runs", ToySpec(n=n).pinned().digest) for n in (2, 3))
    shutil.copytree(mine, other)
    assert engine.run(ToySpec(n=3)).table["a"].tolist() == [0, 1, 2]
    assert engine.run(ToySpec(n=3)).table["a"].tolist() == [0, 1, 2]
    assert engine.run(ToySpec(n=2)).table["a"].tolist() == [0, 1]
    assert calls == [2, 3]


@pytest.mark.slow
@HARMS
def test_case_54_states_that_are_damaged_are_made_again(
    harm: Callable[[Path], None], tmp_path: Path, tiny_bert: Path
) -> None:
    asked: SyntaxSpec = small_spec(
        tiny_bert, code_folder(tmp_path / "code"), random_init=False, control=False, controls=False
    )
    first = engine.run(asked)
    [states] = [path for path in (store.home() / "states").iterdir() if path.is_dir()]
    harm(states / "layer-001.safetensors")
    stat = (states / "manifest.json").stat()  # another process has not yet seen the checksums hold
    os.utime(states / "manifest.json", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    again = engine.run(asked.model_copy(update={"rank": 3}))
    assert len(list((store.home() / "set-aside").iterdir())) == 1
    shutil.rmtree(store.home() / "runs")
    assert engine.run(asked).frame().equals(first.frame())
    assert again.frame().f1.between(0, 1).all()
