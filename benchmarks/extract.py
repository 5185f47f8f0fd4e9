"""Extraction against the bare forward pass and the plain loop; peak memory at 1,000 and 20,000 functions.

    python benchmarks/extract.py              # speed, then memory (some minutes)
    python benchmarks/extract.py --speed      # speed alone

Claims: tokens/s at least 0.9 of a length-sorted forward that keeps nothing, at least 2 × a loop over unsorted batches
of 32 that keeps all hidden states; peak memory flat in the number of functions.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch

from probes import corpora
from probes.errors import StrataError
from probes.extract import Packer, extract
from probes.models import Model, load
from probes.models.provenance import source_of
from probes.syntax.dataset import Snippet, snippet
from probes.syntax.tuples import encode

ROUNDS = 3
FEW, MANY = 1_000, 20_000


def snippets(corpus: str, n: int, model: Model, most_words: int) -> list[Snippet]:
    """Return `n` functions of the corpus that the model can read whole."""

    def fitting() -> Iterator[Snippet]:
        for text in corpora.stream(corpus, language="python"):
            try:
                found = snippet(encode(text.text, text.language), "source", text.origin)
            except StrataError:
                continue
            if len(found) <= most_words and model.lengths([found.text])[0] <= model.context:
                yield found

    return list(islice(fitting(), n))


def ours(model: Model, data: list[Snippet]) -> None:
    """Extract to a store of its own, files and all."""
    with tempfile.TemporaryDirectory() as home:
        kept = os.environ.get("STRATA_HOME")
        os.environ["STRATA_HOME"] = home
        source = source_of(model, corpus="benchmark", texts=[s.text for s in data], seed=0)
        extract(model, [s.text for s in data], [s.spans for s in data], source=source)
        os.environ.pop("STRATA_HOME")
        if kept is not None:
            os.environ["STRATA_HOME"] = kept


def bare(model: Model, data: list[Snippet]) -> None:
    """Run the same length-sorted batches through the model and keep nothing."""
    lengths = model.lengths([s.text for s in data])
    with torch.inference_mode():
        for batch in Packer(lengths).batches(np.argsort(lengths, kind="stable")):
            model.forward(model.encode([data[i].text for i in batch]))


def plain(model: Model, data: list[Snippet]) -> None:
    """Run batches of 32 in corpus order, padded by the tokenizer, and keep every hidden state as an array."""
    for first in range(0, len(data), 32):
        batch = model.tokenizer([s.text for s in data[first : first + 32]], padding=True, return_tensors="pt")
        with torch.no_grad():
            states = model.net(**batch.to(model.device), output_hidden_states=True).hidden_states
        _ = [layer.cpu().numpy() for layer in states]


def seconds(run: Callable[[Model, list[Snippet]], None], model: Model, data: list[Snippet]) -> float:
    """Time one run."""
    began = time.perf_counter()
    run(model, data)
    return time.perf_counter() - began


def speed() -> None:
    """Time the three in turn, so that a slow minute of the machine slows all of them."""
    model = load("minilm")
    data = snippets("python-stdlib", 400, model, 128)
    tokens = int(model.lengths([s.text for s in data]).sum())
    for run in (ours, bare, plain):
        run(model, data[:64])
    rounds = [[seconds(run, model, data) for run in (ours, bare, plain)] for _ in range(ROUNDS)]
    times = np.array(rounds)
    mine, floor, loop = tokens / np.median(times, axis=0)
    print(f"{len(data)} functions, {tokens:,} sub-tokens, {model.name} on {model.device}, median of {ROUNDS} rounds")
    print(f"Strata, every layer to disk       {mine:8,.0f} tokens/s")
    print(f"bare forward, sorted by length    {floor:8,.0f} tokens/s")
    print(f"plain loop, unsorted batches      {loop:8,.0f} tokens/s")
    ratios = np.median(times[:, 1:] / times[:, :1], axis=0)
    print(f"ratio to the bare forward {ratios[0]:.2f} (claim: at least 0.9)")
    print(f"ratio to the plain loop   {ratios[1]:.2f} (claim: at least 2)")


def peak(n: int) -> None:
    """Extract `n` short functions of the installed packages in this process and print its peak memory in MiB."""
    model = load("minilm")
    data = snippets(f"code:{sysconfig.get_paths()['purelib']}", n, model, 40)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours(model, data)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"functions": len(data), "before": before / 1024, "peak": after / 1024}))


def memory() -> None:
    """Compare the peaks of two fresh processes."""
    runs = []
    for n in (FEW, MANY):
        done = subprocess.run(
            [sys.executable, __file__, "--peak", str(n)], check=True, stdout=subprocess.PIPE, text=True
        )
        runs.append(json.loads(done.stdout.splitlines()[-1]))
        added = runs[-1]["peak"] - runs[-1]["before"]
        print(
            f"{runs[-1]['functions']:6,} functions: peak {runs[-1]['peak']:,.0f} MiB, "
            f"of which extraction added {added:,.0f} to the {runs[-1]['before']:,.0f} of model and corpus"
        )
    print(f"ratio of the peaks {runs[1]['peak'] / runs[0]['peak']:.2f} (claim: flat)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--peak", type=int, metavar="N")
    asked = parser.parse_args()
    if asked.peak:
        peak(asked.peak)
    else:
        speed()
        if not asked.speed:
            memory()
