"""An interrupted run goes on at the last whole language, gives the same bits, and leaves nothing behind."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import line_folder, small_alignment

from probes import analyses, store
from probes.alignment import AlignmentSpec, resuming, study
from probes.contract import Progress


class Stopped(Exception):
    """Stands for a kill between two languages."""


@pytest.fixture
def asked(tiny_bert: Path, tmp_path: Path, strata_home: Path) -> AlignmentSpec:
    return small_alignment(tiny_bert, line_folder(tmp_path / "sentences"))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first sentence of every language that the model reads; raises Stopped before the third when told to."""
    real, seen = study.read_texts, list[str]()

    def watched(model: Any, texts: list[str], *given: Any, **more: Any) -> dict[str, np.ndarray]:
        if len(seen) == 2 and "go on" not in seen:
            raise Stopped
        seen.append(texts[0])
        return real(model, texts, *given, **more)

    monkeypatch.setattr(study, "read_texts", watched)
    return seen


def run(spec: AlignmentSpec) -> Any:
    return analyses.of(spec).run(spec, Progress())


def left() -> list[str]:
    return [path.name for path in (store.home() / "states").glob("*") if path.is_dir()]


def test_a_run_goes_on_where_it_was_stopped_with_the_same_bits(asked: AlignmentSpec, reads: list[str]) -> None:
    with pytest.raises(Stopped):
        run(asked)
    assert len(reads) == 2
    assert len(left()) == 1
    reads.append("go on")
    found = run(asked)
    assert len(reads) == 2 + 1 + 2  # two languages were left, and none was read again
    assert len(set(reads)) == 5
    assert left() == []
    again = run(asked)  # from nothing
    assert len(reads) == 5 + 4
    assert found.scores.equals(again.scores)
    assert found.cross.tobytes() == again.cross.tobytes()
    assert found.near.tobytes() == again.near.tobytes()


def test_another_pooling_or_other_sentences_start_from_nothing(asked: AlignmentSpec, reads: list[str]) -> None:
    with pytest.raises(Stopped):
        run(asked)
    reads.append("go on")
    run(asked.model_copy(update={"pooling": "mean"}))
    run(asked.model_copy(update={"n": 12}))
    assert len(reads) == 3 + 4 + 4
    run(asked.model_copy(update={"at": 4}))  # the same vectors scored otherwise
    assert len(reads) == 11 + 2


def test_what_is_too_much_for_the_disk_is_read_again(
    asked: AlignmentSpec, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "LARGEST", 1000)
    with pytest.raises(Stopped):
        run(asked)
    assert left() == []
    reads.append("go on")
    run(asked)
    assert len(reads) == 2 + 1 + 4


def test_a_language_that_was_cut_short_is_read_again(asked: AlignmentSpec, reads: list[str]) -> None:
    with pytest.raises(Stopped):
        run(asked)
    (done,) = (store.home() / "states").glob("*.part/done")
    done.write_text("0\n1")  # the line of the second was not finished
    reads.append("go on")
    run(asked)
    assert len(reads) == 2 + 1 + 3
