"""Captum's methods over tokens: each takes a text's states and a baseline, and gives every token its part.

A token's part is the sum over the numbers of its embedding. How many steps or sets of tokens one forward takes is
chosen by memory (captum's `internal_batch_size` and `perturbations_per_eval`).
"""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from captum.attr import (
    DeepLift,
    FeatureAblation,
    InputXGradient,
    IntegratedGradients,
    KernelShap,
    LayerConductance,
    ShapleyValueSampling,
)
from torch import nn

from probes.attribution.targets import Question
from probes.errors import StrataError
from probes.models.encoding import embeddings_of
from probes.models.warm import free_memory

MOST_BYTES = 1 << 30
SHARE = 0.25
"""At most this part of free memory, and never more than MOST_BYTES, goes into one forward with its gradients."""
A_BLOCK = 40
"""Vectors of the model's width that a token leaves in a block for the way back; measured, on the high side."""
TOLERANCE = 0.05
"""What DeepLift may miss before it is refused: its rules then do not cover what this model computes."""

Values = torch.Tensor
"""float32 [token]."""


def rows_at_once(asked: Question) -> int:
    """Return how many copies of the text one forward takes, gradients included."""
    tokens, model = asked.encoded.ids.shape[1], asked.model
    one = tokens * 4 * (A_BLOCK * model.width * model.depth + 3 * embeddings_of(model.net))
    return max(1, int(min(MOST_BYTES, SHARE * free_memory(model.device)) // one))


def integrated_gradients(asked: Question, x: torch.Tensor, base: torch.Tensor, steps: int, layer: str = "0") -> Values:
    """Integrate the gradient on the straight way from the baseline (Sundararajan et al., 2017), at any layer."""

    def forward(states: torch.Tensor) -> torch.Tensor:
        return asked.value(states, layer)

    method = IntegratedGradients(forward)
    found = method.attribute(x, base, n_steps=steps, internal_batch_size=rows_at_once(asked))
    return summed(found)


def gradient_input(asked: Question, x: torch.Tensor) -> Values:
    """Multiply states and gradient; no baseline has a part in it."""
    return summed(InputXGradient(asked.value).attribute(x.clone().requires_grad_()))


def layer_conductance(asked: Question, x: torch.Tensor, base: torch.Tensor, steps: int, layer: int) -> Values:
    """Return what flows through each token of a block on the way from the baseline (Dhamdhere et al., 2019)."""
    if layer == 0:  # nothing stands between: conductance is then integrated gradients
        return integrated_gradients(asked, x, base, steps)
    blocks = asked.model.sites.blocks
    if len(blocks) < asked.model.depth:
        what = f"'{asked.model.name[:200]}' runs one block several times, which conductance cannot tell apart."
        raise StrataError("E-METHOD", what, fix="Choose layer integrated gradients.")
    method = LayerConductance(asked.value, blocks[layer - 1])
    found = method.attribute(x, base, n_steps=steps, internal_batch_size=rows_at_once(asked))
    return summed(found[0] if isinstance(found, tuple) else found)


class _Whole(nn.Module):
    """The network as a module of its embeddings, which DeepLift puts its rules into."""

    def __init__(self, asked: Question) -> None:
        super().__init__()
        self.net, self.asked = asked.model.net, asked

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return self.asked.value(states)


def deep_lift(asked: Question, x: torch.Tensor, base: torch.Tensor) -> Values:
    """Propagate differences from the baseline (Shrikumar et al., 2017), or refuse where that does not add up.

    Captum has rules for a few activations and none for the products in attention and in gates: what it gives for
    them is a plain gradient. Whether that matters is measured: the attributions must add up.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that hooks are set, and removed again
            found = summed(DeepLift(_Whole(asked)).attribute(x.clone().requires_grad_(), base))
    except (RuntimeError, AssertionError) as error:
        raise _no_deep_lift(asked, "Its modules are used in a way DeepLift cannot follow.") from error
    with torch.no_grad():
        score, without = asked.value(x), asked.value(base)
    missed = abs(float(found.sum() - (score - without)) / float(score - without))
    if not missed <= TOLERANCE:
        raise _no_deep_lift(asked, f"Its attributions miss the score by {missed:.0%}.")
    return found


def _no_deep_lift(asked: Question, why: str) -> StrataError:
    kinds = {
        type(m).__name__ for m in asked.model.net.modules() if "Activation" in type(m).__name__ or "GELU" in repr(m)[:4]
    }
    rules = f"There is no rule for the softmax and products of attention{', nor for ' if kinds else ''}" + ", ".join(
        sorted(kinds)
    )
    what = f"DeepLift does not hold for '{asked.model.name[:200]}'."
    return StrataError("E-DEEPLIFT", what, f"{why} {rules}.", "Choose integrated gradients, which adds up here too.")


def ablation(asked: Question, x: torch.Tensor, base: torch.Tensor) -> Values:
    """Take one token out at a time: a token's part is what the score loses."""
    mask = features(asked)
    with torch.no_grad():
        found = FeatureAblation(asked.value).attribute(
            x, base, feature_mask=mask, perturbations_per_eval=rows_at_once(asked)
        )
    return first(found)


def shapley(asked: Question, x: torch.Tensor, base: torch.Tensor, samples: int, seed: int) -> Values:
    """Average what each token adds over random orders of putting tokens in (Castro et al., 2009)."""
    return _sampled(ShapleyValueSampling(asked.value).attribute, asked, (x, base), samples, seed)


def kernel_shap(asked: Question, x: torch.Tensor, base: torch.Tensor, samples: int, seed: int) -> Values:
    """Fit Shapley values to random sets of tokens by weighted least squares (Lundberg & Lee, 2017)."""
    sets = samples * int(asked.own.sum()) + 2
    return _sampled(KernelShap(asked.value).attribute, asked, (x, base), sets, seed)


def _sampled(
    attribute: Callable[..., Any], asked: Question, ends: tuple[torch.Tensor, torch.Tensor], samples: int, seed: int
) -> Values:
    mask, at_once = features(asked), rows_at_once(asked)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return first(attribute(*ends, feature_mask=mask, n_samples=samples, perturbations_per_eval=at_once))


def features(asked: Question) -> torch.Tensor:
    """Return int64 [1, token, 1]: one number a token of the text, and one for all that the tokenizer added."""
    own = asked.own
    count = own.long().cumsum(0)
    return torch.where(own, count - int(bool(own.all())), torch.zeros_like(count))[None, :, None]


def summed(found: torch.Tensor) -> Values:
    """Return float32 [token] of [1, token, width]."""
    return found.detach().float().sum(-1)[0]


def first(found: torch.Tensor) -> Values:
    """Return float32 [token] of [1, token, width], each token having one value."""
    return found.detach().float()[0, :, 0]
