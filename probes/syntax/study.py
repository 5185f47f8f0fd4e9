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
from probes.syntax import nonce, report
from probes.syntax.analysis import CONTROL, NONCE, RANDOM, TRAINED, How, SyntaxResult, SyntaxSpec
from probes.syntax.closer import closer, retested
from probes.syntax.dataset import Bounds, Dataset, collect
from probes.syntax.series import series_of
from probes.syntax.streamed import Streamed, trusted
from probes.syntax.tables import Fit, Shape, tables_of
from probes.syntax.targets import control, inventory_of, seen_pairs, targets
from probes.syntax.training import Options, Task, Trained, parts_of, train_together
from probes.values import Source

PUBLISHED = (0.001, 20, 32)
"""The paper's learning rate, epochs and batch."""


@dataclass(frozen=True)
class Read:
    """What was read of a corpus and its models: the states of every series, and the test functions without names."""

    data: Dataset
    states: dict[str, States | Streamed]
    nameless: Dataset | None
    shape: Shape
    source: Source


def study(spec: SyntaxSpec, progress: Progress) -> SyntaxResult:
    """Answer a SyntaxSpec: one extraction a model, all layers trained together, scores on the test snippets."""
    found = read_all(spec, progress.step(0, 0.6))
    data, shape, chart = found.data, found.shape, spec.decoding == "chart"
    fits = fit(spec, data, found.states, shape.device, progress.step(0.6, 0.87))
    tables = tables_of(fits, data, len(shape.layers), chart=chart)
    if found.nameless:
        tables.test[NONCE] = retested(fits, found.nameless, found.states[NONCE], chart=chart)
    extras = closer(spec, data, fits, tables, progress.step(0.87, 0.98))
    progress.report(0.98, 1, "scoring")
    return report.result(spec, data, fits, (tables, extras), (shape, found.source))


def read_all(spec: SyntaxSpec, progress: Progress) -> Read:
    """Load the model, collect the snippets, and extract the states of all that is to be probed or tested."""
    progress.report(0, 1, "loading the model")
    model = loaded(spec)
    if spec.rank > model.width:
        raise StrataError(
            "E-RANK",
            f"A subspace of rank {spec.rank} does not fit in states of width {model.width}.",
            fix=f"Choose a rank of at most {model.width}.",
        )
    data = snippets(spec, model, progress.step(0.15, 0.2))
    texts, grammar = [s.text for s in data.snippets], LANGUAGES[spec.language].wheel
    said = notes(spec, data)
    source = source_of(model, corpus=spec.corpus, texts=texts, seed=spec.seed, notes=said, also=[grammar])
    how = spec.states
    states = {TRAINED: states_of(model, data, source, progress.step(0.2, 0.55), how=how)}
    if lost := int((states[TRAINED].tokens == 0).sum()):
        source = replace(source, notes=(*source.notes, f"{lost} words that the tokenizer drops were read as zeros."))
    nameless = None
    if spec.controls:
        nameless, kept = nonce.without_names(data, model, spec.seed)
        about = replace(source, corpus=f"{spec.corpus}, nonce names")
        states[NONCE] = states_of(model, nameless, about, progress.step(0.55, 0.65), how=how)
        if kept:
            source = replace(source, notes=(*source.notes, f"{kept} test functions kept their names: {nonce.TOO_LONG}"))
    shape = Shape(model.layers, model.depth, model.device)
    del model  # or it could not be given up for its twin, where only one of them fits
    if spec.random_init:
        twin = loaded(spec, random_init=spec.seed)
        about = replace(source, weights=twin.weights, notes=said)
        states[RANDOM] = states_of(twin, data, about, progress.step(0.65, 1), how=how)
    return Read(data, states, nameless, shape, source)


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


def states_of(
    model: Model, data: Dataset, source: Source, progress: Progress, *, how: How = "stored"
) -> States | Streamed:
    """Return the word states of all snippets, stored or to be made when they are read; refuses those not trusted."""
    if how == "streamed":
        return Streamed(model, data)
    states = extract(
        model, [s.text for s in data.snippets], [s.spans for s in data.snippets], source=source, progress=progress
    )
    for layer in states.layers:
        trusted(states.at(layer), layer, model)
    return states


def fit(
    spec: SyntaxSpec, data: Dataset, states: dict[str, States | Streamed], device: str, progress: Progress
) -> list[Fit]:
    """Train on syntax (all models) and on the control task (the trained model), all seeds in the same pass."""
    inventory = inventory_of([s.tree for s in data.train])
    syntax = targets([s.tree for s in data.snippets], inventory)
    probed = {name: found for name, found in states.items() if name != NONCE}
    layers = {name: [found.at(layer) for layer in found.layers] for name, found in probed.items()}
    first = syntax.starts[: len(data.train) + 1]
    every = series_of([a for arrays in layers.values() for a in arrays], first, recipe=spec.recipe, device=device)
    goals = {TRAINED: (syntax, slice(None))}
    if spec.control:
        fake = control(data, spec.seed)
        own = slice(0, len(layers[TRAINED]))
        goals[CONTROL] = (targets(fake, inventory_of(fake[: len(data.train)])), own)
    tasks = [
        (name, Task(every, goal, Options.of(spec, spec.seed + seed), which))
        for seed in range(spec.seeds)
        for name, (goal, which) in goals.items()
    ]
    sizes = (len(data.train), len(data.validation))
    trained = train_together([task for _, task in tasks], parts_of(sizes), progress, order=spec.seed)
    return [
        Fit(name, task.goal, every.part(task.which), checked(found, name, spec.rate))
        for (name, task), found in zip(tasks, trained, strict=True)
    ]


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
