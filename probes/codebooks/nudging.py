"""What a code does to the next token: along the direct path, and measured where it fires when it is turned up or down.

Direct path: the layer's mean and the same plus the code's vector, each put in place of what enters the final norm, so
that norm, head, scaling and capping are the model's own; of the residual stream alone. Measured: at held-out tokens
that take the code, its vector times a strength is added to the state at its layer, and the next-token distribution is
compared with the plain one, in nats (KL), beside other codes of the same book at equal length.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import log_softmax

from probes.codebooks.directions import of_equal_norm
from probes.contract import Progress
from probes.models import Encoded, LanguageModel
from probes.models.edits import EditAt
from probes.models.sites import Edit, editing, reading
from probes.stats import bootstrap

STRENGTHS = (-1.0, -0.5, 0.5, 1.0, 2.0)
"""Times the code's vector; at -1 a state that is its code would be the layer's mean."""
DRAWS = 2
"""Other codes that stand beside this one."""
OWN, OTHER = "this code", "other codes, equal length"
NUDGES = {"strength": float, "series": str, "kl": float, "low": float, "high": float}


@dataclass(frozen=True)
class Places:
    """Texts cut off after the token that is nudged, and which sub-token that is."""

    encoded: Encoded
    last: np.ndarray
    """int64 [text]"""


@dataclass(frozen=True)
class Nudge:
    """A vector that is added at a layer."""

    layer: str
    vector: np.ndarray


def adding(vector: torch.Tensor, strength: float) -> EditAt:
    """Return the edit that adds a vector [width], times a strength, at some places; at strength 0 it changes no bit."""

    def at(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            if strength == 0:
                return states
            moved = (states.float() + strength * vector.to(states.device)).to(states.dtype)
            return torch.where(where.to(states.device)[..., None], moved, states)

        return edit

    return at


def through(lm: LanguageModel, rows: torch.Tensor) -> torch.Tensor:
    """Return float32 [row, vocabulary]: the logits of states [row, width] that enter the final norm, or the head."""
    encoded = lm.model.encode(["a"] * len(rows))

    def put(states: torch.Tensor) -> torch.Tensor:
        return rows[:, None].expand(states.shape).to(states)

    with torch.inference_mode(), editing(lm.model, str(lm.model.depth), put):
        return lm.logits(encoded)[:, -1]


def places(lm: LanguageModel, texts: Sequence[str], ends: Sequence[tuple[int, int]]) -> Places:
    """Return texts cut off after the last sub-token that shares a character with its span (start, end)."""
    whole = lm.model.encode(texts)
    spans = np.array(ends, np.int64)[:, None]
    offsets = whole.offsets
    inside = (offsets[..., 0] < spans[..., 1]) & (offsets[..., 1] > spans[..., 0]) & ~whole.special
    last = np.where(inside, np.arange(offsets.shape[1]), -1).max(1)
    stop = int(last.max()) + 1
    extra = {name: value[:, :stop] for name, value in whole.extra.items()}
    cut = replace(
        whole,
        ids=whole.ids[:, :stop],
        mask=whole.mask[:, :stop],
        offsets=offsets[:, :stop],
        special=whole.special[:, :stop],
        extra=extra,
    )
    return Places(cut, last)


def predicted(lm: LanguageModel, where: Places, nudge: Nudge | None = None, strength: float = 0.0) -> torch.Tensor:
    """Return float32 [text, vocabulary]: log-probabilities of the token after each place, with the nudge or without."""
    if nudge is None:
        return after(lm, where, [])
    there = torch.zeros(where.encoded.ids.shape, dtype=torch.bool)
    there[torch.arange(len(where.last)), torch.from_numpy(where.last)] = True
    return after(lm, where, [(nudge.layer, adding(torch.from_numpy(nudge.vector), strength)(there))])


def after(lm: LanguageModel, where: Places, edits: Sequence[tuple[str, Edit]]) -> torch.Tensor:
    """Return float32 [text, vocabulary]: log-probabilities of the token after each place, with layers edited."""
    rows, chosen = torch.arange(len(where.last)), torch.from_numpy(where.last)
    found: list[torch.Tensor] = []

    def take(_layer: str, states: torch.Tensor) -> None:
        found.append(states[rows.to(states.device), chosen.to(states.device)].float().clone())

    with torch.inference_mode(), ExitStack() as hooks:
        for layer, edit in edits:  # before the reading, which is to see what they leave
            hooks.enter_context(editing(lm.model, layer, edit))
        hooks.enter_context(reading(lm.model, [str(lm.model.depth)], take))
        lm.model.forward(where.encoded)
    return log_softmax(through(lm, found[0]), -1)


def direct(lm: LanguageModel, center: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return float64 [vocabulary]: what a vector adds to each logit at the layer's mean, less its mean over all."""
    rows = torch.from_numpy(np.stack([center, center + vector]).astype(np.float32)).to(lm.model.device)
    plain, moved = through(lm, rows).double().cpu().numpy()
    change = moved - plain
    return np.asarray(change - change.mean())


def measured(
    lm: LanguageModel, where: Places, own: Nudge, vectors: tuple[np.ndarray, int], *, seed: int, progress: Progress
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return KL by strength for the code and for others, and float64 [vocabulary]: log-probability gained at +1.

    `vectors` are those of the whole book [code, width] and the number of this code.
    """
    draw = np.random.default_rng(seed)
    others = [replace(own, vector=of_equal_norm(*vectors, draw)) for _ in range(DRAWS)]
    plain, rows, gained = predicted(lm, where), [], np.zeros(0)
    for number, strength in enumerate(STRENGTHS):
        progress.report(number, len(STRENGTHS), "nudging the code")
        kept: dict[str, list[np.ndarray]] = {OWN: [], OTHER: []}
        for series, nudges in ((OWN, [own]), (OTHER, others)):
            for nudge in nudges:
                after = predicted(lm, where, nudge, strength)
                kept[series].append((plain.exp() * (plain - after)).sum(-1).clamp(min=0).double().cpu().numpy())
                if series == OWN and strength == 1:
                    gained = (after - plain).double().mean(0).cpu().numpy()
        rows += [(strength, s, *bootstrap(np.stack(values), seed=seed).tolist()) for s, values in kept.items()]
    return pd.DataFrame(rows, columns=list(NUDGES)).astype(NUDGES), gained
