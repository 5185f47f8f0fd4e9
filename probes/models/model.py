"""The Hugging Face model, untouched, with what is needed to read it and to say later what was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from torch import nn

from probes.errors import StrataError
from probes.models import encoding
from probes.models.check import Check
from probes.models.encoding import Encoded
from probes.models.masking import own_mask
from probes.models.parts import Parts, label_of, parts_of
from probes.models.parts_check import check_parts, require_parts
from probes.models.sites import Sites


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model; of an encoder-decoder, the encoder."""

    name: str
    revision: str
    weights: str
    """SHA-256 of the weight files, or "random init, seed N"."""
    net: Any
    """The transformers module: evaluation mode, no gradients, no weight changed."""
    tokenizer: Any
    dtype: str
    device: str
    family: str
    context: int
    """Sub-tokens a text may have, the added ones included."""
    sites: Sites
    facts: tuple[str, ...]
    """Digests of what else decides the numbers: configuration, tokenizer, attention code, random parameters."""
    notes: tuple[str, ...] = ()
    """Sentences that go with every result (a de-quantised checkpoint, an adapter, code that was run)."""
    check: Check = field(default_factory=Check)
    inserted: Mapping[str, nn.Module] = field(default_factory=dict)
    """What stands at its parts (codebooks), by their labels: these are read before it, and edited after."""

    @property
    def depth(self) -> int:
        """How many blocks run."""
        return self.sites.depth

    @property
    def width(self) -> int:
        """How many numbers a hidden state has."""
        return int(getattr(self.net.config, "hidden_size", 0) or self.net.config.d_model)

    @property
    def layers(self) -> tuple[str, ...]:
        """Label every layer that can be read, in order."""
        return self.sites.labels

    @cached_property
    def parts(self) -> Parts:
        """Where attention and MLP are; raises StrataError E-SITE-INSIDE when no row of the table fits."""
        return parts_of(self.sites.blocks, self.family, self.net.config)

    def inside(self, part: str) -> None:
        """Raise StrataError E-SITE-UNKNOWN, naming those there are, when layers have no such part."""
        if part != "residual" and part not in self.parts.names:
            which = f"residual, attention, mlp, heads, and head:0 to head:{self.parts.heads - 1}"
            raise StrataError(
                "E-SITE-UNKNOWN", f"The layers of this model have no '{part[:40]}'.", f"There are {which}."
            )

    def labels(self, part: str = "residual") -> tuple[str, ...]:
        """Label a part of every layer, in order; of the residual stream these are `layers`.

        The first time, it is checked that parts are where they are taken to be: StrataError E-SITE-CHECK.
        """
        self.inside(part)
        if part == "residual":
            return self.layers
        require_parts(self._parts_checked, self)
        return tuple(label_of(layer, part) for layer in range(1, self.depth + 1))

    def width_of(self, part: str = "residual") -> int:
        """Return how many numbers a state has at a part of a layer."""
        return self.width if part == "residual" else self.parts.width(part, self.width)

    @cached_property
    def causal(self) -> bool:
        """Whether no token sees those after it, found out on the states; false on "meta", which has none."""
        return self.device != "meta" and own_mask(self) == "causal"

    @cached_property
    def _parts_checked(self) -> Check:
        return check_parts(self)

    @property
    def parameters(self) -> int:
        """How many parameters are loaded (an encoder-decoder: its encoder)."""
        return sum(p.numel() for p in self.net.parameters())

    @property
    def bytes(self) -> int:
        """What its parameters take in memory, and what was inserted."""
        extra = [tensor for one in self.inserted.values() for tensor in (*one.parameters(), *one.buffers())]
        return sum(p.numel() * p.element_size() for p in (*self.net.parameters(), *extra))

    @property
    def attention(self) -> str:
        """The implementation of attention that runs: "eager", "sdpa", …"""
        return getattr(self.net.config, "_attn_implementation", None) or "eager"

    @property
    def identity(self) -> tuple[str, ...]:
        """What decides the hidden states of a text: equal identities give equal numbers, on the same kind of device."""
        return (self.weights, *self.facts, self.family, self.dtype, self.device.partition(":")[0])

    def encode(self, texts: Sequence[str], *, side: Literal["left", "right"] = "right") -> Encoded:
        """Return the texts as one batch padded on `side`; raises StrataError when one does not fit, never cuts it."""
        return encoding.encode(self, texts, side)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Return int64 [text]: how many sub-tokens each text has, the added ones included, however long."""
        return encoding.lengths_of(self.tokenizer, texts)

    def lengths_to(self, texts: Sequence[str], ends: np.ndarray) -> np.ndarray:
        """Return int64 [text]: how many sub-tokens have to be read for the states before character `ends[text]`.

        All of them, where a token sees those after it.
        """
        return encoding.lengths_to(self.tokenizer, texts, ends) if self.causal else self.lengths(texts)

    def check_lengths(self, lengths: np.ndarray) -> None:
        """Raise StrataError E-TEXT-TOO-LONG when one of these lengths is beyond the context."""
        encoding.check_lengths(lengths, self.name, self.context)

    def forward(self, encoded: Encoded, **asked: Any) -> Any:
        """Run the model on a batch and return what it returns; hidden states are read with `sites.reading`."""
        if asked.get("output_attentions") and self.attention != "eager":
            what = f"{self.name} computes attention by '{self.attention}', which never has the weights at hand."
            raise StrataError("E-ATTENTION", what, "They would come back empty.", "Load it with attention='eager'.")
        if hasattr(self.net.config, "use_cache"):
            asked = {"use_cache": False, **asked}  # nothing is generated, and the keys would double the memory
        assert isinstance(self.net, nn.Module)
        mask = encoded.mask
        if self.device == "meta":  # transformers looks at a mask's values, of which "meta" has none, unless it is whole
            mask = mask.bool()[:, None, None, :].expand(-1, 1, mask.shape[1], -1)
        return self.net(input_ids=encoded.ids, attention_mask=mask, **encoded.extra, **asked)
