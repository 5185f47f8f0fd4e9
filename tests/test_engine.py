"""The engine in this process, with an analysis of our own; the worker process is in faults/test_worker.py."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest

from probes import analyses, engine, store
from probes.contract import Analysis, Progress, Spec
from probes.errors import Cancelled, StrataError
from probes.values import Source

SOURCE = Source("m", "r", "w", "float32", "cpu", "c", "d", 0)
DIGEST = "ab" * 16
calls: list[int] = []


class ToySpec(Spec):
    kind: ClassVar[str] = "toy"
    n: int = 3
    place: str = "moving"

    def pinned(self) -> "ToySpec":
        return self.model_copy(update={"place": "pinned"})


class LiveSpec(ToySpec):
    kind: ClassVar[str] = "live"


@dataclass(frozen=True)
class Toy:
    table: pd.DataFrame
    source: Source

    def headline(self) -> str:
        return f"There are {len(self.table)} rows."

    def frame(self) -> pd.DataFrame:
        return self.table


def count(spec: ToySpec, progress: Progress) -> Toy:
    calls.append(spec.n)
    for i in range(spec.n):
        progress.report(i, spec.n, "counting")
    if spec.n == 13:
        raise StrataError("E-TOY", "Thirteen is refused.")
    return Toy(pd.DataFrame({"a": range(spec.n)}), SOURCE)


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"run_at": f"{__name__}:count", "result_at": f"{__name__}:Toy", "figures_at": ()}
    monkeypatch.setattr(analyses, "ANALYSES", (Analysis(ToySpec, **here), Analysis(LiveSpec, **here, live=True)))
    calls.clear()


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


# ---- status ----------------------------------------------------------------------------------------------------------


def test_a_job_nobody_asked_for_is_unknown() -> None:
    assert engine.status(DIGEST) == engine.Status("unknown")


def test_a_finished_run_is_done_whoever_computed_it() -> None:
    engine.run(ToySpec())
    assert engine.status(ToySpec().pinned().digest) == engine.Status("done", 1.0)
    assert engine.submit(ToySpec()) == ToySpec().pinned().digest  # no worker is started for it


def test_a_running_job_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    store.note(DIGEST, "queued", **engine._process())
    store.note(DIGEST, "running", share=0.25, note="reading", **engine._process())
    monkeypatch.setattr(engine.time, "time", lambda: now + 10)
    status = engine.status(DIGEST)
    assert (status.state, status.share, status.note, status.error) == ("running", 0.25, "reading", None)
    assert status.elapsed == pytest.approx(10, abs=1)
    assert status.left == pytest.approx(30, abs=3)


def test_a_job_that_has_hardly_begun_does_not_guess() -> None:
    store.note(DIGEST, "running", share=0.001, **engine._process())
    assert engine.status(DIGEST).left is None


@pytest.mark.parametrize("state", ["queued", "running"])
@pytest.mark.parametrize("process", [{"pid": 2**22 + 1, "born": 1.0}, {"pid": os.getpid(), "born": 1.0}, {}])
def test_a_job_whose_process_is_gone_was_interrupted(state: str, process: dict[str, float]) -> None:
    """Also when another process has the old one's number, or when none was written down."""
    store.note(DIGEST, state, share=0.5, **process)
    status = engine.status(DIGEST)
    assert status.state == "failed"
    assert status.error is not None
    assert status.error["code"] == "E-INTERRUPTED"
    assert "again" in status.error["fix"]


def test_a_failed_job_says_why() -> None:
    error = {"code": "E-X", "what": "What.", "why": "Why.", "fix": "Fix."}
    store.note(DIGEST, "failed", error=error, pid=1, born=1.0)
    status = engine.status(DIGEST)
    assert (status.state, status.error) == ("failed", error)
    assert StrataError(**status.error).fix == "Fix."


def test_a_finished_job_whose_answer_was_set_aside_can_be_asked_again(strata_home: Path) -> None:
    """Done is what the store holds, not what the journal remembers."""
    engine.run(ToySpec())
    digest = ToySpec().pinned().digest
    store.note(digest, "done", share=1.0, **engine._process())
    table = strata_home / "runs" / digest / "table.parquet"
    table.write_bytes(table.read_bytes()[:-1])
    assert analyses.result_of(digest) is None
    assert engine.status(digest).state == "unknown"


# ---- what the worker does, here --------------------------------------------------------------------------------------


def states(digest: str) -> list[str]:
    return [json.loads(line)["state"] for line in store.read_events(digest).splitlines()]


def test_a_job_tells_its_story_in_the_journal() -> None:
    spec = ToySpec().pinned()
    engine._job(spec.canonical())
    assert states(spec.digest)[0] == "running"
    assert states(spec.digest)[-1] == "done"
    assert engine.status(spec.digest).state == "done"


def test_a_refused_job_ends_with_its_refusal() -> None:
    spec = ToySpec(n=13).pinned()
    engine._job(spec.canonical())
    status = engine.status(spec.digest)
    assert status.state == "failed"
    assert status.error == {"code": "E-TOY", "what": "Thirteen is refused.", "why": "", "fix": ""}


def test_an_unforeseen_failure_is_a_message_and_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ToySpec().pinned()
    monkeypatch.setattr(store, "save", lambda *_: 1 / 0)
    engine._job(spec.canonical())
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
    engine._job(spec.canonical())
    assert engine.status(spec.digest).state == "cancelled"
    assert store.runs() == []


def test_progress_is_written_a_few_times_a_second_and_not_at_every_step() -> None:
    spec = ToySpec(n=10_000).pinned()
    engine._job(spec.canonical())
    assert len(states(spec.digest)) < 100


def test_a_live_answer_crosses_as_files_and_a_refusal_as_words() -> None:
    answer = engine._answer(LiveSpec().canonical())
    assert all(isinstance(data, bytes) for data in answer["files"].values())
    assert len(store.unpack(Toy, answer["files"]).table) == 3
    assert engine._answer(LiveSpec(n=13).canonical())["error"]["code"] == "E-TOY"
