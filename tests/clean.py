"""A clean process: a script or a notebook run by an interpreter of its own, in a home of its own, without a network."""

import json
import os
import subprocess
import sys
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


def run(command: list[str], folder: Path, home: Path, **env: str) -> str:
    """Run in `folder` with STRATA_HOME=`home`; return what was printed, fail with what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    ours = {"PYTHONPATH": str(ROOT), "STRATA_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "STRATA"))}
    done = subprocess.run(command, cwd=folder, env=kept | ours | env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[:3000] + done.stderr[-3000:]
    return done.stdout


def script(text: bytes, folder: Path, home: Path) -> str:
    """Run a Python file; return what it printed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "exported.py").write_bytes(text)
    return run([sys.executable, "-W", "error::SyntaxWarning", "exported.py"], folder, home)


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
