"""Many processes at one store, and a store that is cleared away under a job: no wrong number, no crash."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small import code_folder, small_spec
from toys import ToySpec, in_place_of_the_others

from probes import engine, store
from probes.contract import Progress
from probes.engine import work
from probes.errors import StrataError
from probes.syntax import SyntaxSpec

ROOT = Path(__file__).parents[2]


@pytest.fixture
def toys() -> Iterator[None]:
    with in_place_of_the_others():
        yield


def job(spec: ToySpec) -> dict[str, str] | None:
    return work.job(spec.pinned().canonical(), (str(store.home()), store.token() or ""))


# ---- 55: many at once ------------------------------------------------------------------------------------------------

RACE = """
import os, sys, time
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/tests"]
from toys import ToySpec, in_place_of_the_others
from probes import engine, store
children = []
for i in range(16):
    child = os.fork()
    if not child:
        with in_place_of_the_others():
            while not os.path.exists("go"):
                time.sleep(0.001)
            for n in range(40, 45):
                table = engine.run(ToySpec(n=n)).table
                assert table["a"].tolist() == list(range(n)), table
        os._exit(0)
    children.append(child)
open("go", "w").close()
codes = [os.waitpid(child, 0)[1] for child in children]
assert codes == [0] * 16, codes
"""


def test_case_55_sixteen_processes_race_on_the_same_keys(tmp_path: Path) -> None:
    env = {**os.environ, "STRATA_HOME": str(tmp_path / "home"), "TOYS_CALLS": str(tmp_path / "calls")}
    words = [sys.executable, "-c", RACE, str(ROOT)]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    assert sorted((tmp_path / "calls").read_text().split()) == ["40", "41", "42", "43", "44"], "each computed once"
    left = [p.name for p in (tmp_path / "home" / "runs").iterdir() if p.is_dir()]
    assert len(left) == 5
    assert not (tmp_path / "home" / "set-aside").exists(), "no reader ever took a half-written entry for a damaged one"


# ---- 57: somebody clears the store while a job writes ----------------------------------------------------------------


class Clear(Progress):
    """Clears the store away at the n-th report."""

    def __init__(self, after: int) -> None:
        self.after = after

    def report(self, done: float, total: float, note: str = "") -> None:
        self.after -= 1
        if not self.after:
            shutil.rmtree(store.home(), ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 9, 14])
def test_case_57_a_store_cleared_in_mid_job_costs_at_most_this_job(
    after: int, tmp_path: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from probes import extract

    monkeypatch.setattr(extract, "BLOCK_BYTES", 4 * 16 * 3 * 30)
    asked: SyntaxSpec = small_spec(tiny_bert, code_folder(tmp_path / "code"), random_init=False, control=False)
    whole = engine.run(asked).frame()
    shutil.rmtree(store.home())
    refused = None
    try:
        assert engine.run(asked, Clear(after)).frame().equals(whole)
    except StrataError as error:
        refused = error.code
    assert refused in (None, "E-STORE-GONE")
    assert engine.run(asked).frame().equals(whole)


def test_case_57_a_job_whose_journal_is_cleared_away_ends(toys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    store.marked()
    real = store.save

    def clear(*given: object) -> None:
        shutil.rmtree(store.home() / "jobs", ignore_errors=True)
        real(*given)

    monkeypatch.setattr(store, "save", clear)
    assert job(ToySpec()) is None
    assert engine.status(ToySpec().pinned().digest).state == "done"
