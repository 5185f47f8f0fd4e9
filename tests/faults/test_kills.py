"""A process killed at any moment of an extraction costs time, and never a bit of the states."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
KILLS = 20
# One process imports torch and loads the model once; every try is a copy of it that extracts until it is killed.
SCRIPT = """
import hashlib, json, os, pathlib, random, signal, sys, time
sys.path.insert(0, sys.argv[1])
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import numpy as np
import torch
torch.set_num_threads(1)  # a copy of a process has none of its threads
from probes import extract, store
from probes.models import load
from probes.models.provenance import source_of
extract.BLOCK_BYTES = 4 * 16 * 3 * 40  # forty rows of three layers of width 16: some two hundred blocks
model = load(sys.argv[2], device="cpu")
texts = [f"{'value name ' * (1 + i % 9)}{chr(97 + i % 26)} {i}" for i in range(1200)]
spans = [np.array([(0, 4), (len(t) - 2, len(t))][: 1 + i % 2] * 1 or [(0, 1)]) for i, t in enumerate(texts)]
spans = [s[np.argsort(s[:, 0])] for s in spans]
random.seed(int(sys.argv[3]))

def run(home):
    os.environ["STRATA_HOME"] = home
    source = source_of(model, corpus="ours", texts=texts, seed=0)
    return extract.extract(model, texts, spans, source=source)

def facts(states):
    files = sorted(p for p in states.folder.iterdir() if p.suffix in (".safetensors", ".i32"))
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}, states.rows

began = time.monotonic()
whole = facts(run("whole"))
taken = time.monotonic() - began
kills = resumed = 0

def blocks():
    return sum(len(p.read_text().splitlines()) for p in pathlib.Path("killed").glob("states/*.part/done"))

while kills < int(sys.argv[4]):
    before = blocks()
    resumed += before > 0
    child = os.fork()
    if not child:
        run("killed")
        os._exit(0)
    while kills % 2 and blocks() <= before and not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        time.sleep(0.001)  # every other one falls only when it has got somewhere, however slow the machine
    time.sleep(random.uniform(0, taken / 12))
    os.kill(child, signal.SIGKILL)
    _, how = os.waitpid(child, 0)
    if os.WIFSIGNALED(how):
        kills += 1
    else:  # it was quicker than the hangman: begin again, elsewhere in time
        os.rename("killed", f"done-{time.time_ns()}")
print(json.dumps({"same": facts(run("killed")) == whole, "rows": whole[1], "resumed": resumed}))
"""


@pytest.mark.parametrize("seed", [0, 1])
def test_case_48_twenty_kills_leave_the_same_bits(seed: int, tmp_path: Path, tiny_bert: Path) -> None:
    words = [sys.executable, "-c", SCRIPT, str(ROOT), str(tiny_bert), str(seed), str(KILLS)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["same"], "the states differ from those of an uninterrupted run"
    assert told["rows"] == 1800
    assert told["resumed"] >= KILLS // 4, "hardly a kill came after the first block: this tested nothing"
