"""`python -m probes runs`: list, show, note, pin, delete, restore; every refusal."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from small import code_folder, small_spec

from probes import engine, store
from probes.__main__ import main
from probes.engine import standing

Say = Callable[..., str]


@pytest.fixture
def digest(tiny_bert: Path, tmp_path: Path) -> str:
    """A finished run of the smallest question."""
    spec = small_spec(tiny_bert, code_folder(tmp_path / "code"), control=False, random_init=False).pinned()
    engine.run(spec)
    return spec.digest


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def say(*words: str, code: int = 0) -> str:
        assert main(["runs", *words]) == code
        out, err = capsys.readouterr()
        assert (err == "") == (code == 0)
        return out + err

    return say


def test_a_run_is_found_by_words_and_shown(digest: str, say: Say) -> None:
    headline = store.runs()[0].headline
    assert headline in say()
    assert headline in say("list", "--search", "peaks", "--kind", "syntax", "--state", "done", "--days", "1")
    assert say("--search", "nowhere") == "No run is like that.\n"
    assert say("--pinned") == "No run is like that.\n"
    shown = say("show", digest[:6])
    assert shown.startswith(headline)
    assert digest in shown
    assert "trained model" in shown
    told = json.loads(say("show", digest, "--json"))
    assert (told["digest"], told["text"], told["question"]["n_train"]) == (digest, headline, 12)
    assert told["source"]["dtype"] == "float32"
    (listed,) = json.loads(say("--json"))
    assert (listed["digest"], listed["headline"]) == (digest, headline)


def test_note_pin_delete_and_restore(digest: str, say: Say) -> None:
    say("note", digest[:8], "for <b>Fig. 2</b>")
    say("pin", digest)
    assert store.mark(digest) == store.Mark(digest, True, "for <b>Fig. 2</b>")
    assert "for <b>Fig. 2</b>" in say("--pinned")
    assert "[E-RUN-PINNED]" in say("delete", digest, code=2)
    say("unpin", digest)
    assert "restore" in say("delete", digest)
    assert store.runs() == []
    assert "[E-RUN-DELETED]" in say("show", digest, code=2)
    say("restore", digest[:8])
    assert [e.digest for e in store.runs()] == [digest]


def test_a_job_under_way_is_not_deleted(say: Say) -> None:
    store.note("ab" * 16, "queued", question={"kind": "syntax", "version": 1, "spec": {}}, **standing.process())
    assert "[E-RUN-LIVE]" in say("delete", "abab", code=2)
    assert len(store.jobs()) == 1


@pytest.mark.parametrize("start", ["", "a", "abc", "0000", "../..", "*", "zzzz"])
def test_what_names_no_run_is_refused(start: str, say: Say) -> None:
    store.note("ab" * 16, "queued", question={"kind": "syntax", "version": 1, "spec": {}})
    for action in ("show", "pin", "delete", "restore"):
        assert "[E-RUN-UNKNOWN]" in say(action, start, code=2)


def test_digits_that_name_two_runs_are_refused(say: Say) -> None:
    for last in "01":
        store.note("a" * 31 + last, "queued", question={"kind": "syntax", "version": 1, "spec": {}})
    assert "2 runs begin with 'aaaa'" in say("show", "aaaa", code=2)


def test_a_state_that_is_none_is_refused_with_the_choices(say: Say) -> None:
    assert "interrupted" in say("--state", "asleep", code=2)
