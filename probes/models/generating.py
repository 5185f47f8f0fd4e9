"""Texts written on by a model, as it is or with edits at its layers: many samples at once, one token a step.

Keys and values of what is already written are kept by transformers' own cache. Every sample has random numbers of its
own, drawn from the seed and its place alone, and a token is where its number falls in the cumulated probabilities: the
same seed with and without an edit differs by the edit only, and no sample changes with the others in its batch.
"""

import inspect
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.models.edits import EditAt
from probes.models.encoding import Encoded
from probes.models.heads import LanguageModel
from probes.models.sites import editing

Edits = Sequence[tuple[str, EditAt]]
"""Layers and what is done to their states; two edits of one layer follow each other."""
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
    if lm.task != "next":
        what = f"'{lm.model.name[:200]}' does not predict the next token."
        raise StrataError("E-GENERATE", what, "It fills gaps, and cannot write on.", "Choose a decoder, as smollm2.")
    wrong = sampling.tokens < 1 or not 0 <= sampling.temperature < np.inf or not 0 < sampling.top_p <= 1
    if wrong or any(not stop for stop in sampling.stop):
        what = (
            f"Cannot write {sampling.tokens} tokens at temperature {sampling.temperature} and top-p {sampling.top_p}."
        )
        fix = "Ask for one token or more, a temperature from 0, a top-p above 0 and up to 1, and stops with text."
        raise StrataError("E-SAMPLING", what, fix=fix)
    lm.model.check_lengths(lm.model.lengths(prompts) + sampling.tokens)


class _State:
    """What is known of a batch while it is being written."""

    def __init__(self, lm: LanguageModel, encoded: Encoded) -> None:
        self.lm = replace(lm.model, net=lm.net)
        self.encoded = encoded
        self.past: Any = None
        self.cache = _cache(lm.net)

    def logits(self, where: torch.Tensor, edits: Edits) -> torch.Tensor:
        """Return float32 [sample, vocabulary] after the last token; `where` bool [sample, token] may be edited."""
        given = self.encoded
        kept = {self.cache: self.past} if self.past is not None else {}
        with torch.inference_mode(), ExitStack() as hooks:
            for layer, at in edits:
                hooks.enter_context(editing(self.lm_bare, layer, at(where)))
            out = self.lm.forward(given, use_cache=bool(self.cache), **kept)
        self.past = getattr(out, self.cache) if self.cache else None
        logits: torch.Tensor = out.logits[:, -1].float()
        return logits

    @property
    def lm_bare(self) -> Any:
        """The model whose blocks carry the hooks: the same network under the head."""
        return replace(self.lm, net=getattr(self.lm.net, self.lm.net.base_model_prefix))

    def write(self, ids: torch.Tensor) -> None:
        """Put the next token [sample] after the others, or alone where the cache has the others."""
        encoded = self.encoded
        mask = torch.cat([encoded.mask, torch.ones_like(encoded.mask[:, :1])], 1)
        extra = dict(encoded.extra)
        alone = self.past is not None
        for name, value in extra.items():
            after = value[:, -1:] + 1 if name == "position_ids" else value[:, -1:]
            extra[name] = after if alone else torch.cat([value, after], 1)
        new = ids[:, None] if alone else torch.cat([encoded.ids, ids[:, None]], 1)
        self.encoded = replace(encoded, ids=new, mask=mask, extra=extra)


def _cache(net: Any) -> str:
    """Return what a forward calls its keys and values; nothing when it keeps none, and all is read again each step."""
    known = inspect.signature(net.forward).parameters
    return next((name for name in ("cache", "past_key_values") if name in known), "")


def _batch(
    lm: LanguageModel, prompts: Sequence[str], sampling: Sampling, how: tuple[Edits, int], progress: Progress
) -> list[Written]:
    edits, first = how
    encoded = lm.model.encode(prompts, side="left")
    state, n = _State(lm, encoded), len(prompts)
    dice = np.stack([np.random.default_rng([sampling.seed, first + i]).random(sampling.tokens) for i in range(n)])
    opening = encoded.mask.bool() & (encoded.mask.cumsum(1) > 1)
    where, ends = opening, _ends(lm)
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


def _ends(lm: LanguageModel) -> set[int]:
    """Return the ids that end a text: what the configuration, and the tokenizer, say."""
    said = (getattr(lm.net.config, "eos_token_id", None), lm.model.tokenizer.eos_token_id)
    return {int(one) for some in said for one in (some if isinstance(some, list) else [some]) if one is not None}


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
