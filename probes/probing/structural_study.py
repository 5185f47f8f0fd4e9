"""The run behind `StructuralSpec`: sentences and their states, all probes in one fit, ranks of the best layer."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from probes.contract import Progress
from probes.corpora import conllu
from probes.corpora.dependencies import Sentence
from probes.errors import StrataError
from probes.extract import extract
from probes.models import Model, loaded
from probes.models.provenance import source_of
from probes.probing import structural_report as report
from probes.probing.analysis import RANDOM, TRAINED
from probes.probing.dependencies import LENGTHS, control_heads, counts, tree_of
from probes.probing.scoring import Resampling
from probes.probing.structural import CONTROL, DEPTH, UUAS, StructuralResult, StructuralSpec
from probes.probing.structural_fit import How, Probes, Sentences, Series, fit
from probes.probing.structural_report import Scored
from probes.probing.structural_scores import Judged, judge
from probes.store import States
from probes.values import Source, split_of

TEST, VALID = (0.75, 0.25), (0.8, 0.2)
"""Shares of sentences: learnt from and tested on; of the former, trained and validated on."""
FEWEST = 5
"""Sentences of 5 to 50 words in each part of a split, below which nothing is fitted or tested."""
LONGEST = 100
"""Words of a sentence: all their pairs are held."""
_BLOCK = 8192
RANKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True)
class Read:
    """The sentences, their states by series of models, and where the words are among them."""

    sentences: tuple[Sentence, ...]
    states: dict[str, States]
    rows: tuple[np.ndarray, ...]
    layers: tuple[str, ...]
    depth: int
    device: str
    source: Source
    left_out: dict[str, int]

    def data(self, spec: StructuralSpec) -> Sentences:
        """Return what the probes are fitted to; raises E-STATES-NAN or E-STATES-FLAT for a layer that says nothing."""
        arrays, rows = [], np.concatenate(self.rows)
        for name, states in self.states.items():
            for layer in self.layers:
                arrays.append(states.at(layer))
                sound, varied = looked_through(arrays[-1], rows)
                if not sound:
                    raise StrataError(
                        "E-STATES-NAN",
                        f"Layer {layer} of the {name} holds NaN or infinite numbers.",
                        f"It was read in {self.source.dtype}.",
                        "Use float32 or bfloat16.",
                    )
                if name == TRAINED and not varied:
                    what = f"Layer {layer} has the same state at every word."
                    raise StrataError("E-STATES-FLAT", what, "There is nothing to tell apart.")
        counted = [counts(one.kinds) for one in self.sentences]
        heads = [[one.heads for one in self.sentences]]
        if spec.control:
            heads.append([control_heads(one.words, spec.seed) for one in self.sentences])
        trees = tuple(tuple(tree_of(*one) for one in zip(some, counted, strict=True)) for some in heads)
        return Sentences(tuple(arrays), self.rows, trees)


def looked_through(states: np.ndarray, rows: np.ndarray) -> tuple[bool, bool]:
    """Return whether some rows of states [row, width] are all finite, and whether any differs; a block at a time."""
    first, varied = np.asarray(states[rows[0]]), False
    for start in range(0, len(rows), _BLOCK):
        block = np.asarray(states[rows[start : start + _BLOCK]])
        if not np.isfinite(block).all():
            return False, varied
        varied = varied or bool((block != first).any())
    return True, varied


def study(spec: StructuralSpec, progress: Progress) -> StructuralResult:
    """Answer a StructuralSpec; refuses corpora that are too small, and layers that are NaN or all alike."""
    read = reading(spec, progress.step(0, 0.4))
    sides = [split(read.sentences, spec.seed, draw) for draw in range(spec.seeds)]
    data = read.data(spec)
    rank = min(spec.rank, data.arrays[0].shape[1])
    found = scored(spec, read, data, sides, rank, progress.step(0.4, 0.85))
    best = found.best(read.layers)
    test, seed = sides[0][2], spec.seed
    where = found.names.index((TRAINED, best[UUAS])), found.names.index((TRAINED, best[DEPTH]))
    ranks = report.by_rank([], found.test, found.again)
    if spec.ranks:
        many = [*(r for r in RANKS if r < rank), rank]
        several = [Series(found.probes.series[where[0]].array, 0, False, r) for r in many]
        alone = Resampling.over(np.arange(len(test)), 1, seed)
        narrow = fit(data, several, sides[0][:2], How(spec.steps, seed, read.device, progress.step(0.85, 0.97)))
        ranks = report.by_rank(many, judge(narrow, test, read.device), alone)
    progress.report(0.97, 1, "scoring")
    pair = found.probes.take([where[0], len(found.names) + where[1]])
    words, sentences = report.trees_said(read.sentences, pair, test, read.device)
    return StructuralResult(
        scores=found.scores(read.layers),
        baselines=found.baselines(best, [data.trees[0][i] for i in test], read.layers[0]),
        ranks=ranks,
        words=words,
        sentences=sentences,
        best=best,
        example=report.typical(sentences),
        rank=rank,
        depth=read.depth,
        sizes=(_mean(sides, 0), _mean(sides, 1), len(test)),
        layers=read.layers,
        left_out=read.left_out,
        source=read.source,
    )


def _mean(sides: "list[Sides]", part: int) -> int:
    return round(float(np.mean([len(one[part]) for one in sides])))


Sides = tuple[np.ndarray, np.ndarray, np.ndarray]
"""The sentences that train, validate and test."""


def scored(  # limit: six things that stand apart until here
    spec: StructuralSpec, read: Read, data: Sentences, sides: list[Sides], rank: int, progress: Progress
) -> Scored:
    """Fit the probes of every layer and draw, and judge them on validation and test."""
    names = [(name, layer) for name in read.states for layer in read.layers]
    asked = [(i, 0) for i in range(len(names))]
    if spec.control:
        asked += [(i, 1) for i, (name, _) in enumerate(names) if name == TRAINED]
        names += [(CONTROL, layer) for layer in read.layers]
    series = [Series(i, kind, depths, rank) for depths in (False, True) for i, kind in asked]
    test, several = sides[0][2], list[Probes]()
    for draw, (train, valid, _) in enumerate(sides):
        part = progress.step(draw / len(sides), (draw + 1) / len(sides))
        several.append(fit(data, series, (train, valid), How(spec.steps, spec.seed + 7919 * draw, read.device, part)))
    valids = [judge(probes, side[1], read.device) for probes, side in zip(several, sides, strict=True)]
    tests = Judged.joined([judge(probes, test, read.device) for probes in several])
    again = Resampling.over(np.arange(len(test)), spec.seeds, spec.seed)
    return Scored(tuple(names), several[0], tuple(valids), tests, again)


def split(sentences: tuple[Sentence, ...], seed: int, draw: int = 0) -> Sides:
    """Split the sentences by their content, what trains and validates by the draw; E-CORPUS-SMALL for too few."""
    test = np.array([split_of(s.text, TEST, seed=seed) == 1 for s in sentences])
    valid = ~test & np.array([split_of(s.text, VALID, seed=seed + 1 + 7919 * draw) == 1 for s in sentences])
    usual = np.array([LENGTHS[0] <= len(s.words) <= LENGTHS[1] for s in sentences])
    sides = ~test & ~valid, valid, test
    least = min(int((side & usual).sum()) for side in sides)
    if least < FEWEST:
        raise StrataError(
            "E-CORPUS-SMALL",
            f"The sentences split into parts of which the smallest has {least} of {LENGTHS[0]} to {LENGTHS[1]} words; "
            f"each needs {FEWEST}.",
            "A quarter of the sentences tests, and a fifth of the others validates.",
            "Choose a larger corpus, or ask for more sentences.",
        )
    train, checked, tested = (np.flatnonzero(side) for side in sides)
    return train, checked, tested


def reading(spec: StructuralSpec, progress: Progress) -> Read:
    """Load the model, draw the sentences, and extract the states of their words, of random weights too."""
    progress.report(0, 1, "loading the model")
    model = loaded(spec)
    left_out: Counter[str] = Counter()
    drawn = _drawn(spec, model, left_out)
    texts, spans = [one.text for one in drawn], [one.spans for one in drawn]
    source = source_of(model, corpus=spec.corpus, texts=texts, seed=spec.seed)
    layers, depth, device = model.layers, model.depth, str(model.device)
    states = {TRAINED: extract(model, texts, spans, source=source, progress=progress.step(0.1, 0.55))}
    del model  # or it could not be given up for its twin, where only one of them fits
    if spec.random_init:
        twin = loaded(spec, random_init=spec.seed)
        about = replace(source, weights=twin.weights)
        states[RANDOM] = extract(twin, texts, spans, source=about, progress=progress.step(0.55, 1))
    starts = np.concatenate([[0], np.cumsum([len(one) for one in spans])])
    rows = [start + one.at for start, one in zip(starts, drawn, strict=False)]
    kept = [i for i, mine in enumerate(rows) if (np.asarray(states[TRAINED].tokens)[mine] > 0).all()]
    if len(kept) < len(rows):
        left_out["sentences with a word that the tokenizer drops"] += len(rows) - len(kept)
    sentences, where = tuple(drawn[i] for i in kept), tuple(rows[i] for i in kept)
    return Read(sentences, states, where, layers, depth, device, source, dict(left_out))


def _drawn(spec: StructuralSpec, model: Model, left_out: Counter[str]) -> list[Sentence]:
    drawn: dict[str, Sentence] = {}
    for sentence in conllu.sentences(spec.corpus, seed=spec.seed, skipped=left_out):
        if sentence.text in drawn:
            left_out["repeats another sentence"] += 1
        elif len(sentence.words) < 2 or len(sentence.words) > LONGEST:
            left_out[f"fewer than 2 or more than {LONGEST} words"] += 1
        elif model.lengths([sentence.text])[0] > model.context:
            left_out[f"more than the model's {model.context} sub-tokens"] += 1
        else:
            drawn[sentence.text] = sentence
        if len(drawn) == spec.n:
            break
    return list(drawn.values())
