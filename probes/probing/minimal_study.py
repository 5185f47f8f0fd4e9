"""The run behind `PairsSpec`: pairs, states, probes of every layer from growing numbers of pairs, rivals on test."""

from dataclasses import replace

import numpy as np
import pandas as pd

from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.losses import log_probabilities
from probes.models import language_model, loaded
from probes.models.choice import ReadsModel
from probes.probing import minimal_report as report
from probes.probing import pairing
from probes.probing.analysis import TRAINED, ProbingSpec
from probes.probing.minimal import COINS, PairsResult, PairsSpec
from probes.probing.minimal_fit import Pairs, Told, features, over, tell
from probes.probing.reading import Examples, read
from probes.values import split_of

FEWEST = 5
"""Pairs in each part of a split below which nothing is learnt or tested."""


def study(spec: PairsSpec, progress: Progress) -> PairsResult:
    """Answer a PairsSpec."""
    shared = {name: getattr(spec, name) for name in (*ReadsModel.model_fields, *_SHARED)}
    unit = "text" if spec.at == "text" else "leaf"
    asked = ProbingSpec(**shared, unit=unit, n=2 * spec.n, per_text=1)
    data = paired(read(asked, progress.step(0, 0.5), pairing.pairs, ("pairs", 2)), spec)
    own = preferred(spec, data, progress.step(0.5, 0.6))
    found = layers(data, spec, progress.step(0.6, 0.97))
    most = data.counts[-1]

    def worth(layer: str) -> tuple[float, float]:
        valid = found[TRAINED, layer, most]
        return over(valid.hits, data.valid), -over(np.logaddexp(0, -valid.margin), data.valid)

    best = max(data.examples.layers, key=worth)
    progress.report(0.97, 1, "scoring")
    return report.result(spec, data, found, own, best)


_SHARED = ("corpus", "language", "label", "seeds", "random_init", "seed")


def paired(examples: Examples, spec: PairsSpec) -> Pairs:
    """Keep the places whose pair is whole, and split the pairs; raises E-CORPUS-SMALL when a part is too small."""
    text = examples.frame["text"].to_numpy()
    whole = np.isin(text ^ 1, text)
    kept = examples.take(np.flatnonzero(whole))
    left = examples.left_out | (
        {"pairs with a place the tokenizer drops": int((~whole).sum())} if not whole.all() else {}
    )
    masks = [mask[..., ::2] for mask in kept.masks(spec.seed, spec.seeds)]
    least = min(int(part.sum()) for part in (*masks[0], *masks[1], masks[2]))
    if least < FEWEST:
        raise StrataError(
            "E-CORPUS-SMALL",
            f"The pairs split into parts of which the smallest has {least}; each needs {FEWEST}.",
            "A text never sits on two sides of the split.",
            "Ask for more pairs, or choose a larger corpus.",
        )
    coin = coins(pairing.differences(kept, spec.at), spec.seed)
    return Pairs(replace(kept, left_out=left), masks[0], masks[1], masks[2], coin, spec.seed)


def coins(words: pd.DataFrame, seed: int) -> np.ndarray:
    """Toss a coin for the two words of each pair that differ, bool [pair]: whether the wrong one is called right.

    The same two words are answered alike wherever they meet, whichever is right, so that a probe that remembers words
    does well: the control task of Hewitt & Liang (EMNLP 2019).
    """
    both = list(zip(words["right"], words["wrong"], strict=True))
    tossed = [split_of(repr(sorted(two)), (0.5, 0.5), seed=seed) == 1 for two in both]
    return np.array([toss != (right > wrong) for toss, (right, wrong) in zip(tossed, both, strict=True)])


def preferred(spec: PairsSpec, data: Pairs, progress: Progress) -> np.ndarray:
    """Return how much likelier a decoder holds the right text of each test pair, in nats; NaN of any other model."""
    texts = [data.examples.texts[i] for i in data.examples.frame["text"]]
    mine = [text for text, test in zip(texts, np.repeat(data.test, 2), strict=True) if test]
    try:
        lm = language_model(loaded(spec))
    except StrataError as error:
        if error.code != "E-HEAD":
            raise
        return np.full(int(data.test.sum()), np.nan)
    if lm.task != "next":
        return np.full(int(data.test.sum()), np.nan)
    both = log_probabilities(lm, mine, progress).reshape(-1, 2)
    return np.asarray(both[:, 0] - both[:, 1])


def layers(data: Pairs, spec: PairsSpec, progress: Progress) -> dict[tuple[str, str, int], Told]:
    """Probe every layer of every model: by series, layer and number of pairs; few pairs of the trained model alone."""
    found: dict[tuple[str, str, int], Told] = {}
    examples, counts = data.examples, data.counts
    steps = [(series, layer) for series in examples.states for layer in examples.layers]
    for number, (series, layer) in enumerate(steps):
        progress.report(number, len(steps), f"probing layer {layer} of the {series}")
        rows = features(examples.at(series, layer), data)
        several = counts if series == TRAINED else counts[-1:]
        for count, told in zip(several, tell(rows, data, several), strict=True):
            found[series, layer, count] = told
        if spec.control and series == TRAINED:
            found[COINS, layer, counts[-1]] = tell(rows, data, counts[-1:], turned=True)[0]
    return found
