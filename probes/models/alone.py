"""The head alone: logits of any states, through the checkpoint's own forward around a stand-in for its network.

What a language model does after its network (a transform, a bias, logits scaled or capped) is transformers' own code,
run as it is. The stand-in gives back the states it was handed, in the place of the network's last ones.
"""

import copy
from typing import Any

import torch
from torch import nn

from probes.errors import StrataError
from probes.models.encoding import Encoded
from probes.models.heads import LanguageModel

CLOSE = 1e-3
"""Most that a logit read off the last states may differ from the model's own, as a part of the largest."""


class _Given(nn.Module):
    """Stands for a network: whatever it is asked, it returns the states it was handed."""

    def __init__(self) -> None:
        super().__init__()
        self.states = torch.empty(0)

    def forward(self, *_args: Any, **_asked: Any) -> Any:
        from transformers.modeling_outputs import BaseModelOutputWithPoolingAndCrossAttentions

        return BaseModelOutputWithPoolingAndCrossAttentions(last_hidden_state=self.states)


class Head:
    """The head of a language model, for states of any layer; `model` itself is not touched."""

    def __init__(self, lm: LanguageModel) -> None:
        self.lm, self._given = lm, _Given()
        whole = copy.copy(lm.net)
        whole.__dict__["_modules"] = {**lm.net._modules, lm.net.base_model_prefix: self._given}
        self._whole = whole

    @property
    def norms(self) -> bool:
        """Say whether the model normalises after its last block: states can then be read with and without."""
        return self.lm.model.sites.norm is not None

    def logits(self, states: torch.Tensor, *, norm: bool) -> torch.Tensor:
        """Return float32 [text, token, vocabulary] of states [text, token, width], put through the final norm or not.

        Raises StrataError E-LENS when the head needs more than the network's last states.
        """
        final = self.lm.model.sites.norm
        with torch.inference_mode():
            self._given.states = final(states) if norm and final is not None else states
            try:
                found = self._whole(input_ids=torch.zeros(states.shape[:2], dtype=torch.long, device=states.device))
            except (AttributeError, TypeError) as error:
                raise self._none(f"Its head asks for more than the last states ({type(error).__name__}).") from error
            finally:
                self._given.states = torch.empty(0)
        logits: torch.Tensor = found.logits.float()
        return logits

    def check(self, encoded: Encoded, last: torch.Tensor) -> None:
        """Raise StrataError E-LENS unless the last block's states [text, token, width] give the model's own logits."""
        with torch.inference_mode():
            own, read = self.lm.logits(encoded), self.logits(last, norm=True)
        there = encoded.mask.bool()
        apart = (own - read)[there].abs().max()
        if not bool(apart <= CLOSE * own[there].abs().max()):
            raise self._none("What it does between its last block and its head is more than one norm.")

    def _none(self, why: str) -> StrataError:
        return StrataError(
            "E-LENS",
            f"The layers of '{self.lm.model.name[:200]}' cannot be read through its head.",
            why,
            "Choose another model, such as smollm2.",
        )
