"""Model × texts → States: the only loop of forward passes (whole texts as one row each: `probes.extract.texts`).

One pass gives every layer. Texts are sorted by length and packed to a token budget; inside the forward each layer is
averaged over the spans asked for, on the device, and only those rows are kept (DESIGN 4).
"""

import ctypes
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch

from probes import store
from probes.contract import Progress
from probes.errors import StrataError
from probes.models.encoding import cut_to
from probes.models.oom import out_of_memory
from probes.models.sites import reading
from probes.store import States
from probes.values import Source, digest_of

if TYPE_CHECKING:
    from probes.models.loading import Encoded, Model

TOKEN_BUDGET = 4096
"""Padded tokens a forward pass: large enough to keep a CPU or a small GPU busy, small enough to stay in cache."""
BLOCK_BYTES = 128 << 20
"""Pooled rows between two commits: the most that an interruption can cost."""

Read = TypeVar("Read")
Spans = np.ndarray
"""int [n, 2]: character ranges of one text, in order, not overlapping."""


@dataclass(frozen=True)
class Pooling:
    """Which sub-tokens each span averages: span `row[k]` takes flat token `token[k]`; `count` is [spans]."""

    token: np.ndarray
    count: np.ndarray
    weight: np.ndarray | None = None
    """float32, one a token, that add up to 1 in every span; none for equal ones."""


def align(offsets: np.ndarray, special: np.ndarray, spans: Sequence[Spans]) -> Pooling:
    """Match spans to sub-tokens by character overlap, for a whole batch at once.

    `offsets` is [text, token, 2] in characters of each text, `special` [text, token] marks what is not text (padding
    included). A token that straddles two spans (`):`) belongs to both; a span the tokenizer dropped gets count 0.
    """
    text, token = np.nonzero(~special & (offsets[..., 1] > offsets[..., 0]))
    # every text gets its own stretch of one long line, so that one binary search serves the batch
    reach = 1 + max([int(offsets[..., 1].max(initial=0)), *(int(s.max(initial=0)) for s in spans)])
    start, end = (offsets[text, token, side] + text * reach for side in (0, 1))
    base = np.repeat(np.arange(len(spans)) * reach, [len(s) for s in spans])
    span = np.concatenate([s.reshape(-1, 2) for s in spans]) + base[:, None]
    first = np.searchsorted(end, span[:, 0], side="right")
    stop = np.searchsorted(start, span[:, 1], side="left")
    count = np.maximum(stop - first, 0)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    flat = text * offsets.shape[1] + token
    return Pooling(flat[np.repeat(first, count) + within], count)


def pool(states: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """Average [text, token, width] over the spans: float32 [spans, width], zero where a span has no token."""
    rows = states.flatten(0, 1)[torch.from_numpy(pooling.token).to(states.device)].float()
    if not len(pooling.count):
        return rows  # segment_reduce wants at least one segment
    lengths = torch.from_numpy(pooling.count).to(states.device)
    if pooling.weight is not None:
        rows = rows * torch.from_numpy(pooling.weight).to(rows.device)[:, None]
    how = "mean" if pooling.weight is None else "sum"
    # contiguous segments, not scattered adds: the same bits on every run, also on an accelerator
    return torch.segment_reduce(rows, how, lengths=lengths, initial=0.0)


def _ends(spans: Sequence[Spans]) -> np.ndarray:
    return np.array([int(s.max(initial=0)) for s in spans], np.int64)


def pooled(
    model: "Model", texts: Sequence[str], spans: Sequence[Spans], layers: Sequence[str] = ()
) -> tuple[dict[str, torch.Tensor], np.ndarray]:
    """Return layers (all, when none are named) of a few texts pooled over their spans, and sub-token counts [span].

    The layers are {label: [span, width]}, on the device. Where no token sees those after it, nothing is read that
    stands behind the last span.
    """
    encoded: Encoded = model.encode(texts)
    if model.causal:
        encoded = cut_to(encoded, _ends(spans))
    pooling = align(encoded.offsets, encoded.special, spans)
    rows: dict[str, torch.Tensor] = {}

    def take(label: str, states: torch.Tensor) -> None:
        rows[label] = pool(states, pooling)

    with torch.inference_mode(), reading(model, layers or model.layers, take):
        model.forward(encoded)
    return rows, pooling.count


@dataclass
class Packer:
    """Cuts texts into batches under a token budget that shrinks, and stays shrunk, when memory runs out."""

    lengths: np.ndarray
    budget: int = TOKEN_BUDGET
    shrunk: list[int] = field(default_factory=list)

    def batches(self, order: np.ndarray) -> Iterator[np.ndarray]:
        """Yield runs of `order` (sorted by length, longest last) whose padded size is within the budget."""
        first = 0
        while first < len(order):
            stop = first + 1
            while stop < len(order) and self.lengths[order[stop]] * (stop + 1 - first) <= self.budget:
                stop += 1
            yield order[first:stop]
            first = stop

    def each(self, order: np.ndarray, read: Callable[[np.ndarray], Read]) -> Iterator[tuple[np.ndarray, Read]]:
        """Yield each batch of `order` (sorted as above) with what `read` makes of it; what is too large is halved."""
        while len(order):
            batch = next(self.batches(order))
            try:
                found = read(batch)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                self.halve(batch)
                continue
            yield batch, found
            order = order[len(batch) :]

    def halve(self, batch: np.ndarray) -> None:
        """Remember that `batch` did not fit; raises when it was a single text."""
        if len(batch) == 1:
            raise StrataError(
                "E-MEMORY",
                f"One text of {int(self.lengths[batch[0]])} sub-tokens does not fit in the device's memory.",
                fix="Use a smaller dtype, shorter texts, or another device.",
            )
        self.budget = max(1, int(self.lengths[batch].max()) * len(batch) // 2)
        self.shrunk.append(self.budget)


def extract(
    model: "Model",
    texts: Sequence[str],
    spans: Sequence[Spans],
    *,
    source: Source,
    part: str = "residual",
    progress: Progress | None = None,
) -> States:
    """Return the stored states of a part of every layer, pooled over `spans`; computed once, resumed when interrupted.

    Raises StrataError E-TEXT-TOO-LONG when a text exceeds the model's context (nothing is ever cut).
    """
    lengths = model.lengths(texts)
    model.check_lengths(lengths)
    labels, progress = model.labels(part), progress or Progress()
    digest = _identity(model, labels, texts, spans)
    with store.lock(store.folder("states", digest), lambda: progress.report(0, 1, "waiting for the same states")):
        if (known := store.open_states(digest)) is not None:
            return known
        starts = np.concatenate([[0], np.cumsum([len(s) for s in spans])]).astype(np.int64)
        making = store.Part(digest, labels, model.width_of(part), starts)
        try:
            _fill(making, _Work(model, texts, spans, Packer(model.lengths_to(texts, _ends(spans)))), progress)
        finally:
            making.close()
        making.finish(source)
    made = store.open_states(digest)
    assert made is not None, "finished under the lock a line ago"
    return made


def _identity(model: "Model", labels: Sequence[str], texts: Sequence[str], spans: Sequence[Spans]) -> str:
    ranges = (np.ascontiguousarray(s, np.int64).tobytes().hex() for s in spans)
    return digest_of(["states 2", *model.identity, *labels, digest_of(texts), digest_of(ranges)])


@dataclass(frozen=True)
class _Work:
    model: "Model"
    texts: Sequence[str]
    spans: Sequence[Spans]
    packer: Packer


def _fill(part: store.Part, work: _Work, progress: Progress) -> None:
    order = np.argsort(work.packer.lengths, kind="stable")
    rows = np.diff(part.starts)[order]
    per_block = max(1, BLOCK_BYTES // (4 * part.shape[1] * len(part.layers)))
    block_of = (np.cumsum(rows) - rows) // per_block  # fixed by the corpus, so that a resumed run cuts the same blocks
    total, done = int(work.packer.lengths.sum()), 0
    for block in np.unique(block_of):
        members = order[block_of == block]
        if block in part.done:
            done += int(work.packer.lengths[members].sum())
            continue
        for tokens in _fill_block(part, work, members):
            done += tokens
            progress.report(done, total, "reading hidden states")
        part.commit(int(block))
        _give_back()


def _give_back() -> None:
    """Return freed memory to the system: glibc keeps it in pieces, and a long extraction would grow by half."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


def _fill_block(part: store.Part, work: _Work, members: np.ndarray) -> Iterator[int]:
    """Put the rows of a block in place, yielding the sub-tokens of each batch as it is done."""

    def read(batch: np.ndarray) -> tuple[dict[str, torch.Tensor], np.ndarray]:
        return pooled(work.model, [work.texts[i] for i in batch], [work.spans[i] for i in batch], part.layers)

    for batch, (rows, count) in work.packer.each(members, read):
        arrays = [rows[label].cpu().numpy() for label in part.layers]
        at = 0
        for text in batch:  # one write a text and layer: rows go straight to their final place
            start, n = int(part.starts[text]), len(work.spans[text])
            for layer, array in enumerate(arrays):
                part.put(layer, start, array[at : at + n])
            part.count(start, count[at : at + n])
            at += n
        yield int(work.packer.lengths[batch].sum())
