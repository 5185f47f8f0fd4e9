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
