"""Texts written on by a model, as it is or with edits at its layers: many samples at once, one token a step.

Keys and values of what is already written are kept by transformers' own cache. Every sample has random numbers of its
own, drawn from the seed and its place alone, and a token is where its number falls in the cumulated probabilities: the
same seed with and without an edit differs by the edit only, and no sample changes with the others in its batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.models.continuing import Continuing, Edits, check_prompts, ends_of
from probes.models.heads import LanguageModel

TOGETHER = 32
"""Samples a forward takes at most: what their keys and values take in memory grows with them."""


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen, and when to stop."""

    tokens: int = 40
    """New tokens at most."""
    temperature: float = 1.0
    """Divides the logits; at 0 the likeliest token is taken."""
    top_p: float = 1.0
    """Only the likeliest tokens that together have this probability are drawn from."""
    seed: int = 0
    stop: tuple[str, ...] = ()
    """Writing ends before the first of these, and after the model's own end of text."""


@dataclass(frozen=True)
class Written:
    """One sample."""

    prompt: str
    text: str
    """What was written after the prompt."""
    ids: tuple[int, ...]
    """The new tokens, the end of text and what follows a stop left out."""
    ended: bool
    """It came to an end of its own before the tokens were used up."""


def generate(
    lm: LanguageModel,
    prompts: Sequence[str],
    sampling: Sampling,
    *,
    edits: Edits = (),
    progress: Progress | None = None,
) -> list[Written]:
    """Return each prompt written on; the n-th one uses the n-th stream of random numbers of the seed.

    Edits act on every token but the first of a prompt, which in many decoders is a sink of attention. Raises
    StrataError E-GENERATE of a model that does not predict the next token, E-SAMPLING, E-TEXT-EMPTY, E-TEXT-TOO-LONG.
    """
    _check(lm, prompts, sampling)
    found, heard = list[Written](), progress or Progress()
    for first in range(0, len(prompts), TOGETHER):
        some = prompts[first : first + TOGETHER]
        part = heard.step(first / len(prompts), min(first + TOGETHER, len(prompts)) / len(prompts))
        found += _batch(lm, some, sampling, (edits, first), part)
    return found


def _check(lm: LanguageModel, prompts: Sequence[str], sampling: Sampling) -> None:
    wrong = sampling.tokens < 1 or not 0 <= sampling.temperature < np.inf or not 0 < sampling.top_p <= 1
    if wrong or any(not stop for stop in sampling.stop):
        what = (
            f"Cannot write {sampling.tokens} tokens at temperature {sampling.temperature} and top-p {sampling.top_p}."
        )
        fix = "Ask for one token or more, a temperature from 0, a top-p above 0 and up to 1, and stops with text."
        raise StrataError("E-SAMPLING", what, fix=fix)
    check_prompts(lm, prompts, sampling.tokens)


def _batch(
    lm: LanguageModel, prompts: Sequence[str], sampling: Sampling, how: tuple[Edits, int], progress: Progress
) -> list[Written]:
    edits, first = how
    encoded = lm.model.encode(prompts, side="left")
    state, n = Continuing(lm, encoded), len(prompts)
    dice = np.stack([np.random.default_rng([sampling.seed, first + i]).random(sampling.tokens) for i in range(n)])
    opening = encoded.mask.bool() & (encoded.mask.cumsum(1) > 1)
    where, ends = opening, ends_of(lm)
    ids, open_ = np.full((n, sampling.tokens), -1, np.int64), np.ones(n, bool)
    texts = [""] * n
    for step in range(sampling.tokens):
        progress.report(step, sampling.tokens, "writing")
        chosen = choose(state.logits(where, edits), sampling, dice[:, step])
        for i in np.flatnonzero(open_).tolist():
            if int(chosen[i]) in ends:
                open_[i] = False
                continue
            ids[i, step] = chosen[i]
            texts[i] = _text(lm, prompts[i], ids[i, : step + 1])
            open_[i] = not any(stop in texts[i] for stop in sampling.stop)
        if not open_.any():
            break
        state.write(torch.from_numpy(chosen).to(encoded.ids.device))
        fresh = torch.ones_like(state.encoded.ids[:, :1], dtype=torch.bool)
        where = fresh if state.past is not None else torch.cat([where, fresh], 1)
    return [_written(prompts[i], texts[i], ids[i], sampling, ended=not open_[i]) for i in range(n)]


def _text(lm: LanguageModel, prompt: str, ids: np.ndarray) -> str:
    """Return what new tokens say: decoded as they stand, as a byte-level or a word-piece tokenizer joins them."""
    return str(lm.model.tokenizer.decode(ids.tolist(), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _written(prompt: str, text: str, ids: np.ndarray, sampling: Sampling, *, ended: bool) -> Written:
    cut = min([text.find(stop) for stop in sampling.stop if stop in text], default=len(text))
    return Written(prompt, text[:cut], tuple(ids[ids >= 0].tolist()), ended)


def choose(logits: torch.Tensor, sampling: Sampling, dice: np.ndarray) -> np.ndarray:
    """Return int64 [sample]: the token at each number, 0 to 1, in the cumulated probabilities, likeliest first."""
    if sampling.temperature == 0:
        return logits.argmax(-1).cpu().numpy()
    chances = torch.softmax(logits.double() / sampling.temperature, -1)
    chances, order = chances.sort(dim=-1, descending=True, stable=True)
    total = chances.cumsum(-1)
    kept = total - chances < sampling.top_p  # the token that reaches top-p is still in
    total = torch.where(kept, total, torch.inf)
    most = torch.where(kept, chances, 0).sum(-1, keepdim=True)
    at = (total < torch.from_numpy(dice).to(total.device)[:, None] * most).sum(-1, keepdim=True)
    at = torch.minimum(at, kept.sum(-1, keepdim=True) - 1)
    found: np.ndarray = order.gather(-1, at)[:, 0].cpu().numpy()
    return found
