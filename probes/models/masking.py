"""Which tokens each token may look at, imposed on a model as it is: all of them, or the ones before it.

The model's own mask is replaced by an additive one [text, 1, token, token], which transformers takes as it is; no
module is changed. A family that ignores it is found out by `can_impose`, on its own states.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import torch

from probes.models.encoding import embeddings_of, of_ids
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
    """Say how the model looks on its own: causal if another last token moves its own state and not the first one's.

    Whatever is unclear (no number, a model that no token moves) is "bidirectional": then nothing is left unread.
    """
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


def _encoded(model: "Model", last: int = -2) -> "Encoded":
    """Return a row of six ids that are no special ones: a few in turn, and at its end the one at `last` of these."""
    special = set(model.tokenizer.all_special_ids)
    known = [i for i in range(min(embeddings_of(model.net), 256)) if i not in special]
    return of_ids(model, [*(known[k % (len(known) - 1)] for k in range(5)), known[last]])


def _under(model: "Model", encoded: "Encoded", mask: Mask | None) -> "Encoded":
    return encoded if mask is None else imposed(encoded, mask, getattr(torch, model.dtype))


def _last(model: "Model", encoded: "Encoded") -> torch.Tensor:
    return hidden_states(model, encoded, model.layers[-1:])[model.layers[-1]].float()


def _seen(model: "Model", mask: Mask | None) -> Mask:
    one, other = (_last(model, _under(model, _encoded(model, last), mask))[0] for last in (-2, -1))
    moved, least = (one - other).abs().amax(-1), 1e-5 * float(one.abs().max())
    # a comparison with what is no number is false, so that it says "bidirectional"
    return "causal" if bool(moved[0] <= least) and bool(moved[-1] > least) else "bidirectional"
