"""One row a text: position-weighted mean, mean, last or first token, of every layer, in memory and not in the store.

The position-weighted mean is SGPT's and MEXA's: token t of T weighs t / (1 + … + T), counted in tokens of the text, not
in columns, so that padding on either side changes nothing. All tokens take part, those that the tokenizer adds (BOS,
[CLS], [SEP]) too, as published; or only the text's own.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.extract import TOKEN_BUDGET, Packer, Pooling, pool
from probes.models.sites import reading

if TYPE_CHECKING:
    from probes.models.loading import Encoded, Model

Whole = Literal["weighted", "mean", "last", "first"]
"""How a text becomes one row."""


def whole(encoded: "Encoded", how: Whole, *, added: bool = True) -> Pooling:
    """Return the tokens of each text and their weights; a text that has none of its own gets count 0."""
    there = encoded.mask.cpu().numpy().astype(bool)
    if not added:
        there &= ~encoded.special
    count = there.sum(1)
    text, token = np.nonzero(there)
    place = np.arange(len(text)) - np.repeat(np.cumsum(count) - count, count)  # 0, 1, … in each text
    flat, length = text * there.shape[1] + token, count[text]
    if how in ("last", "first"):
        one = place == (length - 1 if how == "last" else 0)
        return Pooling(flat[one], np.minimum(count, 1))
    if how == "mean":
        return Pooling(flat, count)
    if how != "weighted":
        raise ValueError(f"No pooling is called '{how}'; there are {', '.join(get_args(Whole))}.")
    weight = (place + 1) / (length * (length + 1) / 2)
    return Pooling(flat, count, weight.astype(np.float32))


def read_texts(
    model: "Model", texts: Sequence[str], how: Whole, *, added: bool = True, progress: Progress | None = None
) -> dict[str, np.ndarray]:
    """Return {layer: float32 [text, width]} of every layer; nothing is stored, so memory grows with the texts.

    Raises StrataError E-TEXT-TOO-LONG as `extract` does, and E-TEXT-EMPTY when a text has no token to pool.
    """
    progress = progress or Progress()
    lengths = model.lengths(texts)
    model.check_lengths(lengths)
    rows = {label: np.zeros((len(texts), model.width), np.float32) for label in model.layers}
    packer = Packer(lengths, _budget(lengths, model.device))
    done = 0
    for batch, found in packer.each(
        np.argsort(lengths, kind="stable"), lambda batch: _pooled(model, [texts[i] for i in batch], how, added)
    ):
        for label, array in found.items():
            rows[label][batch] = array.cpu().numpy()
        done += int(lengths[batch].sum())
        progress.report(done, int(lengths.sum()), "reading hidden states")
    return rows


def _budget(lengths: np.ndarray, device: str) -> int:
    """Return the padded tokens of a pass: a CPU gains nothing from large ones, and short texts would be mostly padding.

    A hundred sentences of 20 tokens, some of 80, take 1.7 times as long in one batch as in eight of like lengths.
    """
    return int(np.clip(lengths.sum() // 8, 256, TOKEN_BUDGET)) if device == "cpu" else TOKEN_BUDGET


def _pooled(model: "Model", texts: Sequence[str], how: Whole, added: bool) -> dict[str, torch.Tensor]:
    encoded = model.encode(texts)
    pooling = whole(encoded, how, added=added)
    if not pooling.count.all():
        text = texts[int((pooling.count == 0).argmax())]
        raise StrataError(
            "E-TEXT-EMPTY",
            f"The text '{text[:60]}' has no token of its own.",
            f"{model.name} reads nothing of it.",
            "Leave it out, or pool over the added tokens too.",
        )
    rows: dict[str, torch.Tensor] = {}

    def take(label: str, states: torch.Tensor) -> None:
        rows[label] = pool(states, pooling)

    with torch.inference_mode(), reading(model, model.layers, take):
        model.forward(encoded)
    return rows
