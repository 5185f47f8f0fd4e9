import json
from pathlib import Path

import pytest

from probes import store

DIGEST = "ab" * 16


def path(home: Path) -> Path:
    return home / "jobs" / f"{DIGEST}.jsonl"


def test_a_job_nobody_asked_for_says_nothing() -> None:
    assert store.last_event(DIGEST) is None
    assert store.read_events(DIGEST) == b""
    assert not store.asked_to_stop(DIGEST)


def test_the_newest_event_counts_and_knows_when_the_job_began() -> None:
    store.note(DIGEST, "queued", pid=1)
    store.note(DIGEST, "running", share=0.5, note="reading\nstates \u202e")
    first = json.loads(store.read_events(DIGEST).splitlines()[0])
    event = store.last_event(DIGEST)
    assert event is not None
    assert (event["state"], event["share"], event["note"]) == ("running", 0.5, "reading\nstates \u202e")
    assert event["started"] == first["time"] <= event["time"]


def test_each_line_is_one_json_object() -> None:
    for state in ("queued", "running", "running", "done"):
        store.note(DIGEST, state)
    lines = store.read_events(DIGEST).decode().splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["queued", "running", "running", "done"]


def test_asking_again_starts_a_new_journal() -> None:
    store.note(DIGEST, "queued")
    store.note(DIGEST, "failed", error={})
    store.note(DIGEST, "queued")
    assert len(store.read_events(DIGEST).splitlines()) == 1


@pytest.mark.parametrize(
    "rest",
    [
        b'{"time": 1, "sta',
        b'{"time": 1, "state": "done"',
        b"{",
        b"\x00\x00\x00",
        b"\xff\xfe",
        b"3\n",
        b'"x"\n',
        b"[]\n",
        b"\n",
    ],
)
def test_a_line_cut_short_by_a_killed_worker_is_ignored(rest: bytes, strata_home: Path) -> None:
    store.note(DIGEST, "queued")
    store.note(DIGEST, "running", share=0.25)
    with path(strata_home).open("ab") as out:
        out.write(rest)
    event = store.last_event(DIGEST)
    assert event is not None
    assert (event["state"], event["share"]) == ("running", 0.25)
    store.note(DIGEST, "failed", error={"code": "E-X"})  # the worker's last word must not be lost behind the torn line
    event = store.last_event(DIGEST)
    assert event is not None
    assert event["state"] == "failed"


def test_a_journal_of_nothing_but_a_torn_line_says_nothing(strata_home: Path) -> None:
    path(strata_home).parent.mkdir(parents=True)
    path(strata_home).write_bytes(b'{"time"')
    assert store.last_event(DIGEST) is None


def test_the_wish_to_stop_is_kept_until_it_is_cleared() -> None:
    other = "cd" * 16
    store.ask_to_stop(DIGEST)
    store.ask_to_stop(DIGEST)
    assert store.asked_to_stop(DIGEST)
    assert not store.asked_to_stop(other)
    store.clear_stop(DIGEST)
    store.clear_stop(DIGEST)
    assert not store.asked_to_stop(DIGEST)
