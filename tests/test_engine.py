"""The engine in this process, with an analysis of our own; the worker process is in faults/test_worker.py."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pytest
from toys import LiveSpec, Toy, ToySpec, calls, in_place_of_the_others

from probes import analyses, engine, store
from probes.contract import Progress
from probes.engine import work
from probes.errors import Cancelled, StrataError

DIGEST = "ab" * 16


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with in_place_of_the_others():
        yield


# ---- run -------------------------------------------------------------------------------------------------------------


def test_asking_twice_computes_once() -> None:
    first, second = engine.run(ToySpec()), engine.run(ToySpec())
    assert calls == [3]
    pd.testing.assert_frame_equal(first.table, second.table)
    engine.run(ToySpec(n=4))
    assert calls == [3, 4]


def test_the_pinned_question_is_what_is_stored() -> None:
    engine.run(ToySpec())
    (entry,) = store.runs()
    assert entry.spec["place"] == "pinned"
    assert entry.digest == ToySpec().pinned().digest != ToySpec().digest
    engine.run(ToySpec(place="pinned"))
    assert calls == [3]


def test_a_live_question_is_computed_and_not_stored(strata_home: Path) -> None:
    for _ in range(2):
        assert len(engine.run(LiveSpec()).table) == 3
    assert calls == [3, 3]
    assert not strata_home.exists()


def test_a_run_can_be_stopped_and_asked_again() -> None:
    class Stop(Progress):
        def report(self, done: float, total: float, note: str = "") -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        engine.run(ToySpec(), Stop())
    assert store.runs() == []
    assert len(engine.run(ToySpec()).table) == 3
    assert calls == [3, 3]


def test_whoever_waits_for_another_process_says_so_and_can_be_stopped() -> None:
    class Stop(Progress):
        def report(self, done: float, total: float, note: str = "") -> None:
            assert note == "waiting for another process that asks the same"
            raise Cancelled

    with store.lock(store.folder("runs", ToySpec().pinned().digest)), pytest.raises(Cancelled):
        engine.run(ToySpec(), Stop())
    assert calls == []
    assert len(engine.run(ToySpec()).table) == 3


def test_a_refusal_is_raised_and_stores_nothing() -> None:
    for _ in range(2):  # and leaves no lock behind
        with pytest.raises(StrataError, match="Thirteen"):
            engine.run(ToySpec(n=13))
    assert store.runs() == []


DAMAGED = ["spec.json", "run.json", "table.parquet", "values.json", "manifest.json"]


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_answer_is_made_again_and_then_kept(name: str, strata_home: Path) -> None:
    engine.run(ToySpec())
    path = strata_home / "runs" / ToySpec().pinned().digest / name
    path.write_bytes(path.read_bytes()[:-2])
    for _ in range(3):
        assert len(engine.run(ToySpec()).table) == 3
    assert calls == [3, 3]
    assert len(list((strata_home / "set-aside").iterdir())) == 1


def test_an_unknown_kind_is_refused() -> None:
    class Nobody(ToySpec):
        kind: ClassVar[str] = "nobody"

    with pytest.raises(StrataError, match="no analysis 'nobody'"):
        engine.run(Nobody())


# ---- what the worker does, here --------------------------------------------------------------------------------------


def do(spec: ToySpec) -> None:
    assert work.job(spec.canonical(), (str(store.home()), store.marked())) is None


def reply(canonical: str) -> dict[str, Any]:
    return work.answer(canonical, (str(store.home()), store.marked()))


def states(digest: str) -> list[str]:
    return [json.loads(line)["state"] for line in store.read_events(digest).splitlines()]


def test_a_job_tells_its_story_in_the_journal() -> None:
    spec = ToySpec().pinned()
    do(spec)
    assert states(spec.digest)[0] == "running"
    assert states(spec.digest)[-1] == "done"
    assert engine.status(spec.digest).state == "done"


def test_a_refused_job_ends_with_its_refusal() -> None:
    spec = ToySpec(n=13).pinned()
    do(spec)
    status = engine.status(spec.digest)
    assert status.state == "failed"
    assert status.error == {"code": "E-TOY", "what": "Thirteen is refused.", "why": "", "fix": ""}


def test_an_unforeseen_failure_is_a_message_and_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ToySpec().pinned()
    monkeypatch.setattr(store, "save", lambda *_: 1 / 0)
    do(spec)
    status = engine.status(spec.digest)
    assert status.error is not None
    assert (status.state, status.error["code"]) == ("failed", "E-UNFORESEEN")
    assert "ZeroDivisionError" in status.error["why"]
    event = store.last_event(spec.digest)
    assert event is not None
    assert "Traceback" in event["trace"]


def test_a_job_asked_to_stop_stops() -> None:
    spec = ToySpec().pinned()
    store.ask_to_stop(spec.digest)
    do(spec)
    assert engine.status(spec.digest).state == "cancelled"
    assert store.runs() == []


def test_a_job_that_was_cancelled_before_it_began_computes_nothing() -> None:
    spec = ToySpec().pinned()
    store.note(spec.digest, "queued")
    store.ask_to_stop(spec.digest)
    do(spec)
    assert engine.status(spec.digest).state == "cancelled"
    assert calls == []


def test_a_worker_that_keeps_another_store_computes_nothing_and_says_where_it_looks(strata_home: Path) -> None:
    store.marked()
    spec = ToySpec().pinned()
    error = work.job(spec.canonical(), ("their/home", "another token"))
    assert error is not None
    assert error["code"] == "E-WORKER-HOME"
    assert str(strata_home) in error["what"]
    assert "their/home" in error["what"]
    assert calls == []
    assert store.last_event(spec.digest) is None


def test_a_live_question_that_is_submitted_is_kept_for_who_comes_back_for_it() -> None:
    spec = LiveSpec().pinned()
    do(spec)
    assert states(spec.digest)[-1] == "done"
    assert len(analyses.result_of(spec.digest).table) == 3


def test_a_long_silent_step_has_a_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "BEAT", 0.02)
    store.note(DIGEST, "running")
    first = store.pulse(DIGEST)
    with work.beating(DIGEST):
        time.sleep(0.3)
        second = store.pulse(DIGEST)
    assert first is not None
    assert second is not None
    assert second > first
    third = store.pulse(DIGEST)
    time.sleep(0.1)
    assert store.pulse(DIGEST) == third, "and none when it is over"


def test_progress_is_written_a_few_times_a_second_and_not_at_every_step() -> None:
    spec = ToySpec(n=10_000).pinned()
    do(spec)
    assert len(states(spec.digest)) < 100


def test_a_live_answer_crosses_as_files_and_a_refusal_as_words() -> None:
    answer = reply(LiveSpec().canonical())
    assert all(isinstance(data, bytes) for data in answer["files"].values())
    assert len(store.unpack(Toy, answer["files"]).table) == 3
    assert reply(LiveSpec(n=13).canonical())["error"]["code"] == "E-TOY"
