"""All layers trained together on stored states, against the published scheme.

    python benchmarks/probe_training.py

The published scheme trains one layer at a time and runs the whole model again for every batch of every epoch. Here it
is given our batched tokenisation, pooling and probe, so that only the scheme differs. Both train rank 128 in batches of
32 for 20 epochs on the same 2,000 functions; a fixed number of steps of each is timed in this process, in turn, and
scaled to the whole. Ours pays its one extraction, to disk, in full. Claim: at least 20 × faster.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from probes import corpora
from probes.contract import Progress
from probes.extract import extract, pooled
from probes.models import Model, load
from probes.models.provenance import source_of
from probes.syntax import SyntaxSpec
from probes.syntax.dataset import Dataset
from probes.syntax.probe import start
from probes.syntax.series import Series, series_of
from probes.syntax.study import snippets
from probes.syntax.targets import Targets, inventory_of, targets
from probes.syntax.training import Options, Trainer, read_batch

STEPS, TIMED, EPOCHS, BATCH, RANK = 63, 12, 20, 32, 128


def step_of(trainer: Trainer, data: Series, goal: Targets, chosen: np.ndarray) -> None:
    """Take one training step."""
    trainer.step(read_batch(data, goal, chosen))


def published(trainer: Trainer, goal: Targets, model: Model, data: Dataset, chosen: np.ndarray) -> None:
    """Run the model on the batch, keep one layer, take one step of one probe."""
    batch = [data.train[i] for i in chosen]
    rows, _ = pooled(model, [s.text for s in batch], [s.spans for s in batch], ["3"])
    local = targets([s.tree for s in batch], goal.inventory)
    series = series_of([rows["3"].cpu().numpy()], local.starts, recipe="published", device=model.device)
    step_of(trainer, series, local, np.arange(len(batch)))


def main() -> None:
    """Time the steps of both and print the ratio of the scaled totals."""
    model = load("minilm")
    spec = SyntaxSpec(n_train=STEPS * BATCH, n_valid=2, n_test=2)
    data = snippets(spec, model, Progress())
    goal = targets([s.tree for s in data.snippets], inventory_of([s.tree for s in data.train]))
    options = Options(RANK, EPOCHS, BATCH, 0.001, 5.0, "published", 0)
    texts, spans = [s.text for s in data.snippets], [s.spans for s in data.snippets]
    with tempfile.TemporaryDirectory() as home:
        os.environ["STRATA_HOME"] = home
        began = time.perf_counter()
        states = extract(model, texts, spans, source=source_of(model, corpus="benchmark", texts=texts, seed=0))
        extraction = time.perf_counter() - began
        arrays = [states.at(layer) for layer in states.layers]
        every = series_of(arrays, goal.starts, recipe="published", device=model.device)

        def trainer(series: int) -> Trainer:
            shape = (series, model.width, RANK)
            return Trainer(start(shape, goal.inventory, seed=0, published=True, device=model.device), options)

        all_layers, one_layer = trainer(len(arrays)), trainer(1)
        ours, theirs = [], []
        for chosen in np.array_split(np.random.default_rng(0).permutation(len(data.train)), STEPS)[: TIMED + 2]:
            began = time.perf_counter()
            step_of(all_layers, every, goal, np.sort(chosen))
            middle = time.perf_counter()
            published(one_layer, goal, model, data, np.sort(chosen))
            ours.append(middle - began)
            theirs.append(time.perf_counter() - middle)
    steps = STEPS * EPOCHS
    together = extraction + steps * float(np.median(ours[2:]))
    scheme = len(arrays) * steps * float(np.median(theirs[2:]))
    print(
        f"{len(data.train):,} functions, {len(arrays)} layers, rank {RANK}, {EPOCHS} epochs; {corpora.pin(spec.corpus)}"
    )
    print(
        f"one extraction {extraction:.1f} s; a step of all layers {np.median(ours[2:]):.3f} s; in all {together:,.0f} s"
    )
    print(f"published: a step of one layer {np.median(theirs[2:]):.3f} s; in all {scheme:,.0f} s")
    print(f"ratio {scheme / together:.1f} (claim: at least 20)")


if __name__ == "__main__":
    main()
