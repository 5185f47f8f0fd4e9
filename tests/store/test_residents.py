"""What is in memory is told by whoever holds it, and believed only while that process lives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from probes import store
from probes.store import Resident


def test_the_list_is_replaced_as_a_whole_newest_first(strata_home: Path) -> None:
    one, two = Resident("minilm", "float32", "cpu", 90, 1.0), Resident("<b>", "bfloat16", "cuda:0", 7, 2.0)
    assert store.residents() == []
    store.note_residents([one, two])
    assert store.residents() == [two, one]
    assert one.pid == os.getpid()
    store.note_residents([one])
    assert store.residents() == [one]
    store.note_residents([])
    assert store.residents() == []
    assert [p.name for p in (strata_home / "residents").iterdir()] == [f"{os.getpid()}.json"]


NOTE = "from probes import store; store.note_residents([store.Resident('a', 'float32', 'cpu', 1)]); "


def child(code: str) -> "subprocess.Popen[str]":
    path = {**os.environ, "PYTHONPATH": str(Path(store.__file__).parents[2])}
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", NOTE + code], env=path, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "noted\n"
    return process


def test_a_process_is_heard_until_it_is_gone(strata_home: Path) -> None:
    process = child("print('noted', flush=True); input()")
    assert [(model.name, model.pid) for model in store.residents()] == [("a", process.pid)]
    process.kill()
    process.communicate()
    assert store.residents() == []
    assert (strata_home / "residents" / f"{process.pid}.json").exists()
    store.note_residents([])  # whoever writes next sweeps
    assert not (strata_home / "residents" / f"{process.pid}.json").exists()


@pytest.mark.parametrize("damage", ["born", "pid", "cut", "list", "field"])
def test_a_file_that_lies_is_not_believed(damage: str, strata_home: Path) -> None:
    store.note_residents([Resident("a", "float32", "cpu", 1)])
    path = strata_home / "residents" / f"{os.getpid()}.json"
    said = json.loads(path.read_bytes())
    wrong = {
        "born": {**said, "born": said["born"] + 1},  # the number is another process's now
        "pid": {**said, "pid": 1},
        "list": [said],
        "field": {**said, "models": [{"name": "a"}]},
    }
    path.write_text(json.dumps(said)[:-5] if damage == "cut" else json.dumps(wrong[damage]))
    assert store.residents() == []


def test_a_home_that_cannot_be_written_stops_nobody(strata_home: Path, caplog: pytest.LogCaptureFixture) -> None:
    strata_home.parent.mkdir(exist_ok=True)
    strata_home.write_text("a file where the folder should be")
    store.note_residents([Resident("a", "float32", "cpu", 1)])
    assert "cannot note which models are loaded" in caplog.text
