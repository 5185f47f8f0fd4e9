"""States on a disk that refuses."""

import errno
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from entries import DIGEST, SOURCE, begin, check, fill, made

from probes import store
from probes.errors import StrataError
from probes.store import states


def test_states_that_cannot_fit_are_refused_before_a_byte_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024  (the shape of shutil's own)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
        with pytest.raises(StrataError, match="These states need .* GB") as refusal:
            begin()
    assert refusal.value.code == "E-STORE-FULL"
    check(made())  # and with room again, it works


def test_a_disk_that_fills_up_meanwhile_is_said_plainly_also_while_closing() -> None:
    part = begin()
    fill(part, 0)
    part._files[1].close()
    part._files[1] = Path("/dev/full").open("r+b")  # noqa: SIM115  (a disk that is always full)
    with pytest.raises(StrataError) as refusal:
        fill(part, 2)
    assert refusal.value.code == "E-STORE-FULL"
    with pytest.raises(StrataError) as refusal:  # what stayed in the buffer is refused again
        part.close()
    assert refusal.value.code == "E-STORE-FULL"
    assert all(file.closed for file in part._files)
    again = begin()
    assert again.done == {0}
    for text in (1, 2, 3):
        fill(again, text)
    again.finish(SOURCE)
    check(store.open_states(DIGEST))


def test_a_refused_commit_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    part = begin()

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(states.os, "fsync", refuse)
        with pytest.raises(StrataError, match="is full"):
            fill(part, 0)
    part.close()
    again = begin()
    again.close()
    assert (part.done, again.done) == (set(), set())


def test_a_file_in_the_way_is_said_plainly(strata_home: Path) -> None:
    strata_home.write_text("a file")
    with pytest.raises(StrataError) as refusal:
        begin()
    assert refusal.value.code == "E-STORE-WRITE"
    assert store.open_states(DIGEST) is None
