"""What stands in a token's place when it is taken away: as states that enter the first block.

Tokens that a tokenizer adds around the text stay as they are, so nothing is attributed to them.
"""

from dataclasses import replace

import torch
from torch import nn

from probes.attribution.names import Baseline
from probes.attribution.targets import Question
from probes.errors import StrataError
from probes.models.encoding import embeddings_of


def baseline(asked: Question, kind: Baseline) -> torch.Tensor:
    """Return float32 [1, token, width]; raises StrataError E-BASELINE when the model has no such token."""
    states = asked.states()
    if kind == "zero":
        away = torch.zeros_like(states)
    elif kind == "mean":
        away = _mean(asked)
    else:
        tokens = asked.model.tokenizer
        token = tokens.pad_token_id if kind == "padding" else tokens.mask_token_id
        if token is None or token >= embeddings_of(asked.model.net):
            what = f"'{asked.model.name[:200]}' has no {kind} token that could stand for another."
            raise StrataError("E-BASELINE", what, fix="Choose the baseline mean or zero.")
        ids = torch.where(asked.own, torch.full_like(asked.encoded.ids, token), asked.encoded.ids)
        away = asked.states("0", replace(asked.encoded, ids=ids))
    return torch.where(asked.own[None, :, None], away, states)


def _mean(asked: Question) -> torch.Tensor:
    """Read layer 0 with every token's embedding replaced by the mean of the table; positions stay."""
    table = asked.model.net.get_input_embeddings()
    weight: torch.Tensor = getattr(table, "base_layer", table).weight  # under an adapter, the table it stands on
    middle = weight.float().mean(0)

    def replaced(_table: nn.Module, _args: object, output: torch.Tensor) -> torch.Tensor:
        return middle.to(output.dtype).expand_as(output)

    handle = table.register_forward_hook(replaced)
    try:
        return asked.states()
    finally:
        handle.remove()
