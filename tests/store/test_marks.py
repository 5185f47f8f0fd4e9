import importlib
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes import store
from probes.errors import StrataError
from probes.store import folders

ONE, TWO = "a" * 32, "b" * 32


def test_a_run_nobody_marked_is_unmarked() -> None:
    assert store.mark(ONE) == store.Mark(ONE)
    assert store.marks() == {}


def test_pin_and_note_do_not_disturb_each_other() -> None:
    store.pin(ONE)
    store.note_on(ONE, " for the paper ")
    store.note_on(TWO, "another")
    assert store.marks() == {ONE: store.Mark(ONE, True, "for the paper"), TWO: store.Mark(TWO, False, "another")}
    store.pin(ONE, pinned=False)
    assert store.mark(ONE) == store.Mark(ONE, False, "for the paper")


def test_a_mark_without_pin_and_note_leaves_no_file(strata_home: Path) -> None:
    store.pin(ONE)
    store.note_on(ONE, "x")
    store.pin(ONE, pinned=False)
    store.note_on(ONE, "")
    store.note_on(ONE, "")
    assert list((strata_home / "marks").iterdir()) == []


@given(st.text(max_size=200))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_note_comes_back_as_it_was_written(note: str) -> None:
    store.note_on(ONE, note)
    assert store.mark(ONE).note == note.strip().encode("utf-8", "replace").decode()


def test_a_note_too_long_is_refused_and_the_old_one_stays() -> None:
    store.note_on(ONE, "short")
    with pytest.raises(StrataError, match="2,001 characters") as refusal:
        store.note_on(ONE, "x" * (store.NOTE + 1))
    assert refusal.value.code == "E-NOTE"
    assert store.mark(ONE).note == "short"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pinned": 1, "note": ""}', '{"pinned": true}', '{"pinned":true,"note":3}']
)
def test_a_damaged_mark_counts_as_none(text: str, strata_home: Path) -> None:
    store.pin(TWO)
    (strata_home / "marks" / f"{ONE}.json").write_text(text)
    assert store.mark(ONE) == store.Mark(ONE)
    assert set(store.marks()) == {TWO}


@pytest.mark.parametrize("digest", ["../x", "", "A" * 32, "a" * 65, "a/b"])
def test_what_is_no_digest_never_becomes_a_path(digest: str) -> None:
    with pytest.raises(StrataError) as refusal:
        store.pin(digest)
    assert refusal.value.code == "E-DIGEST"


def test_a_full_disk_keeps_the_mark_that_was_there(monkeypatch: pytest.MonkeyPatch, strata_home: Path) -> None:
    """Case 53: the refusal says so, and no half-written mark is left."""
    store.note_on(ONE, "old")

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importlib.import_module("probes.store.marks"), "write_file", full)
    with pytest.raises(StrataError) as refusal:
        store.note_on(ONE, "new")
    assert refusal.value.code == "E-STORE-FULL"
    assert store.mark(ONE).note == "old"
    assert [p.name for p in (strata_home / "marks").iterdir()] == [f"{ONE}.json"]
    assert folders.home() == strata_home


def test_many_tabs_marking_at_once_leave_something_whole() -> None:
    tabs = [threading.Thread(target=store.note_on, args=(ONE, f"note {n}" * 50)) for n in range(16)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert store.mark(ONE).note in {(f"note {n}" * 50).strip() for n in range(16)}
