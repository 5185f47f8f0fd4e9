"""Which tokens each token may look at, imposed on a model as it is: all of them, or the ones before it.

The model's own mask is replaced by an additive one [text, 1, token, token], which transformers takes as it is; no
module is changed. A family that ignores it is found out by `can_impose`, on its own states.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import torch

from probes.models.sites import hidden_states

if TYPE_CHECKING:
    from probes.models.encoding import Encoded
    from probes.models.model import Model

Mask = Literal["causal", "bidirectional"]
"""A token sees itself and what stands before it, or every token of its text."""
MASKS: tuple[Mask, ...] = ("causal", "bidirectional")


def imposed(encoded: "Encoded", mask: Mask, dtype: torch.dtype = torch.float32) -> "Encoded":
    """Return the batch, padded on the right, with that mask as [text, 1, token, token]: 0 where seen, else lowest."""
    length = encoded.mask.shape[1]
    seen = encoded.mask.bool()[:, None, None, :].expand(-1, 1, length, -1)
    if mask == "causal":
        seen = seen & torch.ones(length, length, dtype=torch.bool, device=seen.device).tril()
    closed = torch.full(seen.shape, torch.finfo(dtype).min, dtype=dtype, device=seen.device)
    return replace(encoded, mask=closed.masked_fill(seen, 0))


def own_mask(model: "Model") -> Mask:
    """Say how the model looks on its own: whether its first token's states move when its last token is another."""
    return _seen(model, None)


def can_impose(model: "Model") -> bool:
    """Say whether both masks do what they say, and the model's own one, imposed, gives the states it gives anyway."""
    try:
        works = all(_seen(model, mask) == mask for mask in MASKS)
        encoded = _encoded(model)
        plain, same = (_last(model, batch) for batch in (encoded, _under(model, encoded, own_mask(model))))
    except (RuntimeError, ValueError, TypeError, IndexError):  # a family whose attention takes no such mask
        return False
    return works and bool(torch.allclose(plain, same, rtol=1e-3, atol=1e-3 * float(plain.abs().max())))


def _encoded(model: "Model") -> "Encoded":
    return model.encode(["one two three four five six"])


def _under(model: "Model", encoded: "Encoded", mask: Mask | None) -> "Encoded":
    return encoded if mask is None else imposed(encoded, mask, getattr(torch, model.dtype))


def _last(model: "Model", encoded: "Encoded") -> torch.Tensor:
    return hidden_states(model, encoded, model.layers[-1:])[model.layers[-1]].float()


def _seen(model: "Model", mask: Mask | None) -> Mask:
    encoded = _encoded(model)
    ids = encoded.ids.clone()
    ids[:, -1] = ids[:, 0] if int(ids[0, -1]) != int(ids[0, 0]) else ids[:, 1]
    one, other = (_last(model, _under(model, batch, mask))[:, 0] for batch in (encoded, replace(encoded, ids=ids)))
    moved = float((one - other).abs().max()) > 1e-5 * float(one.abs().max())
    return "bidirectional" if moved else "causal"
