"""Texts that a model is writing: one forward a token; transformers' cache keeps keys and values of what is written."""

import inspect
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import torch

from probes.errors import StrataError
from probes.models.edits import EditAt
from probes.models.encoding import Encoded
from probes.models.heads import LanguageModel
from probes.models.sites import editing

Edits = Sequence[tuple[str, EditAt]]
"""Layers and what is done to their states; two edits of one layer follow each other."""


class Continuing:
    """A batch while it is being written: what the next token may be, which one it is, and which rows go on."""

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

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows int64 [sample], in this order; one row may go on as several."""
        there = rows.to(self.encoded.ids.device)
        extra = {name: value[there] for name, value in self.encoded.extra.items()}
        self.encoded = replace(self.encoded, ids=self.encoded.ids[there], mask=self.encoded.mask[there], extra=extra)
        if self.past is not None:
            self.past.reorder_cache(there)


def _cache(net: Any) -> str:
    """Return what a forward calls its keys and values; nothing when it keeps none, and all is read again each step."""
    known = inspect.signature(net.forward).parameters
    return next((name for name in ("cache", "past_key_values") if name in known), "")


def ends_of(lm: LanguageModel) -> set[int]:
    """Return the ids that end a text: what the configuration, and the tokenizer, say."""
    said = (getattr(lm.net.config, "eos_token_id", None), lm.model.tokenizer.eos_token_id)
    return {int(one) for some in said for one in (some if isinstance(some, list) else [some]) if one is not None}


def check_prompts(lm: LanguageModel, prompts: Sequence[str], tokens: int) -> None:
    """Raise StrataError E-GENERATE of a model that cannot write on, E-TEXT-TOO-LONG where it could not so far."""
    if lm.task != "next":
        what = f"'{lm.model.name[:200]}' does not predict the next token."
        raise StrataError("E-GENERATE", what, "It fills gaps, and cannot write on.", "Choose a decoder, as smollm2.")
    lm.model.check_lengths(lm.model.lengths(prompts) + tokens)
