"""A clean process: a script or a notebook run by an interpreter of its own, in a home of its own, without a network."""

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_EXECUTE = """
import sys, nbformat, nbclient
book = nbformat.read(sys.argv[1], as_version=4)
place = {"metadata": {"path": sys.argv[2]}}
nbclient.NotebookClient(book, timeout=240, kernel_name="python3", resources=place).execute()
nbformat.write(book, sys.argv[1])
"""


def _environment(home: Path) -> dict[str, str]:
    ours = {"PYTHONPATH": str(ROOT), "STRATA_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "STRATA"))} | ours


def run(command: list[str], folder: Path, home: Path, **env: str) -> str:
    """Run in `folder` with STRATA_HOME=`home`; return what was printed, fail with what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = _environment(home) | env
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[:3000] + done.stderr[-3000:]
    return done.stdout


_SERVE = """
import json, os, runpy, sys, traceback, warnings
import altair, sklearn, tree_sitter, umap, torch
import probes.analyses, probes.export, probes.figures.thumbnail, probes.models
import transformers.models.bert.modeling_bert, transformers.models.gpt2.modeling_gpt2
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        code = 1
        try:
            os.chdir(asked["folder"])
            out = os.open("printed", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1), os.dup2(out, 2)
            os.environ.clear(), os.environ.update(asked["env"])
            warnings.simplefilter("error", SyntaxWarning)
            runpy.run_path("exported.py", run_name="__main__")
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush(), sys.stderr.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@cache
def _server() -> "subprocess.Popen[str]":
    """Start an interpreter that imports the libraries once: each script gets a fork of it that has run nothing else."""
    command = [sys.executable, "-c", _SERVE]
    pipe = subprocess.PIPE
    started = subprocess.Popen(command, cwd=ROOT, env=_environment(ROOT), stdin=pipe, stdout=pipe, text=True)
    atexit.register(started.kill)
    return started


def script(text: bytes, folder: Path, home: Path) -> str:
    """Run a Python file; return what it printed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "exported.py").write_bytes(text)
    server = _server()
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps({"folder": str(folder), "env": _environment(home)}) + "\n")
    server.stdin.flush()
    code, printed = server.stdout.readline().strip(), (folder / "printed").read_text("utf-8")
    assert code == "0", printed[:3000] + printed[-3000:]
    return printed


def notebook(text: bytes, folder: Path, home: Path, **env: str) -> dict[str, Any]:
    """Run a notebook from top to bottom; return it with its outputs."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "exported.ipynb"
    path.write_bytes(text)
    run([sys.executable, "-c", _EXECUTE, str(path), str(folder)], folder, home, **env)
    return json.loads(path.read_text("utf-8"))


def shown(cell: dict[str, Any]) -> dict[str, str]:
    """Return what a cell displays, by media type, as text."""
    found = next(output["data"] for output in cell["outputs"] if "data" in output)
    return {kind: "".join(data) if isinstance(data, list) else json.dumps(data) for kind, data in found.items()}
