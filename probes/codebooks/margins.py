"""How far a state is on one code's side: what an attribution asks of a code, differentiable where codes are chosen.

With x the state less the center, code j is as near as c_j·x - |c_j|²/2 (directions and atoms: c_j·x); the margin is
that of the code less that of the nearest other one. It is above zero exactly where the code is chosen: of a residual
codebook by the first book, of a sparse one in the first step.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from probes.codebooks import kept
from probes.codebooks.moves import places
from probes.codebooks.names import DIRECTIONS, ENCODER, TRAINED
from probes.errors import StrataError

FIRST_ONLY = ("residual", "pursuit", "itda")


@dataclass(frozen=True)
class Margin:
    """A code of a finished run, as something that states are asked for."""

    weights: str
    """Of the model whose states the codes were fitted to."""
    model: str
    layer: str
    """Where, as `probes.models.reading` takes it."""
    words: str
    of: Callable[[torch.Tensor], torch.Tensor]
    """States float32 [row, width] → float32 [row]."""


def margin(digest: str, named: str) -> Margin:
    """Return the margin of a code named layer:code or layer:book:code; StrataError E-CODES when it has none."""
    asked, run = kept.fitted(digest)
    if asked.method == ENCODER:
        what = "Features of an encoder are not chosen by what a state is nearest to, and are not explained yet."
        raise StrataError("E-CODES", what, fix="Fit codes to the same states (another --method).")
    if asked.method == TRAINED:
        what = "Codes that a model was trained with are chosen while it runs with its codebooks."
        raise StrataError(
            "E-CODES",
            what,
            "What is attributed is a model as it is.",
            "Fit codes to the model as it is (another --method).",
        )
    named_codes = places(named, run)
    (layer, book, code), others = named_codes[0], named_codes[1:]
    if others or (book and asked.method in FIRST_ONLY):
        what = f"“{named[:60]}” is not one code that is chosen by what a state is nearest to."
        why = "Later books see what the first one left." if not others else "One code is explained at a time."
        raise StrataError("E-CODES", what, why, f"Name one, such as {layer}:{code}.")
    at = run.layers.index(layer)
    codes = torch.from_numpy(run.codes[at, book])
    center = torch.from_numpy(run.centers[at])
    width = codes.shape[1]
    part = slice(book * width, (book + 1) * width) if asked.method == "product" else slice(None)
    lengths = 0 if asked.method in DIRECTIONS else codes.square().sum(1) / 2

    def of(states: torch.Tensor) -> torch.Tensor:
        device = states.device
        near = (states - center.to(device))[:, part] @ codes.to(device).T - torch.as_tensor(lengths, device=device)
        other = near.clone()
        other[:, code] = -torch.inf
        return near[:, code] - other.amax(1)

    return Margin(run.source.weights, asked.model, layer, f"how far it is on the side of code {named.strip()}", of)
