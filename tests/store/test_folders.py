import errno
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from probes import store
from probes.errors import StrataError
from probes.store import folders

DIGEST = "0123456789abcdef" * 2
FILES = {"a.json": b'{"a":1}', "b.bin": bytes(range(256)) * 9, "empty": b""}


@pytest.fixture
def entry(strata_home: Path) -> Path:
    path = store.folder("runs", DIGEST)
    folders.write_entry(path, FILES)
    return path


def aside(home: Path) -> list[str]:
    return [p.name for p in (home / "set-aside").glob("*")]


# ---- names -----------------------------------------------------------------------------------------------------------


def test_an_entry_lives_under_the_home_by_its_digest(strata_home: Path) -> None:
    assert store.home() == strata_home
    assert store.folder("runs", DIGEST) == strata_home / "runs" / DIGEST


def test_without_strata_home_the_platform_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_HOME", "")
    assert store.home().name == "strata"
    monkeypatch.setenv("STRATA_HOME", "~/x")
    assert store.home() == Path.home() / "x"


HOSTILE = ["", "..", "../../etc", "a/b", "/etc/passwd", "ab\x00", "AB", "g" * 32, "a.", "\uff11\uff12", "a\n", " ", "٣"]


@pytest.mark.parametrize("digest", HOSTILE, ids=ascii)
def test_what_is_not_hexadecimal_never_becomes_a_path(digest: str) -> None:
    asks: list[Callable[[str], object]] = [lambda d: store.folder("runs", d), store.asked, store.open_states]
    asks += [lambda d: store.load(d, int), store.last_event, store.ask_to_stop, lambda d: store.note(d, "queued")]
    for ask in asks:
        with pytest.raises(StrataError) as refusal:
            ask(digest)
        assert refusal.value.code == "E-DIGEST"
    assert not store.home().exists()


def test_an_endless_digest_is_refused_too() -> None:
    with pytest.raises(StrataError) as refusal:
        store.folder("runs", "a" * 10_000)
    assert refusal.value.code == "E-DIGEST"
    assert len(str(refusal.value)) < 300


# ---- whole or not at all ---------------------------------------------------------------------------------------------


def test_what_was_written_is_read(entry: Path) -> None:
    assert folders.read_entry(entry) == FILES
    assert sorted(p.name for p in entry.parent.iterdir()) == [DIGEST]


def test_nothing_is_none_and_makes_nothing(strata_home: Path) -> None:
    assert folders.read_entry(store.folder("runs", DIGEST)) is None
    assert not strata_home.exists()


@pytest.mark.parametrize("survivors", range(5))
def test_a_crash_between_two_files_leaves_no_entry(survivors: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = store.folder("runs", DIGEST)
    real, written = folders.write_file, []

    def crash(target: Path, data: bytes) -> None:
        if len(written) == survivors:
            raise KeyboardInterrupt
        written.append(target)
        real(target, data)

    with monkeypatch.context() as patch:
        if survivors == 4:  # all files and the manifest are there, the last step is not
            patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        else:
            patch.setattr(folders, "write_file", crash)
        with pytest.raises(KeyboardInterrupt):
            folders.write_entry(path, FILES)
    assert folders.read_entry(path) is None
    assert list(path.parent.iterdir()) == []
    folders.write_entry(path, FILES)
    assert folders.read_entry(path) == FILES


def test_the_manifest_is_written_last_and_moved_with_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = folders.write_file
    monkeypatch.setattr(folders, "write_file", lambda path, data: (order.append(path.name), real(path, data))[1])
    folders.write_entry(store.folder("runs", DIGEST), FILES)
    assert order == [*FILES, "manifest.json"]


def test_the_first_of_two_equal_answers_is_kept(entry: Path) -> None:
    folders.write_entry(entry, {"a.json": b"second"})
    assert folders.read_entry(entry) == FILES
    assert sorted(p.name for p in entry.parent.iterdir()) == [DIGEST]


# ---- damage ----------------------------------------------------------------------------------------------------------


def flip(path: Path, at: int = 3) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def edit(path: Path, **facts: object) -> None:
    (path / "manifest.json").write_text(json.dumps({**json.loads((path / "manifest.json").read_bytes()), **facts}))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "flipped byte": lambda p: flip(p / "b.bin"),
    "cut short": lambda p: (p / "b.bin").write_bytes(FILES["b.bin"][:-1]),
    "emptied": lambda p: (p / "a.json").write_bytes(b""),
    "grown": lambda p: (p / "empty").write_bytes(b"x"),
    "file gone": lambda p: (p / "a.json").unlink(),
    "file became a folder": lambda p: ((p / "empty").unlink(), (p / "empty").mkdir()),
    "manifest gone": lambda p: (p / "manifest.json").unlink(),
    "manifest cut short": lambda p: (p / "manifest.json").write_bytes((p / "manifest.json").read_bytes()[:-9]),
    "manifest flipped": lambda p: flip(p / "manifest.json", 60),
    "manifest is no text": lambda p: (p / "manifest.json").write_bytes(b"\x00\xff\xfe"),
    "manifest is a list": lambda p: (p / "manifest.json").write_text("[]"),
    "files are a list": lambda p: edit(p, files=["a.json"]),
    "no sums": lambda p: edit(p, files={"a.json": {}}),
    "other schema": lambda p: edit(p, schema=99),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_set_aside_and_never_served(
    damage: str, entry: Path, strata_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    DAMAGE[damage](entry)
    with caplog.at_level(logging.WARNING, "strata.store"):
        assert folders.read_entry(entry) is None
    assert f"set aside {DIGEST}" in caplog.text
    assert not entry.exists()
    assert [name.startswith(f"runs-{DIGEST}-") for name in aside(strata_home)] == [True]
    folders.write_entry(entry, FILES)
    assert folders.read_entry(entry) == FILES


def test_damaging_it_twice_keeps_both(entry: Path, strata_home: Path) -> None:
    for _ in range(2):
        flip(entry / "b.bin")
        assert folders.read_entry(entry) is None
        folders.write_entry(entry, FILES)
    assert len(aside(strata_home)) == 2


def test_setting_aside_what_another_reader_moved_is_quiet(entry: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.rmtree(entry)
    store.set_aside(entry, "gone")
    assert caplog.text == ""


# ---- the disk refuses ------------------------------------------------------------------------------------------------


FULL, REFUSED = "E-STORE-FULL", "E-STORE-WRITE"
REFUSALS = [(errno.ENOSPC, FULL), (errno.EDQUOT, FULL), (errno.EROFS, REFUSED), (errno.EACCES, REFUSED)]


@pytest.mark.parametrize(("number", "code"), REFUSALS)
def test_the_disks_refusals_are_said_plainly(number: int, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise OSError(number, "no")

    path = store.folder("runs", DIGEST)
    with monkeypatch.context() as patch:
        patch.setattr(folders, "write_file", refuse)
        with pytest.raises(StrataError) as refusal:
            folders.write_entry(path, FILES)
    assert refusal.value.code == code
    assert "STRATA_HOME" in refusal.value.fix
    assert list(path.parent.iterdir()) == []


def test_other_errors_are_not_disguised() -> None:
    with pytest.raises(OSError, match="input/output") as refusal, store.writing(Path("x")):
        raise OSError(errno.EIO, "input/output")
    assert not isinstance(refusal.value, StrataError)


@pytest.mark.parametrize("where", ["home", "above"])
def test_a_file_in_the_way_of_the_home_is_said_plainly(
    where: str, strata_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strata_home.write_text("a file")
    monkeypatch.setenv("STRATA_HOME", str(strata_home if where == "home" else strata_home / "below"))
    path = store.folder("runs", DIGEST)
    writers: list[Callable[[], object]] = [
        lambda: folders.write_entry(path, FILES),
        lambda: store.lock(path).__enter__(),
        lambda: store.note(DIGEST, "queued"),
        lambda: store.ask_to_stop(DIGEST),
    ]
    for write in writers:
        with pytest.raises(StrataError) as refusal:
            write()
        assert refusal.value.code == "E-STORE-WRITE"
    # reading finds nothing, and says so quietly
    assert folders.read_entry(path) is None
    assert store.runs() == []
    assert store.last_event(DIGEST) is None
    assert store.asked(DIGEST) is None


def test_a_lock_is_held_by_one_at_a_time() -> None:
    from filelock import FileLock, Timeout

    path = store.folder("runs", DIGEST)
    with store.lock(path), pytest.raises(Timeout):
        FileLock(str(path) + ".lock", timeout=0).acquire()
    with FileLock(str(path) + ".lock", timeout=0):
        pass
