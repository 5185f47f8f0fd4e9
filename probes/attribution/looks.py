"""Where attention looks: one head's weights, and attention rollout (Abnar & Zuidema, ACL 2020).

Rollout takes the mean over heads A of each layer, adds the residual stream (A + I) / 2, and multiplies the layers. It
is shown beside the other methods because it is widely used: where a head looks need not be what the output rests on.
"""

import torch

from probes.attribution.targets import Question
from probes.errors import StrataError


def attentions(asked: Question) -> list[torch.Tensor]:
    """Return float32 [head, token, token] of each layer; raises StrataError E-ATTENTION unless attention is eager."""
    with torch.no_grad():
        found = asked.model.forward(asked.encoded, output_attentions=True).attentions
    layers = [weights[0].float() for weights in found or () if weights is not None]
    if len(layers) != asked.model.depth:
        what = f"'{asked.model.name[:200]}' does not give the attention of all of its layers."
        raise StrataError("E-ATTENTION", what, fix="Choose integrated gradients or feature ablation.")
    return layers


def head(asked: Question, layer: int, number: int) -> torch.Tensor:
    """Return float32 [token]: the weights of one head, from the place that predicts, or the mean over places."""
    layers = attentions(asked)
    if not 1 <= layer <= len(layers) or not 0 <= number < len(layers[0]):
        what = f"There is no head {number} in layer {layer} of this model."
        raise StrataError(
            "E-HEAD-UNKNOWN", what, fix=f"Layers are 1 to {len(layers)}, heads 0 to {len(layers[0]) - 1}."
        )
    return _seen(asked, layers[layer - 1][number])


def rollout(asked: Question) -> torch.Tensor:
    """Return float32 [token]: how much of each token's embedding reaches the place that predicts."""
    layers = attentions(asked)
    flow = torch.eye(layers[0].shape[-1], device=layers[0].device)
    for weights in layers:
        mixed = weights.mean(0)
        flow = (mixed + torch.eye(len(mixed), device=mixed.device)) / 2 @ flow
    return _seen(asked, flow)


def _seen(asked: Question, weights: torch.Tensor) -> torch.Tensor:
    return weights.mean(0) if asked.query is None else weights[asked.query]
