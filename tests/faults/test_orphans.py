"""The worker belongs to its interface: it never runs the interface's script, and it never outlives it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from small import code_folder, small_spec

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# no `if __name__ == "__main__"`, as in a Streamlit script; run from elsewhere, as in a notebook
SCRIPT = """
import json, sys, time
from pathlib import Path
with Path("started").open("a") as out:
    out.write("once\\n")
sys.path.insert(0, sys.argv[1])
import psutil
from probes import engine
from probes.analyses import from_json
digest = engine.submit(from_json(sys.argv[2]))
end = time.monotonic() + 90
while engine.status(digest).state in ("queued", "running") and time.monotonic() < end:
    time.sleep(0.1)
family = [p.pid for p in psutil.Process().children(recursive=True)]
print(json.dumps({"state": engine.status(digest).state, "family": family}), flush=True)
if sys.argv[3] == "wait":
    time.sleep(600)
"""


def begin(folder: Path, model: Path, then: str) -> "subprocess.Popen[str]":
    (folder / "script.py").write_text(SCRIPT)
    spec = small_spec(model, code_folder(folder / "code"), random_init=False, control=False).pinned()
    arguments = [sys.executable, "script.py", str(ROOT), spec.canonical(), then]
    return subprocess.Popen(arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def gone(family: list[int]) -> bool:
    found = [psutil.Process(pid) for pid in family if psutil.pid_exists(pid)]
    alive = psutil.wait_procs(found, timeout=30)[1]
    return not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_the_interfaces_script_runs_once_and_takes_its_worker_along(tmp_path: Path, tiny_bert: Path) -> None:
    process = begin(tmp_path, tiny_bert, "leave")
    out, err = process.communicate(timeout=150)
    told = json.loads(out)
    assert told["state"] == "done", err
    assert len(told["family"]) >= 2  # the worker and the nanny that watches it
    assert (tmp_path / "started").read_text() == "once\n"
    assert process.returncode == 0
    assert gone(told["family"])


def test_a_killed_interface_takes_its_worker_along(tmp_path: Path, tiny_bert: Path) -> None:
    with begin(tmp_path, tiny_bert, "wait") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
    assert told["state"] == "done"
    assert gone(told["family"])
