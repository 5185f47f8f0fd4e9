"""The history: finished runs and jobs that did not finish, searched, narrowed, and quickly listed."""

import shutil
import time
from pathlib import Path

import pytest
from asked import job, put

from probes import history, store
from probes.engine import standing
from probes.history import Filter, lines
from probes.values import digest_of


def test_an_empty_store_has_no_history() -> None:
    assert lines() == []
    assert list(history.table([]).columns)[0] == "digest"


def test_runs_and_jobs_are_one_list_pinned_first_then_newest(strata_home: Path) -> None:
    old, new, oldest = (put(strata_home, n, hours=h) for n, h in ((1, 5), (2, 1), (3, 9)))
    broken = job(4, "failed", error={"code": "E-X", "what": "It broke.", "why": "Because."})
    store.pin(oldest)
    found = lines()
    assert [line.digest for line in found] == [oldest, broken, new, old]
    assert [line.state for line in found] == ["done", "failed", "done", "done"]
    assert found[1].text == "It broke. Because."
    assert found[0].pinned


def test_a_finished_job_is_listed_once_as_its_run(strata_home: Path) -> None:
    digest = put(strata_home, 1)
    store.note(digest, "queued", question={"kind": "syntax", "version": 1, "spec": {}})
    store.note(digest, "done")
    assert [line.state for line in lines()] == ["done"]


def test_a_job_that_says_done_without_a_run_is_no_line() -> None:
    job(1, "done")
    assert lines() == []


def test_a_job_whose_process_is_gone_is_interrupted() -> None:
    """Case 49: a journal that ends in `running` is not believed when nobody works on it any more."""
    gone = job(1, "running", share=0.5, pid=2**22 + 1, born=1.0)
    (line,) = lines()
    assert (line.digest, line.state) == (gone, "interrupted")
    assert "interrupted" in line.text


def test_a_job_under_way_says_its_step() -> None:
    job(1, "running", share=0.5, note="reading", **standing.process())
    (line,) = lines()
    assert (line.state, line.text) == ("running", "reading")


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (Filter(), {1, 2, 3}),
        (Filter(search="PEAKS layer"), {1}),
        (Filter(search="peaks nowhere"), set()),
        (Filter(search="for the paper"), {2}),
        (Filter(search="smollm2"), {3}),
        (Filter(model="smollm2"), {3}),
        (Filter(kind="snippet"), {2}),
        (Filter(corpus="code:/data/x"), {3}),
        (Filter(state="failed"), set()),
        (Filter(days=1), {1, 2}),
        (Filter(days=0), set()),
        (Filter(pinned=True), {1}),
        (Filter(search="{1}"), {1}),
        (Filter(search="(["), set()),
    ],
    ids=str,
)
def test_the_filters_narrow(wanted: Filter, kept: set[int], strata_home: Path) -> None:
    made = {
        1: put(strata_home, 1, hours=1, headline="Syntax peaks at layer 3."),
        2: put(strata_home, 2, hours=2, kind="snippet"),
        3: put(strata_home, 3, hours=30, model="smollm2", corpus="code:/data/x@0123456789ab"),
    }
    store.pin(made[1])
    store.note_on(made[2], "For the Paper")
    wanted = Filter(**{**vars(wanted), "search": wanted.search.replace("{1}", made[1][:9])})
    assert {line.digest for line in lines(wanted)} == {made[n] for n in kept}


def test_what_changed_is_seen(strata_home: Path) -> None:
    first = put(strata_home, 1)
    assert len(lines()) == 1
    second = put(strata_home, 2)
    assert len(lines()) == 2
    shutil.rmtree(strata_home / "runs" / first)
    assert [line.digest for line in lines()] == [second]


def test_two_thousand_runs_are_listed_in_a_moment(strata_home: Path) -> None:
    """The second look only asks for dates; the bounds are wide, for a busy machine."""
    for n in range(2_000):
        put(strata_home, n, hours=n)
    store.pin(digest_of(["7"]))
    first = time.perf_counter()
    assert len(lines()) == 2_000
    again = time.perf_counter()
    assert len(lines(Filter(search="peaks"))) == 2_000
    end = time.perf_counter()
    assert again - first < 5
    assert end - again < 0.8
    print(f"first {again - first:.3f} s, again {end - again:.3f} s")
