"""Deleting takes one run away and nothing else, and can be taken back."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_runs import Toy, ToySpec, toy

from probes import store
from probes.errors import StrataError

ONE, TWO = ToySpec(n=1), ToySpec(n=2)


@pytest.fixture(autouse=True)
def two_runs() -> None:
    for spec in (ONE, TWO):
        store.note(spec.digest, "queued", question={"kind": "toy", "version": 1, "spec": {"n": spec.n}})
        store.note(spec.digest, "done", share=1.0)
        store.save(spec, toy(spec.n), 1.0)


def files(home: Path, *folders: str) -> dict[str, bytes]:
    found = [p for folder in folders for p in (home / folder).rglob("*") if p.is_file()]
    return {p.relative_to(home).as_posix(): p.read_bytes() for p in found}


def test_only_the_named_run_goes_and_states_stay(strata_home: Path) -> None:
    states = strata_home / "states" / ("c" * 32)
    states.mkdir(parents=True)
    (states / "0.safetensors").write_bytes(np.arange(4).tobytes())
    kept = {n: b for n, b in files(strata_home, "runs", "jobs", "states").items() if ONE.digest not in n}
    store.delete(ONE.digest)
    assert files(strata_home, "runs", "jobs", "states") == kept
    assert [e.digest for e in store.runs()] == [TWO.digest]
    assert [j.digest for j in store.jobs()] == [TWO.digest]
    assert store.load(ONE.digest, Toy) is None
    assert store.asked(ONE.digest) is None


def test_deleting_can_be_taken_back_bit_by_bit(strata_home: Path) -> None:
    before = files(strata_home, "runs", "jobs")
    store.note_on(ONE.digest, "kept")
    store.delete(ONE.digest)
    (gone,) = store.deleted()
    assert (gone.digest, gone.entry.headline) == (ONE.digest, "There are 1 rows.")
    assert abs(gone.when.timestamp() - time.time()) < 60
    store.restore(ONE.digest)
    assert files(strata_home, "runs", "jobs") == before
    pd.testing.assert_frame_equal(store.load(ONE.digest, Toy).table, toy(1).table)
    assert store.deleted() == []
    assert store.mark(ONE.digest).note == "kept"


def test_a_job_that_never_finished_is_deleted_by_its_journal() -> None:
    lost = "d" * 32
    store.note(lost, "queued", question={"kind": "toy", "version": 1, "spec": {}})
    store.note(lost, "failed", error={"code": "E-X"})
    store.delete(lost)
    assert lost not in {j.digest for j in store.jobs()}
    assert store.deleted()[0].entry is None
    store.restore(lost)
    assert store.jobs()[0].digest == lost


def test_a_pinned_run_is_not_deleted() -> None:
    store.pin(ONE.digest)
    with pytest.raises(StrataError, match="pinned") as refusal:
        store.delete(ONE.digest)
    assert refusal.value.code == "E-RUN-PINNED"
    assert store.load(ONE.digest, Toy) is not None
    store.pin(ONE.digest, pinned=False)
    store.delete(ONE.digest)


@pytest.mark.parametrize("act", [store.delete, store.restore])
def test_what_is_not_there_is_refused(act: object, strata_home: Path) -> None:
    with pytest.raises(StrataError) as refusal:
        act("e" * 32)
    assert refusal.value.code == "E-RUN-UNKNOWN"
    assert store.deleted() == []
    for digest in ("../runs", "", "*"):
        with pytest.raises(StrataError) as refusal:
            act(digest)
        assert refusal.value.code == "E-DIGEST"


def test_deleting_twice_says_so() -> None:
    store.delete(ONE.digest)
    with pytest.raises(StrataError, match="no run"):
        store.delete(ONE.digest)
    assert len(store.deleted()) == 1


def test_an_answer_made_again_wins_over_the_deleted_one() -> None:
    store.delete(ONE.digest)
    store.save(ONE, toy(7), 2.0)
    store.restore(ONE.digest)
    assert len(store.load(ONE.digest, Toy).table) == 7
    assert store.deleted() == []


def test_after_a_week_it_is_gone(strata_home: Path) -> None:
    store.delete(ONE.digest)
    old = time.time() - (store.DAYS + 1) * 86_400
    os.utime(strata_home / "deleted" / ONE.digest, (old, old))
    store.delete(TWO.digest)
    assert [d.digest for d in store.deleted()] == [TWO.digest]
    with pytest.raises(StrataError, match="7 days"):
        store.restore(ONE.digest)
