"""Edits of hidden states at a layer, for `sites.editing`.

With the orthonormal columns Q of a subspace and the mean m of the states there:

    remove   h - (h - m) Q Q'        every state gets the mean's part in the subspace
    keep     m + (h - m) Q Q'        every state gets the mean's part outside of it
"""

from collections.abc import Callable

import numpy as np
import torch

from probes.models.sites import Edit

EditAt = Callable[[torch.Tensor], Edit]
"""Places bool [text, token] of a batch → the edit of its states there."""


def editor(basis: np.ndarray, mean: np.ndarray, *, keep: bool) -> EditAt:
    """Return what makes, of the places [text, token] to be edited, the edit that removes a subspace, or keeps only it.

    It is computed in float32, whatever the model's type.
    """
    q, m = torch.from_numpy(basis.astype(np.float32)), torch.from_numpy(mean.astype(np.float32))

    def at(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            axes, middle = q.to(states.device), m.to(states.device)
            rows = states.float()
            inside = (rows - middle) @ axes @ axes.T
            changed = middle + inside if keep else rows - inside
            return torch.where(where.to(states.device)[..., None], changed.to(states.dtype), states)

        return edit

    return at


def taken(left: np.ndarray, right: np.ndarray, mean: np.ndarray) -> EditAt:
    """Return the edit h - left right'(h - mean), [width, rank] twice and [width]: an oblique projection."""
    u, v, m = (torch.from_numpy(part.astype(np.float32)) for part in (left, right, mean))

    def at(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            rows = states.float()
            changed = rows - (rows - m.to(states.device)) @ v.to(states.device) @ u.to(states.device).T
            return torch.where(where.to(states.device)[..., None], changed.to(states.dtype), states)

        return edit

    return at


def steered(vector: np.ndarray, strength: float, *, keep_norm: bool) -> EditAt:
    """Return the edit h + strength * vector, scaled back to the length of h when norms are kept.

    At strength 0 the states are handed back as they are, to the bit.
    """
    v = torch.from_numpy(vector.astype(np.float32)) * strength

    def at(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            if strength == 0:
                return states
            rows = states.float()
            changed = rows + v.to(states.device)
            if keep_norm:
                length = changed.norm(dim=-1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)
                changed = changed * (rows.norm(dim=-1, keepdim=True) / length)
            return torch.where(where.to(states.device)[..., None], changed.to(states.dtype), states)

        return edit

    return at
