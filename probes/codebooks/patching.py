"""The run behind `CodePatchSpec`: every place of a prompt patched alone, all places of a layer in one batch."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from probes.codebooks import kept, kinds
from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.decoding import decoder
from probes.codebooks.names import TRAINED, wanted
from probes.codebooks.nudging import Places, after
from probes.codebooks.patch import CODES, RANDOM, STATES, CodePatchResult, CodePatchSpec
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import LanguageModel
from probes.models.provenance import source_of
from probes.models.sites import Edit, hidden_states

PLACES = 64
"""Places from the end that are patched at most."""
CELLS: dict[str, type] = {"order": int, "layer": str, "place": int, "token": str, "instead": str, "series": str}
CELLS |= {"jsd": float, "moved": float}


@dataclass(frozen=True)
class _Prompts:
    """Both prompts as the model read them; states [layer, place, width] of their last places, the last one first."""

    tokens: tuple[list[str], list[str]]
    states: tuple[torch.Tensor, torch.Tensor]
    out: tuple[torch.Tensor, torch.Tensor]


def patch(spec: CodePatchSpec, progress: Progress) -> CodePatchResult:
    """Answer a CodePatchSpec; refuses prompts of one token and prompts that the model goes on from alike (E-PATCH)."""
    asked, run = kept.fitted(spec.run)
    layers = [layer for layer in wanted(spec.layers, run.layers) if "norm" not in layer]
    if not layers:
        raise StrataError("E-PATCH", "After the final norm there is nothing left to patch.", fix="Name other layers.")
    progress.report(0, len(layers) + 1, "reading both prompts")
    lm = decoder(asked, run)
    both = _read(lm, (spec.source, spec.target), layers)
    before = float(jsd(both.out[0], both.out[1])[0])
    if before < 1e-6:
        fix = "Choose two that end differently."
        raise StrataError("E-PATCH", "The model goes on alike from both prompts.", fix=fix)
    rows, draw = [], np.random.default_rng(spec.seed)
    for number, layer in enumerate(layers):
        progress.report(number + 1, len(layers) + 1, f"patching layer {layer}")
        for series, change in _changes((asked, run), layer, (both, number), draw).items():
            found = jsd(_patched(lm, spec.target, layer, change), both.out[0]).cpu().numpy()
            for place, value in enumerate(found.tolist()):
                tokens = (both.tokens[1][place], both.tokens[0][place])
                order = run.layers.index(layer)
                rows.append((order, layer, place + 1, *tokens, series, value, 1 - value / before))
    words = [lm.model.tokenizer.decode([int(out[0].argmax())]) for out in both.out]
    return CodePatchResult(
        cells=pd.DataFrame(rows, columns=list(CELLS)).astype(CELLS),
        before=before,
        next_source=words[0],
        next_target=words[1],
        layers=tuple(layers),
        source=source_of(lm.model, corpus="two typed prompts", texts=[spec.source, spec.target], seed=spec.seed),
    )


def jsd(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return float64 [row]: the Jensen-Shannon divergence in nats of log-probabilities [row, vocabulary]."""
    p, q = one.double().exp(), other.double().exp()
    middle = ((p + q) / 2).clamp(min=torch.finfo(torch.float64).tiny)
    twice = torch.special.xlogy(p, p / middle).sum(-1) + torch.special.xlogy(q, q / middle).sum(-1)
    return (twice / 2).clamp(min=0)


def _read(lm: LanguageModel, prompts: tuple[str, str], layers: list[str]) -> _Prompts:
    tokens, states, out = [], [], []
    for prompt in prompts:
        encoded = lm.model.encode([prompt])
        n = encoded.ids.shape[1]
        if n < 2:
            why = "The first token of a prompt is never patched."
            raise StrataError("E-PATCH", f"“{prompt[:60]}” is a single token.", why, "Write more.")
        found = hidden_states(lm.model, encoded, layers)
        states.append(torch.stack([found[layer][0, 1:].float().flip(0) for layer in layers]))
        spans = encoded.offsets[0, 1:][::-1].tolist()
        tokens.append([prompt[a:b] for a, b in spans])
        out.append(after(lm, Places(encoded, np.array([n - 1])), []))
    most = min(states[0].shape[1], states[1].shape[1], PLACES)
    cut = [state[:, :most] for state in states]
    return _Prompts((tokens[0][:most], tokens[1][:most]), (cut[0], cut[1]), (out[0], out[1]))


def _changes(
    of: tuple[CodebookSpec, CodebookResult], layer: str, where: tuple[_Prompts, int], draw: np.random.Generator
) -> dict[str, torch.Tensor]:
    """Return what is added to the state of each place [place, width], by kind of patch."""
    asked, run = of
    both, number = where
    at = run.layers.index(layer)
    book = kinds.book_of(asked, run, at)
    source, target = (states[number].cpu() for states in both.states)
    own = book.decode(book.encode(target))
    # codes as they are used: those of tokens drawn from the run's own
    ids = run.ids[at][draw.integers(run.sizes[0], size=len(target))].astype(np.int64)
    return {
        CODES: book.decode(book.encode(source)) - own,
        STATES: source - (own if asked.method == TRAINED else target),
        RANDOM: book.decode(torch.from_numpy(ids)) - own,
    }


def _patched(lm: LanguageModel, prompt: str, layer: str, change: torch.Tensor) -> torch.Tensor:
    """Return log-probabilities [place, vocabulary] after a prompt with the state of one place changed each time."""
    n = len(change)
    encoded = lm.model.encode([prompt] * n)
    last = encoded.ids.shape[1] - 1
    rows = torch.arange(n)

    def edit(states: torch.Tensor) -> torch.Tensor:
        moved = states.clone()
        there = last - rows.to(states.device)
        here = rows.to(states.device)
        moved[here, there] = (moved[here, there].float() + change.to(states.device)).to(states.dtype)
        return moved

    edits: list[tuple[str, Edit]] = [(layer, edit)]
    return after(lm, Places(encoded, np.full(n, last)), edits)
