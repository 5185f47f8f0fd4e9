import importlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from probes import store
from probes.contract import Spec
from probes.errors import StrataError
from probes.store import folders
from probes.values import Source

SOURCE = Source("m", "r", "w", "float32", "cpu", "c", "d", 3, ("a note",), {"torch": "2"})


class ToySpec(Spec):
    kind: ClassVar[str] = "toy"
    n: int = 3


@dataclass(frozen=True)
class Toy:
    table: pd.DataFrame
    array: np.ndarray
    source: Source

    def headline(self) -> str:
        return f"There are {len(self.table)} rows."

    def frame(self) -> pd.DataFrame:
        return self.table


def toy(rows: int = 2) -> Toy:
    return Toy(pd.DataFrame({"a": range(rows)}), np.arange(4.0), SOURCE)


def test_a_run_is_kept_with_its_question_and_where_it_came_from(strata_home: Path) -> None:
    spec = ToySpec()
    store.note(spec.digest, "queued")
    store.save(spec, toy(), 1.234)
    path = strata_home / "runs" / spec.digest
    assert (path / "spec.json").read_text() == spec.canonical()
    assert json.loads((path / "provenance.json").read_bytes())["notes"] == ["a note"]
    assert (path / "events.jsonl").read_bytes() == store.read_events(spec.digest)
    assert store.asked(spec.digest) == {"kind": "toy", "version": 1, "spec": {"n": 3}}
    pd.testing.assert_frame_equal(store.load(spec.digest, Toy).table, toy().table)


def test_the_history_is_newest_first_and_can_be_narrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    class Clock:
        hour = 0
        fromisoformat = datetime.fromisoformat

        @classmethod
        def now(cls, zone: object) -> datetime:
            cls.hour += 1
            return datetime(2026, 1, 1, cls.hour, tzinfo=UTC)

    monkeypatch.setattr(importlib.import_module("probes.store.runs"), "datetime", Clock)
    for n in (5, 3, 4):
        store.save(ToySpec(n=n), toy(n), 0.5)
    assert [e.spec["n"] for e in store.runs()] == [4, 3, 5]
    assert store.runs("toy") == store.runs()
    assert store.runs("other") == []
    first = store.runs()[0]
    assert first.version == ToySpec.version
    assert (first.digest, first.headline, first.seconds) == (ToySpec(n=4).digest, "There are 4 rows.", 0.5)
    assert store.table().headline.tolist() == ["There are 4 rows.", "There are 3 rows.", "There are 5 rows."]


def test_an_empty_store_has_an_empty_history() -> None:
    assert store.runs() == []
    assert store.table().empty


def test_the_first_save_wins() -> None:
    store.save(ToySpec(), toy(2), 1)
    store.save(ToySpec(), toy(5), 2)
    assert len(store.load(ToySpec().digest, Toy).table) == 2
    assert [e.seconds for e in store.runs()] == [1]


def test_a_result_of_another_shape_is_set_aside(strata_home: Path) -> None:
    @dataclass(frozen=True)
    class Newer(Toy):
        extra: str = ""

    store.save(ToySpec(), toy(), 1)
    assert store.load(ToySpec().digest, Newer) is None
    assert store.load(ToySpec().digest, Toy) is None
    assert len(list((strata_home / "set-aside").iterdir())) == 1


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "array cut": lambda p: cut(p / "arrays.safetensors"),
    "table gone": lambda p: (p / "table.parquet").unlink(),
    "question cut": lambda p: cut(p / "spec.json"),
    "question gone": lambda p: (p / "spec.json").unlink(),
    "another question": lambda p: (p / "spec.json").write_text(ToySpec(n=9).canonical()),
    "manifest gone": lambda p: (p / "manifest.json").unlink(),
    "history cut": lambda p: cut(p / "run.json"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_makes_room_for_the_next(damage: str, strata_home: Path) -> None:
    """Whatever was damaged, saving again leaves a whole run: a damaged one must not win over it."""
    spec = ToySpec()
    store.save(spec, toy(2), 1)
    DAMAGE[damage](strata_home / "runs" / spec.digest)
    store.save(spec, toy(5), 2)
    assert len(store.load(spec.digest, Toy).table) == 5
    assert store.asked(spec.digest) == json.loads(spec.canonical())
    assert len(list((strata_home / "set-aside").iterdir())) == 1


def test_the_history_leaves_out_what_it_cannot_read(strata_home: Path) -> None:
    store.save(ToySpec(n=1), toy(), 1)
    good = strata_home / "runs" / ToySpec(n=1).digest
    texts = ["", "[]", "3", '{"created": "yesterday"}', '{"created": "2026-01-01", "headline": "", "seconds": 1}']
    for i, text in enumerate(texts):
        twin = good.with_name(f"{i}" * 32)
        shutil.copytree(good, twin)
        (twin / "run.json").write_text(text)
    (good.with_name("f" * 32)).mkdir()
    (good.parent / "a file").write_text("")
    assert good.name in {e.digest for e in store.runs()}
    assert store.load(good.name, Toy) is not None


def test_what_a_killed_process_left_behind_is_no_run(strata_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill between the last file and the rename leaves a whole folder under a name that is no digest."""
    with monkeypatch.context() as patch:
        patch.setattr(folders.shutil, "rmtree", lambda *_, **__: None)
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.save(ToySpec(), toy(), 1)
    assert len(list((strata_home / "runs").iterdir())) == 1
    assert store.runs() == []
    assert store.table().empty
    assert store.load(ToySpec().digest, Toy) is None


def test_a_full_disk_keeps_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(ToySpec(n=1), toy(), 1)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(folders, "write_file", full)
        with pytest.raises(StrataError) as refusal:
            store.save(ToySpec(n=2), toy(), 1)
    assert refusal.value.code == "E-STORE-FULL"
    assert [e.spec["n"] for e in store.runs()] == [1]
