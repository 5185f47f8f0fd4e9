"""Every token's state at one layer, text by text, under the model's own mask or another: kept in memory."""

from collections.abc import Sequence

import numpy as np
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.extract import Packer
from probes.models import Model, reading
from probes.models.masking import Mask, imposed


def read_tokens(
    model: Model, texts: Sequence[str], layer: str, mask: Mask | None, *, progress: Progress | None = None
) -> list[np.ndarray]:
    """Return float32 [token, width] of each text, added tokens included; memory grows with the tokens.

    Without a mask the model looks as it always does.

    Raises StrataError E-TEXT-TOO-LONG as `extract` does, and E-STATES-NAN when states cannot be measured.
    """
    progress = progress or Progress()
    lengths = model.lengths(texts)
    model.check_lengths(lengths)
    packer, found = Packer(lengths), [np.zeros((0, 0), np.float32)] * len(texts)
    done = 0
    for batch, rows in packer.each(
        np.argsort(lengths, kind="stable"), lambda batch: _batch(model, [texts[i] for i in batch], layer, mask)
    ):
        for i, states in zip(batch, rows, strict=True):
            found[i] = states
        done += int(lengths[batch].sum())
        progress.report(done, int(lengths.sum()), f"reading tokens ({mask or 'own'} mask)")
    if not all(np.isfinite(rows).all() for rows in found) or not any(rows.any() for rows in found):
        what = f"Layer {layer} of {model.name} holds NaN, infinities or only zeros under the {mask or 'own'} mask."
        raise StrataError("E-STATES-NAN", what, f"It was read in {model.dtype}.", "Use float32 or bfloat16.")
    return found


def _batch(model: Model, texts: Sequence[str], layer: str, mask: Mask | None) -> list[np.ndarray]:
    encoded = model.encode(texts)
    kept: list[torch.Tensor] = []

    def take(_label: str, states: torch.Tensor) -> None:
        kept.append(states.float().cpu())

    with torch.inference_mode(), reading(model, [layer], take):
        model.forward(encoded if mask is None else imposed(encoded, mask, getattr(torch, model.dtype)))
    lengths = encoded.mask.sum(1).tolist()
    return [states[:n].clone().numpy() for states, n in zip(kept[-1], lengths, strict=True)]
