"""Which score ranks languages rightly? Languages of known strength, and the rank correlation of every score with it.

A planted world: 100 sentences have a meaning in a few dimensions, mapped into the model's width. The pivot holds it
with some noise, each language with noise of its own, drawn log-uniformly between two bounds, and possibly with what
real layers have: an offset, one vector added to all sentences of a language, and one massive dimension that means
nothing. The truth is the noise.

Where pairs are easy MEXA is at its ceiling and ranks by the few misses left; a score that keeps moving ranks on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from probes.alignment import hubs, mexa, separation
from probes.alignment.cka import gram_cka
from probes.alignment.grams import gram, similarities, standardised
from probes.linalg import double_centred
from probes.stats import spearman

ROWS, WIDTH, LATENT, LANGUAGES = 100, 256, 30, 30


@dataclass(frozen=True)
class World:
    """How languages differ; a coordinate of the meaning has the variance LATENT."""

    name: str
    noise: tuple[float, float]
    """The least and the largest standard deviation of a language's noise."""
    offset: float = 0.0
    """The largest offset, in standard deviations of a coordinate; each language draws its own between 0 and this."""
    massive: float = 0.0
    """The standard deviation of one dimension that says nothing."""


WORLDS = (
    World("easy pairs", (2, 8)),
    World("easy pairs, offsets vary", (2, 8), offset=10),
    World("easy pairs, a massive dimension", (2, 8), massive=60),
    World("hard pairs", (20, 60)),
    World("hard pairs, offsets vary", (20, 60), offset=10),
)
PIVOT = 4.0
"""The pivot's noise."""


def planted(world: World, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pivot [row, width], the languages [language, row, width] and the noise of each [language]."""
    draw = np.random.default_rng(seed)
    meaning = draw.normal(size=(ROWS, LATENT)) @ draw.normal(size=(LATENT, WIDTH))
    least, most = world.noise
    noise = least * (most / least) ** draw.uniform(0, 1, LANGUAGES)
    direction = draw.normal(size=WIDTH)
    offset = world.offset * draw.uniform(0, 1, LANGUAGES)[:, None, None] * direction
    languages = meaning + noise[:, None, None] * draw.normal(size=(LANGUAGES, ROWS, WIDTH)) + offset
    pivot = meaning + PIVOT * draw.normal(size=meaning.shape)
    pivot[:, 0] += world.massive * draw.normal(size=ROWS)
    languages[..., 0] += world.massive * draw.normal(size=(LANGUAGES, ROWS))
    return pivot.astype(np.float32), languages.astype(np.float32), noise


SCORES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "MEXA": lambda x, y: mexa.mexa(similarities(x, y)),
    "MEXA, CSLS": lambda x, y: mexa.mexa(hubs.csls(similarities(x, y))),
    "cosine of pairs": lambda x, y: separation.pair_cosines(similarities(x, y))[0],
    "margin": lambda x, y: separation.margin(similarities(x, y)),
    "d′": lambda x, y: separation.dprime(similarities(x, y)),
    "CKA, biased": lambda x, y: gram_cka(gram(x), gram(y), double_centred),
    "CKA, unbiased": lambda x, y: gram_cka(gram(x), gram(y)),
    "CKA, unbiased, standardised": lambda x, y: gram_cka(gram(standardised(x)), gram(standardised(y))),
}
"""Scores [language] of a pivot and languages, both [language, row, width], by the name a figure gives them."""


def simulation(worlds: tuple[World, ...] = WORLDS, *, runs: int = 8, seed: int = 0) -> pd.DataFrame:
    """Return one row a world, score and run: world, score, run, spearman (with minus the noise; 0 for a constant)."""
    rows = []
    for world in worlds:
        for run in range(runs):
            pivot, languages, noise = planted(world, seed=seed + run)
            sides = np.broadcast_to(pivot, languages.shape), languages
            for name, score in SCORES.items():
                rank = float(np.nan_to_num(spearman(score(*sides), -noise)))
                rows.append((world.name, name, run, rank))
    return pd.DataFrame(rows, columns=["world", "score", "run", "spearman"])
