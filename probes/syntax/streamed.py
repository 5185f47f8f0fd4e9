"""Word states that are never stored: the model runs again whenever some are read, one pass for all its layers.

For corpora whose states would not fit on disk, on a device where a pass is cheap: training then costs a forward pass a
batch and epoch, still one for all layers, ranks, seeds and tasks together. The numbers are those of stored states, up
to the rounding of other batches.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from probes.errors import StrataError
from probes.extract import Packer, align, pooled
from probes.models import Model
from probes.syntax.dataset import Dataset


@dataclass
class Streamed:
    """The word states of a model's reading of some snippets; offers of `States` what probes read."""

    model: Model
    data: Dataset
    _last: tuple[bytes, dict[str, np.ndarray]] = field(default=(b"", {}), init=False)
    """What was read last, as series ask for the same rows one after the other."""

    def __post_init__(self) -> None:
        snippets = self.data.snippets
        self.starts = np.concatenate([[0], np.cumsum([len(s) for s in snippets])])
        self.lengths = self.model.lengths([s.text for s in snippets])
        self.model.check_lengths(self.lengths)

    @property
    def layers(self) -> tuple[str, ...]:
        """The labels of all layers."""
        return self.model.layers

    @property
    def tokens(self) -> np.ndarray:
        """Return how many sub-tokens each word has, int64 [word]."""
        counts = []
        for piece in self.data.snippets:
            encoded = self.model.encode([piece.text])
            counts.append(align(encoded.offsets, encoded.special, [piece.spans]).count)
        return np.concatenate(counts)

    def at(self, layer: str) -> "StreamedLayer":
        """Return the rows of a layer, to be made when they are asked for."""
        return StreamedLayer(self, layer)

    def read(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return some words' states of all layers, {layer: float32 [row, width]}; refuses those not to be trusted."""
        key = rows.tobytes()
        if self._last[0] != key:
            self._last = (b"", {})  # let go of the old rows first: both need not fit
            self._last = (key, self._made(rows))
        return self._last[1]

    def _made(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        which = np.unique(np.searchsorted(self.starts, rows, side="right") - 1)
        packer = Packer(self.lengths)
        found = {layer: np.empty((len(rows), self.model.width), np.float32) for layer in self.layers}
        for batch in packer.batches(which[np.argsort(self.lengths[which], kind="stable")]):
            some = [self.data.snippets[i] for i in batch]
            states, _ = pooled(self.model, [s.text for s in some], [s.spans for s in some])
            words = np.concatenate([np.arange(self.starts[i], self.starts[i + 1]) for i in batch])
            order = np.argsort(words)
            here = np.flatnonzero(np.isin(rows, words))
            places = order[np.searchsorted(words[order], rows[here])]
            for layer, table in found.items():
                table[here] = states[layer].float().cpu().numpy()[places]
        for layer, table in found.items():
            trusted(table, layer, self.model)
        return found


@dataclass(frozen=True)
class StreamedLayer:
    """One layer of streamed states."""

    source: Streamed
    layer: str

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and width."""
        return int(self.source.starts[-1]), self.source.model.width

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Return float32 [row, width]."""
        wanted = np.arange(self.shape[0])[rows]
        return self.source.read(wanted)[self.layer] if len(wanted) else np.zeros((0, self.shape[1]), np.float32)


def trusted(rows: np.ndarray, layer: str, model: Model) -> None:
    """Refuse (E-STATES-NAN) states with NaN or infinite numbers, or nothing but zeros."""
    if not np.isfinite(rows).all() or not rows.any():
        raise StrataError(
            "E-STATES-NAN",
            f"Layer {layer} of {model.name} holds NaN, infinite numbers or only zeros in {model.dtype}.",
            "A probe of such a layer would mean nothing.",
            "Use float32 or bfloat16.",
        )
