import json
import threading
import time
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


# ---- it never grows without bound, and is cheap to read --------------------------------------------------------------


def test_case_51_a_talkative_job_does_not_fill_the_disk(strata_home: Path) -> None:
    store.note(DIGEST, "queued", question={"kind": "toy"})
    for i in range(6_000):
        store.note(DIGEST, "running", share=i / 6_000, note="reading hidden states " * 5)
        if i % 500 == 0:
            assert path(strata_home).stat().st_size < 300_000
    event = store.last_event(DIGEST)
    assert event is not None
    assert event["share"] == 5_999 / 6_000
    lines = [json.loads(line) for line in store.read_events(DIGEST).splitlines()]
    assert lines[0]["question"] == {"kind": "toy"} == store.begun(DIGEST)
    assert event["started"] == lines[0]["time"]
    shares = [line["share"] for line in lines[1:]]
    assert shares == sorted(shares), "the story is thinned out, not cut"
    assert not [p for p in path(strata_home).parent.iterdir() if p.name.startswith(".")]


def test_case_51_one_long_word_does_not_fill_the_disk_either(strata_home: Path) -> None:
    question = {"kind": "toy", "spec": {"code": "x" * 50_000}}
    store.note(DIGEST, "queued", question=question)
    trace = "Traceback" + "x" * 5_000_000 + "ValueError: here"
    store.note(DIGEST, "failed", trace=trace, error={"code": "E-X", "what": trace})
    assert path(strata_home).stat().st_size < 100_000
    event = store.last_event(DIGEST)
    assert event is not None
    assert event["trace"].startswith("Traceback")
    assert event["trace"].endswith("ValueError: here")
    assert store.begun(DIGEST) == question, "a question is never shortened: it is asked again from here"


def test_a_long_journal_is_read_in_no_time() -> None:
    store.note(DIGEST, "queued")
    for i in range(1_500):
        store.note(DIGEST, "running", share=i / 1_500, note="reading")
    began = time.perf_counter()
    for _ in range(20):
        store.last_event(DIGEST)
    assert time.perf_counter() - began < 0.5


def test_a_reader_never_sees_a_half_begun_journal() -> None:
    """A new try replaces the old journal in one step."""
    over, seen = threading.Event(), set()

    def read() -> None:
        while not over.is_set():
            event = store.last_event(DIGEST)
            seen.add(None if event is None else event["state"])

    store.note(DIGEST, "queued")
    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(300):
        store.note(DIGEST, "queued")
        store.note(DIGEST, "failed")
    over.set()
    reader.join()
    assert seen <= {"queued", "failed"}


def test_the_pulse_is_the_disks_own_time() -> None:
    assert store.pulse(DIGEST) is None
    assert store.quiet(DIGEST) == float("inf")
    store.beat(DIGEST)  # nobody's job: nothing is made up
    assert store.pulse(DIGEST) is None
    store.note(DIGEST, "running")
    first = store.pulse(DIGEST)
    time.sleep(0.02)
    store.beat(DIGEST)
    second = store.pulse(DIGEST)
    assert first is not None
    assert second is not None
    assert second > first
    assert 0 <= store.quiet(DIGEST) < 5
    assert len(store.read_events(DIGEST).splitlines()) == 1


def test_a_home_has_one_token_whoever_asks_first(strata_home: Path) -> None:
    assert store.token() is None
    found: list[str] = []
    racers = [threading.Thread(target=lambda: found.append(store.marked())) for _ in range(16)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert set(found) == {store.token()}
    assert len(found) == 16
    assert not [p.name for p in strata_home.iterdir() if p.name.startswith(".")]


def test_an_empty_token_of_a_full_disk_is_made_again(strata_home: Path) -> None:
    strata_home.mkdir(parents=True)
    (strata_home / "home.id").write_text("")
    assert store.token() is None
    assert store.marked() == store.token()
