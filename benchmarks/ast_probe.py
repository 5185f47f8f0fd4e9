"""The paper's experiment done in one pass, and what our probe reads that the published one does not.

    python benchmarks/ast_probe.py                     # both questions, MiniLM
    python benchmarks/ast_probe.py cost --model smollm2
    python benchmarks/ast_probe.py worth --input source

`cost`: the paper's first and fourth question for one model and language are all layers at rank 128 and seven ranks at
the best layer. The published scheme trains each of those probes alone and runs the whole model again for every batch of
every epoch; here it is given our batched tokenisation, pooling and probe, so that only the scheme differs. Steps of
both and one extraction are timed in this process, in turn, and scaled to the paper's size: 20,000 training functions,
20 epochs of batches of 32. Claim: at least 100 times faster for a model of 30 layers.

`worth`: the published recipe and ours on the same states of one layer, 2,000 training functions of 10 to 100 leaves,
rank 128, 20 epochs. Each is chosen on validation and told on test: F1 (the paper's metric), the same on the control
task, layer 0, random weights and the types of the leaves alone, and recall of long compound statements. Claims: 10
points of F1 more, and twice the recall on for, while, if, try and block.
"""

import argparse
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from probes.contract import Progress
from probes.extract import pooled
from probes.models import Model, load, loaded
from probes.models.provenance import source_of
from probes.stats import bootstrap
from probes.store import States
from probes.syntax import SyntaxSpec, evaluate, where
from probes.syntax.dataset import Dataset
from probes.syntax.probe import Probe
from probes.syntax.second import leaf_types
from probes.syntax.series import Series, series_of
from probes.syntax.spans import METRICS
from probes.syntax.study import snippets, states_of
from probes.syntax.targets import Targets, control, inventory_of, targets
from probes.syntax.training import Options, Task, Trainer, parts_of, read_batch, train_together

PAPER = Options(128, 20, 32, 0.001, 5.0, "published", 0)
OURS = replace(PAPER, rate=0.01, recipe="strata")
TRAIN, VALID, TEST = 20_000, 2_000, 4_000
RANKS = (8, 16, 32, 64, 128, 256, 512)
STEPS, WARM = 6, 2
LONG = ("for_statement", "while_statement", "if_statement", "try_statement", "block")


def cost(name: str) -> None:
    """Time steps of both schemes and one extraction, and print the ratio of the scaled totals."""
    model = load(name)
    spec = SyntaxSpec(model=name, n_train=(STEPS + WARM) * 32, n_valid=2, n_test=2, min_words=10, max_words=100)
    data = snippets(spec, model, Progress())
    goal = targets([s.tree for s in data.snippets], inventory_of([s.tree for s in data.train]))
    began = time.perf_counter()
    rows, _ = pooled(model, [s.text for s in data.train], [s.spans for s in data.train], list(model.layers))
    extraction = (time.perf_counter() - began) / len(data.train)
    arrays = [array.cpu().numpy() for array in rows.values()]
    first = targets([s.tree for s in data.train], goal.inventory)
    every = series_of(arrays, first.starts, recipe="published", device=model.device)
    ranks = [min(rank, model.width) for rank in RANKS]
    grid = [Task(every, first, PAPER)]
    for some in ([r for r in ranks if r <= PAPER.rank], *([r] for r in ranks if r > PAPER.rank)):  # little is padded
        middle = every.pick([len(arrays) // 2] * len(some))
        grid.append(Task(middle, first, replace(PAPER, rank=max(some)), ranks=tuple(some)))
    trainers = [Trainer(task.start(), task.options, task.open_axes if task.ranks else None) for task in grid]
    alone = Trainer(Task(every.pick([0]), first, PAPER).start(), PAPER)
    ours, theirs, single = [], [], []
    for chosen in np.array_split(np.random.default_rng(0).permutation(len(data.train)), STEPS + WARM):
        times = [time.perf_counter()]
        for trainer, task in zip(trainers, grid, strict=True):
            trainer.step(read_batch(task.data, task.goal, np.sort(chosen)))
        times.append(time.perf_counter())
        published(alone, first, model, data, np.sort(chosen))
        times.append(time.perf_counter())
        alone.step(read_batch(every.pick([0]), first, np.sort(chosen)))
        times.append(time.perf_counter())
        for kept, value in zip((ours, theirs, single), np.diff(times), strict=True):
            kept.append(float(value))
    tell(model, extraction, [float(np.median(kept[WARM:])) for kept in (ours, theirs, single)])


def published(trainer: Trainer, goal: Targets, model: Model, data: Dataset, chosen: np.ndarray) -> None:
    """Run the model on the batch, keep one layer, take one step of one probe."""
    batch, layer = [data.train[i] for i in chosen], model.layers[len(model.layers) // 2]
    rows, _ = pooled(model, [s.text for s in batch], [s.spans for s in batch], [layer])
    local = targets([s.tree for s in batch], goal.inventory)
    series = series_of([rows[layer].cpu().numpy()], local.starts, recipe="published", device=model.device)
    trainer.step(read_batch(series, local, np.arange(len(batch))))


def tell(model: Model, extraction: float, steps: list[float]) -> None:
    """Scale to the paper's size and print."""
    ours, theirs, single = steps
    probes, count = len(model.layers) + len(RANKS), 20 * TRAIN // 32
    once = extraction * (TRAIN + VALID + TEST)
    together, scheme = once + count * ours, probes * count * theirs
    print(f"cost: {model.name}, {probes} probes, {TRAIN:,} functions, 20 epochs")
    print(f"  one extraction {extraction * 1000:.0f} ms a function, {once:,.0f} s in all")
    print(
        f"  a step of all probes {ours:.3f} s: {ours / probes * 1000:.1f} ms a probe; of one alone {single * 1000:.1f}"
    )
    print(f"  ours {together:,.0f} s, {together / once:.2f} extractions; published {scheme:,.0f} s")
    print(f"  ratio {scheme / together:.1f} (claim: at least 100 for 30 layers)")


def worth(name: str, mode: str, layer: str, functions: int, seed: int) -> None:
    """Train both recipes on the same states, syntax and control, and print what each reads."""
    held = functions // 5
    size = {"n_train": functions, "n_valid": held, "n_test": held, "min_words": 10, "max_words": 100, "seed": seed}
    with tempfile.TemporaryDirectory() as home:
        os.environ["STRATA_HOME"] = home
        data, (own, twin) = stored(SyntaxSpec.model_validate({"model": name, "input": mode, **size}))
        arrays = [own.at(layer), own.at("0"), twin.at(layer)]
        scores = {}
        for options in (PAPER, OURS):
            began = time.perf_counter()
            probes = trained(data, arrays, options)
            print(f"worth: {name} layer {layer}, {mode}, {options.recipe}, {time.perf_counter() - began:.0f} s")
            for decoding in ("greedy", "chart") if options is OURS else ("greedy",):
                scores[options.recipe, decoding] = shown(probes, data, chart=decoding == "chart")
    ours, theirs = scores["strata", "greedy"], scores["published", "greedy"]
    gain = bootstrap((ours[0] - theirs[0])[None])
    print(f"F1 of ours above the published one {gain[0]:.3f} [{gain[1]:.3f}, {gain[2]:.3f}] (claim: at least 0.10)")
    for label in LONG:
        mine, paper = (found[1].get(label, np.nan) for found in (ours, theirs))
        print(f"  recall of {label} {mine:.2f} against {paper:.2f} (claim: twice)")


def trained(data: Dataset, arrays: list[np.ndarray], options: Options) -> list[tuple[Series, Targets, Probe]]:
    """Train on syntax, on the control task (the first states alone) and on leaf types."""
    trees, fake = [s.tree for s in data.snippets], control(data, 0)
    syntax, other = (targets(made, inventory_of(made[: len(data.train)])) for made in (trees, fake))
    every = series_of(arrays, syntax.starts[: len(data.train) + 1], recipe=options.recipe, device="cpu")
    leaves = leaf_types(data, "cpu")
    narrow = replace(options, rank=min(options.rank, leaves.arrays[0].shape[1]))
    tasks = [Task(every, syntax, options), Task(every, other, options, slice(0, 1)), Task(leaves, syntax, narrow)]
    found = train_together(tasks, parts_of((len(data.train), len(data.validation))), Progress())
    return [(task.data.part(task.which), task.goal, t.probe) for task, t in zip(tasks, found, strict=True)]


def stored(spec: SyntaxSpec) -> tuple[Dataset, tuple[States, States]]:
    """Return the functions with the states of the model and of its twin with random weights."""
    model = load(spec.model)
    data = snippets(spec, model, Progress())
    source = source_of(model, corpus=spec.corpus, texts=[s.text for s in data.snippets], seed=0)
    twin = loaded(spec, random_init=0)
    about = replace(source, weights=twin.weights)
    return data, (states_of(model, data, source, Progress()), states_of(twin, data, about, Progress()))


def shown(
    probes: list[tuple[Series, Targets, Probe]], data: Dataset, *, chart: bool
) -> tuple[np.ndarray, dict[str, float]]:
    """Print one recipe's scores; return the paper's F1 of each test function and recall by label."""
    test = np.arange(len(data.train) + len(data.validation), len(data.snippets))
    (states, syntax, main), (own, other, fake), (leaves, _, types) = probes
    said = evaluate.answers(main, states, syntax, test, chart=chart)
    paper = METRICS.index("f1_paper")
    f1, without = said.scores()[..., paper], evaluate.scores(types, leaves, syntax, test, chart=chart)[0, :, paper]
    memory = evaluate.scores(fake, own, other, test, chart=chart)[0, :, paper]
    rivals = {"control task": memory, "layer 0": f1[1], "random weights": f1[2], "leaf types": without}
    value, low, high = bootstrap(f1[0][None])
    print(f"  {'chart' if chart else 'greedy'}: F1 {value:.3f} [{low:.3f}, {high:.3f}]")
    for label, rival in rivals.items():
        gain = bootstrap((f1[0] - rival)[None])
        above = f"{gain[0]:.3f} [{gain[1]:.3f}, {gain[2]:.3f}] above"
        print(f"    {label} {rival.mean():.3f}: {above}, {gain[0] / (1 - rival.mean()):.0%} of its errors")
    recall = where.recall(said, 0).set_index("label")
    print("    " + ", ".join(f"{r.Index} {r.recall:.2f} ({r.n})" for r in recall.itertuples() if r.Index in LONG))
    return f1[0], recall["recall"].to_dict()


def main() -> None:
    """Answer one question or both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question", nargs="?", choices=["cost", "worth"])
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--input", default="leaves", choices=["leaves", "source"])
    parser.add_argument("--layer", default="3")
    parser.add_argument("--functions", default=2000, type=int, help="training functions; a fifth as many are held out")
    parser.add_argument(
        "--seed", default=0, type=int, help="which functions; the form of our probe was chosen on some of 0"
    )
    asked = parser.parse_args()
    if asked.question != "worth":
        cost(asked.model)
    if asked.question != "cost":
        worth(asked.model, asked.input, asked.layer, asked.functions, asked.seed)


if __name__ == "__main__":
    main()
