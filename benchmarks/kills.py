"""Twenty workers killed during the extraction of 5,000 functions: the states must equal those of a quiet run.

    python benchmarks/kills.py                     # MiniLM, 5,000 functions, 20 kills: some minutes
    python benchmarks/kills.py --functions 500 --kills 5

Prints whether the two are the same bits, how far the extraction was at each kill, and its time as a ratio to the quiet
run's.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def prepare(functions: int, place: Path) -> None:
    """Choose the functions once: every process reads the same file."""
    from extract import snippets

    from probes.models import load

    data = snippets(f"code:{sysconfig.get_paths()['purelib']}", functions, load("minilm"), 128)
    place.write_text(json.dumps([[s.text, s.spans.tolist()] for s in data]))


def extract(place: Path) -> None:
    """Extract once, here: what every killed process does again from where the last one fell."""
    import numpy as np

    from probes import extract as room
    from probes.models import load
    from probes.models.provenance import source_of

    room.BLOCK_BYTES = 4 << 20  # smaller than usual: a kill costs seconds, and twenty of them fit into minutes
    data = json.loads(place.read_text())
    model, texts = load("minilm"), [text for text, _ in data]
    source = source_of(model, corpus="benchmark", texts=texts, seed=0)
    room.extract(model, texts, [np.array(spans, np.int64).reshape(-1, 2) for _, spans in data], source=source)


def start(place: Path, home: Path) -> "subprocess.Popen[bytes]":
    """Start an extraction in a process of its own."""
    words = [sys.executable, __file__, "--extract", str(place)]
    return subprocess.Popen(words, env={**os.environ, "STRATA_HOME": str(home)})


def facts(home: Path) -> tuple[dict[str, str], int]:
    """Return the digest of every file of the one set of states, and its rows."""
    [folder] = [path for path in (home / "states").iterdir() if path.is_dir()]
    files = sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".i32"))
    rows = json.loads((folder / "plan.json").read_text())["starts"][-1]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}, rows


def blocks(home: Path) -> int:
    """Count the blocks that are whole so far."""
    return sum(len(path.read_text().splitlines()) for path in home.glob("states/*.part/done"))


def killed(place: Path, home: Path, kills: int) -> list[int]:
    """Kill `kills` processes at random moments after they began to read; return the blocks whole at each kill."""
    found: list[int] = []
    while True:
        before, process = blocks(home), start(place, home)
        if len(found) == kills:
            assert process.wait() == 0
            return found
        while process.poll() is None and blocks(home) <= before:
            time.sleep(0.02)  # until it has done something new
        time.sleep(random.uniform(0, 1.0))
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:
            raise SystemExit(f"The extraction ended after {len(found)} kills; ask for more functions.")
        found.append(blocks(home))


def main() -> None:
    """Compare a killed run with a quiet one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--extract", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if asked.extract:
        extract(asked.extract)
        return
    models = Path(os.environ.get("STRATA_HOME") or ROOT / ".cache") / "models"
    random.seed(0)
    with tempfile.TemporaryDirectory() as folder:
        homes = [Path(folder) / name for name in ("quiet", "killed")]
        for home in homes:
            home.mkdir()
            (home / "models").symlink_to(models.resolve(), target_is_directory=True)
        place = Path(folder) / "functions.json"
        prepare(asked.functions, place)
        began = time.monotonic()
        assert start(place, homes[0]).wait() == 0
        quiet = time.monotonic() - began
        at = killed(place, homes[1], asked.kills)
        loud = time.monotonic() - began - quiet
        (whole, rows), (again, _) = facts(homes[0]), facts(homes[1])
    print(f"{asked.functions:,} functions, {rows:,} rows of {len(whole) - 1} layers; blocks whole at each kill: {at}")
    print(f"quiet run {quiet:.0f} s, with {asked.kills} kills {loud:.0f} s: {loud / quiet:.1f} × (each starts anew)")
    print(f"the same bits: {'yes' if whole == again else 'NO'} (claim: yes)")
    if whole != again:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
