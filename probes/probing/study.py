"""The run behind `ProbingSpec`: places, states, probes of every layer, and the best layer on test."""

from dataclasses import dataclass

import numpy as np

from probes.contract import Progress
from probes.errors import StrataError
from probes.probing import closer, learning, report, rivals
from probes.probing.analysis import CONTROL, RANDOM, TRAINED, ProbingResult, ProbingSpec
from probes.probing.answers import Answers, answered, control
from probes.probing.learning import Reading, Task, read_off, right
from probes.probing.reading import Examples, read
from probes.probing.scoring import Resampling

FEWEST = 12
"""Places in each part of a split below which nothing is learnt or tested."""


@dataclass(frozen=True)
class Found:
    """All readings: of each series and layer, of layer 0 with the best one joined, of few labels; bits by layer."""

    examples: Examples
    answers: Answers
    task: Task
    readings: dict[tuple[str, str], Reading]
    fake: np.ndarray
    """The answers of the control task [place]."""
    bits: dict[str, float]
    few: list[tuple[float, Reading]]
    joined: Reading | None
    words: np.ndarray
    """What words alone say [seed, place]."""
    commonest: np.ndarray
    weights: np.ndarray
    """The best layer's linear probe, where there is one to keep."""
    best: str

    def true(self, series: str) -> np.ndarray:
        """Return the answers a series was to give [place]."""
        return self.fake if series == CONTROL else self.answers.values

    @property
    def again(self) -> Resampling:
        """The resampling of texts and seeds, drawn once and shared by all scores."""
        family = np.unique(np.array(self.examples.families, dtype=object), return_inverse=True)[1]
        text = self.examples.frame["text"].to_numpy()[self.task.test]
        return Resampling.over(family[text], len(self.task.train), self.task.seed)


def study(spec: ProbingSpec, progress: Progress) -> ProbingResult:
    """Answer a ProbingSpec."""
    raw = read(spec, progress.step(0, 0.5))
    examples, answers, rare = answered(raw, spec.label, spec.task)
    task = split(examples, answers, spec)
    fake = control(examples, answers, spec.seed)
    readings, bits = layers(examples, answers, task, fake, (spec, progress.step(0.5, 0.9)))
    own = {layer: right(readings[TRAINED, layer], answers, task.valid) for layer in examples.layers}
    best = max(examples.layers, key=lambda layer: own[layer])
    progress.report(0.9, 1, "looking closer at the best layer")
    few, joined = [], None
    if spec.extras:
        rows = examples.at(TRAINED, best)
        few = closer.few_labels(task.features(rows), answers, task, examples.frame["text"].to_numpy())
        if best != examples.layers[0]:
            both = np.concatenate([examples.at(TRAINED, examples.layers[0]), rows], 1)
            joined = read_off(task.features(both), [answers.values], task)[0]
    weights = np.zeros((0, 0), np.float32)
    if spec.probe == "linear" and not answers.numeric and not examples.paired:
        penalty = float(readings[TRAINED, best].penalty[0])
        weights = learning.kept(examples.at(TRAINED, best), answers, task, penalty)
    words, commonest = rivals.lexical(examples, answers, task), rivals.commonest(answers, task)
    found = Found(examples, answers, task, readings, fake, bits, few, joined, words, commonest, weights, best)
    progress.report(0.97, 1, "scoring")
    return report.result(spec, found, raw.left_out | rare)


def split(examples: Examples, answers: Answers, spec: ProbingSpec) -> Task:
    """Split the places by their texts' content; raises E-CORPUS-SMALL when a part is too small or has one class."""
    train, valid, test = examples.masks(spec.seed, spec.seeds)
    parts = [*train, *valid, test]
    least = min(int(part.sum()) for part in parts)
    alike = any(len(np.unique(answers.values[part])) < 2 for part in [*train, test])
    if least < FEWEST or alike:
        raise StrataError(
            "E-CORPUS-SMALL",
            f"The texts split into parts of which the smallest has {least} places"
            f"{', and one part has a single answer' if alike else ''}; each needs {FEWEST} and two answers.",
            "A text never sits on two sides of the split.",
            "Ask for more places, or for fewer of each text.",
        )
    return Task(train, valid, test, len(answers.names), spec.probe, spec.seed)


def layers(
    examples: Examples, answers: Answers, task: Task, fake: np.ndarray, how: tuple[ProbingSpec, Progress]
) -> tuple[dict[tuple[str, str], Reading], dict[str, float]]:
    """Probe every layer of every model: readings by series and layer, and the bits a label costs by layer."""
    spec, progress = how
    found: dict[tuple[str, str], Reading] = {}
    bits: dict[str, float] = {}
    steps = [(series, layer) for series in examples.states for layer in examples.layers]
    texts = examples.frame["text"].to_numpy()
    for number, (series, layer) in enumerate(steps):
        progress.report(number, len(steps), f"probing layer {layer} of the {series}")
        rows = task.features(examples.at(series, layer))
        if not rows.any() and series != RANDOM and layer != examples.layers[0]:
            raise _flat(layer)
        kinds = [answers.values, fake] if spec.control and series == TRAINED else [answers.values]
        for name, reading in zip((series, CONTROL), read_off(rows, kinds, task), strict=False):
            found[name, layer] = reading
        if spec.extras and series == TRAINED and not answers.numeric:
            bits[layer] = closer.code_length(rows, answers, task, texts, float(found[series, layer].penalty[0]))
    return found, bits


def _flat(layer: str) -> StrataError:
    return StrataError(
        "E-STATES-FLAT", f"Layer {layer} has the same state at every place.", "There is nothing to tell apart."
    )
