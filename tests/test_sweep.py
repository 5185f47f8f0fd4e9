"""Grids of questions: how they are read, asked, shared out, and what comes of those that fail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small import SIZES, code_folder
from toys import ToySpec, calls, in_place_of_the_others

import probes
from probes import engine, store, sweeps
from probes.contract import Progress
from probes.errors import Cancelled, StrataError
from probes.sweeps import asking


@pytest.fixture
def toys() -> Iterator[None]:
    with in_place_of_the_others():
        yield


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "grid.toml").write_text(text)
    return folder / "grid.toml"


# ---- reading a grid --------------------------------------------------------------------------------------------------


def test_every_list_is_an_axis_and_every_scalar_is_fixed(tmp_path: Path) -> None:
    text = 'kind = "syntax"\n[[grid]]\nmodel = ["minilm", "e5-small"]\nrank = [16, 64]\nseed = [0, 1, 2]\nepochs = 3\n'
    specs = sweeps.read(written(tmp_path, text))
    assert len(specs) == len({spec.digest for spec in specs}) == 12
    assert {(s.model, s.rank, s.seed) for s in specs} == {
        (m, r, s) for m in ("minilm", "e5-small") for r in (16, 64) for s in range(3)
    }
    assert {spec.epochs for spec in specs} == {3}
    models = [spec.model for spec in specs]
    assert models == sorted(models), "a model stays in memory while it is asked about"


def test_grids_add_up_and_equal_questions_are_asked_once(toys: None) -> None:
    specs = sweeps.expand({"grid": [{"kind": "toy", "n": [1, 2]}, {"kind": "toy", "n": [2, 3]}]})
    assert sorted(spec.n for spec in specs) == [1, 2, 3]


BAD = {
    "no question": ({}, "no \\[\\[grid\\]\\] table"),
    "not tables": ({"grid": [3]}, "no \\[\\[grid\\]\\] table"),
    "no kind": ({"grid": [{"n": 1}]}, "kind ="),
    "unknown kind": ({"kind": "toyy", "grid": [{"n": 1}]}, "Did you mean 'toy'"),
    "unknown field": ({"kind": "toy", "grid": [{"placee": "x"}]}, "'placee' is no field .* Did you mean 'place'"),
    "unknown table": ({"kind": "toy", "grids": [], "grid": [{"n": 1}]}, "'grids' is no field of a grid file"),
    "empty axis": ({"kind": "toy", "grid": [{"n": []}]}, "'n' is empty"),
    "wrong value": ({"kind": "toy", "grid": [{"n": [1, "many"]}]}, "n: .*many"),
    "too many": ({"kind": "toy", "grid": [{"n": list(range(200)), "place": [str(i) for i in range(200)]}]}, "40,000"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_grid_that_makes_no_sense_is_refused_by_name(name: str, toys: None) -> None:
    tables, message = BAD[name]
    with pytest.raises(StrataError, match=message):
        sweeps.expand(tables)
    assert not calls


@pytest.mark.parametrize("data", [b"= 3", b"\xff\xfe", b"[[grid]]\nn = 1\nn = 2"])
def test_a_file_that_is_no_toml_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_bytes(data)
    with pytest.raises(StrataError, match="no TOML file") as refusal:
        sweeps.read(tmp_path / "grid.toml")
    assert refusal.value.code == "E-GRID"
    with pytest.raises(StrataError, match="cannot be read"):
        sweeps.read(tmp_path / "none.toml")


# ---- asking it -------------------------------------------------------------------------------------------------------


def test_a_sweep_gives_one_tidy_table_and_asks_nothing_twice(toys: None) -> None:
    swept = probes.sweep({"kind": "toy", "grid": [{"n": [1, 2, 3]}]}, here=True)
    assert swept.runs.n.tolist() == [1, 2, 3]
    assert swept.runs.state.tolist() == ["done"] * 3
    assert swept.runs.headline.tolist() == ["There are 1 rows.", "There are 2 rows.", "There are 3 rows."]
    expected = pd.DataFrame({"n": [1, 2, 2, 3, 3, 3], "a": [0, 0, 1, 0, 1, 2]})
    pd.testing.assert_frame_equal(swept.rows, expected)
    assert swept.failures.empty
    assert calls == [1, 2, 3]
    again = probes.sweep({"kind": "toy", "grid": [{"n": [1, 2, 3, 4]}]}, here=True)
    assert calls == [1, 2, 3, 4]
    assert len(again.rows) == 10


def test_a_failure_does_not_stop_the_others_and_is_told_at_the_end(toys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store.save
    monkeypatch.setattr(store, "save", lambda spec, *rest: 1 / 0 if spec.n == 2 else real(spec, *rest))
    swept = probes.sweep({"kind": "toy", "grid": [{"n": [2, 13, 3]}]}, here=True)
    assert swept.runs.state.tolist() == ["failed", "failed", "done"]
    assert swept.failures[["n", "code"]].to_numpy().tolist() == [[2, "E-UNFORESEEN"], [13, "E-TOY"]]
    assert "ZeroDivisionError" in swept.failures.why[0]
    assert swept.rows.n.unique().tolist() == [3]


def test_a_column_of_the_answer_keeps_its_name(toys: None) -> None:
    specs = [ToySpec(n=2, place="x"), ToySpec(n=2, place="y")]
    swept = sweeps._gather(specs, [asking.Asked(run(spec)) for spec in specs])
    assert list(swept.rows) == ["place", "a"]
    differ = sweeps.axes(specs).rename(columns={"place": "a"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeps, "axes", lambda _specs: differ)
        swept = sweeps._gather(specs, [asking.Asked(run(spec)) for spec in specs])
    assert list(swept.rows) == ["asked_a", "a"]


def run(spec: ToySpec) -> str:
    engine.run(spec)
    return spec.pinned().digest


def test_a_stopped_sweep_stops_and_keeps_what_it_has(toys: None) -> None:
    class Stop(Progress):
        def report(self, done: float, total: float, note: str = "") -> None:
            if note.startswith("question 3"):
                raise Cancelled

    with pytest.raises(Cancelled):
        probes.sweep({"kind": "toy", "grid": [{"n": [1, 2, 3]}]}, here=True, progress=Stop())
    assert calls == [1, 2, 3]
    assert len(store.runs()) == 2


def test_a_live_question_is_no_matter_for_a_sweep(toys: None) -> None:
    with pytest.raises(StrataError, match="while a person waits"):
        probes.sweep({"kind": "live", "grid": [{"n": [1, 2]}]}, here=True)


# ---- one extraction for all that need it -----------------------------------------------------------------------------


@pytest.mark.slow
def test_questions_that_differ_in_the_probe_alone_read_the_states_once(
    tmp_path: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from probes import extract

    read: list[int] = []
    real = extract.pooled
    monkeypatch.setattr(
        extract, "pooled", lambda model, texts, *more: read.append(len(texts)) or real(model, texts, *more)
    )
    fixed = {**SIZES, "model": str(tiny_bert), "corpus": f"code:{code_folder(tmp_path / 'code')}", "control": False}
    fixed |= {"random_init": False, "controls": False}
    probes.sweep({"kind": "syntax", "grid": [{**fixed, "rank": 2}]}, here=True)
    once = sum(read)
    assert once == sum(SIZES[part] for part in ("n_train", "n_valid", "n_test"))
    swept = probes.sweep({"kind": "syntax", "grid": [{**fixed, "rank": [3, 4], "epochs": [1, 2]}]}, here=True)
    assert swept.runs.state.tolist() == ["done"] * 4
    assert sum(read) == once, "no text went through the model again"
    assert {"rank", "epochs", "layer", "f1"} <= set(swept.rows)


# ---- through the workers ---------------------------------------------------------------------------------------------


class FakeEngine:
    """Workers that end a job at its third look; it remembers what was under way together."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
        self.looks: dict[str, int] = {}
        self.together: list[set[str]] = []
        self.cancelled: list[str] = []
        for name, value in {"submit": self.submit, "status": self.status, "cancel": self.cancelled.append}.items():
            monkeypatch.setattr(engine, name, value)
        monkeypatch.setattr(engine, "width", lambda: width)
        monkeypatch.setattr(asking, "_LOOK", 0.0)

    def submit(self, spec: Any) -> str:
        engine.run(spec)
        self.looks[spec.pinned().digest] = 0
        self.together.append({d for d, n in self.looks.items() if n < 3})
        return spec.pinned().digest

    def status(self, digest: str) -> engine.Status:
        if digest not in self.looks:
            return engine.Status("unknown")
        self.looks[digest] += 1
        return engine.Status("running", 0.5) if self.looks[digest] < 3 else engine.Status("done", 1.0)


def test_workers_are_kept_busy_and_not_flooded(toys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeEngine(monkeypatch, 1)
    swept = probes.sweep({"kind": "toy", "grid": [{"n": list(range(1, 13))}]})
    assert swept.runs.state.tolist() == ["done"] * 12
    assert max(map(len, fake.together)) == asking._LEAST


def test_on_a_cluster_one_question_makes_the_states_that_the_others_wait_for(
    toys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeEngine(monkeypatch, 4)
    monkeypatch.setattr(asking, "shared", lambda spec: (spec.place,))
    specs = [ToySpec(n=n, place=place) for place in ("here", "there") for n in (1, 2, 3)]
    monkeypatch.setattr(ToySpec, "pinned", lambda self: self)
    probes.sweep(specs)
    first = fake.together[:2]
    assert [len(one) for one in first] == [1, 2], "one of each place goes ahead"
    assert max(map(len, fake.together)) > 2, "and then the others go together"


def test_whoever_stops_a_sweep_stops_its_jobs_but_not_those_of_others(
    toys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeEngine(monkeypatch, 4)
    others = ToySpec(n=1).pinned().digest
    fake.looks[others] = -50
    monkeypatch.setattr(asking, "shared", lambda spec: (spec.place,))

    class Stop(Progress):
        def report(self, done: float, total: float, note: str = "") -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        probes.sweep([ToySpec(n=1, place="a"), ToySpec(n=2, place="b")], progress=Stop())
    assert fake.cancelled == [ToySpec(n=2).pinned().digest]
