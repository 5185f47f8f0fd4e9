"""The run behind `SyntaxSpec`: snippets, states, probes, scores."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from probes import corpora
from probes.contract import Progress
from probes.corpora.grammars import LANGUAGES
from probes.errors import StrataError
from probes.extract import extract
from probes.models import Model, loaded
from probes.models.provenance import source_of
from probes.store import States
from probes.syntax import report
from probes.syntax.analysis import CONTROL, RANDOM, TRAINED, SyntaxResult, SyntaxSpec
from probes.syntax.dataset import Bounds, Dataset, collect
from probes.syntax.series import Series, series_of
from probes.syntax.targets import Targets, control, inventory_of, seen_pairs, targets
from probes.syntax.training import Options, Task, Trained, train_together
from probes.values import Source

PUBLISHED = (0.001, 20, 32)
"""The paper's learning rate, epochs and batch."""


@dataclass(frozen=True)
class Fit:
    """One training: its name in the figure, what it was asked to learn, and the probes of all its series."""

    name: str
    goal: Targets
    data: Series
    trained: Trained


@dataclass(frozen=True)
class Shape:
    """What is still asked about a model whose states have been read."""

    layers: tuple[str, ...]
    depth: int
    device: str


def study(spec: SyntaxSpec, progress: Progress) -> SyntaxResult:
    """Answer a SyntaxSpec: one extraction a model, all layers trained together, scores on the test snippets."""
    progress.report(0, 1, "loading the model")
    model = loaded(spec)
    if spec.rank > model.width:
        raise StrataError(
            "E-RANK",
            f"A subspace of rank {spec.rank} does not fit in states of width {model.width}.",
            fix=f"Choose a rank of at most {model.width}.",
        )
    data = snippets(spec, model, progress.step(0.1, 0.13))
    source = source_of(
        model,
        corpus=spec.corpus,
        texts=[s.text for s in data.snippets],
        seed=spec.seed,
        notes=notes(spec, data),
        also=[LANGUAGES[spec.language].wheel],
    )
    states = {TRAINED: states_of(model, data, source, progress.step(0.13, 0.37))}
    if lost := int((states[TRAINED].tokens == 0).sum()):
        source = replace(source, notes=(*source.notes, f"{lost} words that the tokenizer drops were read as zeros."))
    shape = Shape(model.layers, model.depth, model.device)
    del model  # or it could not be given up for its twin, where only one of them fits
    if spec.random_init:
        twin = loaded(spec, random_init=spec.seed)
        own = replace(source, weights=twin.weights, notes=notes(spec, data))
        states[RANDOM] = states_of(twin, data, own, progress.step(0.4, 0.63))
    fits = fit(spec, data, states, shape.device, progress.step(0.63, 0.96))
    progress.report(0.97, 1, "scoring")
    return report.result(spec, data, fits, shape, source)


def snippets(spec: SyntaxSpec, model: Model, progress: Progress) -> Dataset:
    """Collect the snippets a spec asks for, under the model's own context."""
    left_out: Counter[str] = Counter()
    stream = corpora.stream(spec.corpus, language=spec.language, seed=spec.seed, skipped=left_out)
    sizes = (spec.n_train, spec.n_valid, spec.n_test)
    bounds = Bounds(sizes, spec.min_words, spec.max_words, spec.input, model.context, model.lengths)
    return collect(stream, bounds, left_out, progress)


def notes(spec: SyntaxSpec, data: Dataset) -> tuple[str, ...]:
    """Say what a reader must know: where the corpus or the control falls short, or the recipe differs."""
    asked = {
        "training": (spec.n_train, data.train),
        "validation": (spec.n_valid, data.validation),
        "test": (spec.n_test, data.test),
    }
    short = [
        f"The corpus gave {len(have)} {name} functions of the {want} asked for."
        for name, (want, have) in asked.items()
        if len(have) < want
    ]
    if spec.control:
        share = seen_pairs(data)
        short.append(
            f"The control task can be memorised for {share:.0%} of test gaps: their word pairs were in training."
        )
    if spec.recipe == "published" and (spec.rate, spec.epochs, spec.batch) != PUBLISHED:
        short.append("The published recipe has rate 0.001, 20 epochs and batches of 32; this run was told otherwise.")
    return tuple(short)


def states_of(model: Model, data: Dataset, source: Source, progress: Progress) -> States:
    """Extract the word states of all snippets, refusing those that cannot be trusted."""
    states = extract(
        model, [s.text for s in data.snippets], [s.spans for s in data.snippets], source=source, progress=progress
    )
    for layer in states.layers:
        rows = states.at(layer)
        if not np.isfinite(rows).all() or not rows.any():
            raise StrataError(
                "E-STATES-NAN",
                f"Layer {layer} of {model.name} holds NaN, infinite numbers or only zeros in {model.dtype}.",
                "A probe of such a layer would mean nothing.",
                "Use float32 or bfloat16.",
            )
    return states


def fit(spec: SyntaxSpec, data: Dataset, states: dict[str, States], device: str, progress: Progress) -> list[Fit]:
    """Train on syntax (all models) and on the control task (the trained model), all seeds in the same pass."""
    inventory = inventory_of([s.tree for s in data.train])
    syntax = targets([s.tree for s in data.snippets], inventory)
    layers = {name: [found.at(layer) for layer in found.layers] for name, found in states.items()}
    first = syntax.starts[: len(data.train) + 1]
    every = series_of([a for arrays in layers.values() for a in arrays], first, recipe=spec.recipe, device=device)
    goals = {TRAINED: (syntax, slice(None))}
    if spec.control:
        fake = control(data, spec.seed)
        own = slice(0, len(layers[TRAINED]))
        goals[CONTROL] = (targets(fake, inventory_of(fake[: len(data.train)])), own)
    tasks = [
        (name, Task(every, goal, options_of(spec, spec.seed + seed), which))
        for seed in range(spec.seeds)
        for name, (goal, which) in goals.items()
    ]
    sizes = (len(data.train), len(data.validation))
    trained = train_together([task for _, task in tasks], sizes, progress, order=spec.seed)
    return [
        Fit(name, task.goal, every.part(task.which), checked(found, name, spec.rate))
        for (name, task), found in zip(tasks, trained, strict=True)
    ]


def options_of(spec: SyntaxSpec, seed: int) -> Options:
    """Return how a question wants its probes trained, from the start that a seed gives."""
    return Options(spec.rank, spec.epochs, spec.batch, spec.rate, spec.orthogonality, spec.recipe, seed)


def checked(trained: Trained, name: str, rate: float) -> Trained:
    """Return what was trained, refusing it (E-TRAIN-NAN) when a layer never had a finite loss."""
    if not np.isfinite(trained.validation).any(axis=0).all():
        raise StrataError(
            "E-TRAIN-NAN",
            f"Training on the {name} diverged: a layer never had a finite loss.",
            f"The rate is {rate}.",
            "Choose a lower rate.",
        )
    return trained
