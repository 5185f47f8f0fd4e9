"""How well a model predicts the tokens of texts, as it is or with one layer's states edited.

A decoder is asked for the token after each one (next-token loss), an encoder for 15 % of its tokens, masked (Devlin et
al., 2019); the mask of a text depends on the text and the seed alone. The first token of a text, and those a tokenizer
adds, are never edited, and what is predicted from them is not counted: in many decoders the first state is a sink for
attention a hundred times as long as the others (Xiao et al., 2024), and nothing can be predicted from it.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn import functional

from probes.contract import Progress
from probes.extract import TOKEN_BUDGET, Packer
from probes.models import Encoded, LanguageModel
from probes.models.edits import EditAt
from probes.models.encoding import embeddings_of
from probes.models.sites import editing, reading
from probes.subspaces import Moments
from probes.values import digest_of

MASKED = 0.15
LOGITS_BYTES = 128 << 20
"""The most that the logits of one forward may take."""
SHORTEST = 4
"""Sub-tokens of a text, the added ones aside; a shorter one leaves nothing to predict."""


@dataclass(frozen=True)
class Batch:
    """Texts as the model is given them: where states may be edited, which tokens count, and what they were."""

    encoded: Encoded
    where: torch.Tensor
    """bool [text, token]: a token of the text other than its first."""
    counted: torch.Tensor
    """bool [text, token]: its loss counts."""
    truth: torch.Tensor
    """int64 [text, token]: the ids as they were before any was masked."""


def batch_of(lm: LanguageModel, texts: Sequence[str], seed: int) -> Batch:
    """Encode texts, and mask tokens for an encoder."""
    encoded = lm.model.encode(texts)
    own = ~encoded.special
    where = own.copy()
    where[np.arange(len(texts)), own.argmax(1)] = False
    if lm.task == "next":
        counted = np.zeros_like(own)
        counted[:, 1:] = own[:, 1:] & where[:, :-1]
    else:
        counted = np.stack([_masked(row, text, seed) for row, text in zip(where, texts, strict=True)])
    there = torch.from_numpy(counted).to(encoded.ids.device)
    truth = encoded.ids
    if lm.task == "masked":
        encoded = replace(encoded, ids=truth.masked_fill(there, lm.mask or 0))
    return Batch(encoded, torch.from_numpy(where).to(truth.device), there, truth)


def _masked(where: np.ndarray, text: str, seed: int) -> np.ndarray:
    places = np.flatnonzero(where)
    draw = np.random.default_rng(int(digest_of([str(seed), text])[:15], 16))
    chosen = np.zeros_like(where)
    chosen[draw.choice(places, max(1, round(MASKED * len(places))), replace=False)] = True
    return chosen


def losses(
    lm: LanguageModel,
    texts: Sequence[str],
    *,
    edit: tuple[str, EditAt] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the mean loss of each text in nats a token, float64 [text], with one layer edited or none."""
    found = np.full(len(texts), np.nan)
    for rows, batch in batches(lm, texts, seed, progress or Progress()):
        layer, at = edit or ("", None)
        with torch.inference_mode(), editing(lm.model, layer, at(batch.where)) if at else nullcontext():
            found[rows] = _by_text(lm, batch)
    return found


def _by_text(lm: LanguageModel, batch: Batch) -> np.ndarray:
    logits = lm.logits(batch.encoded)
    counted, truth = batch.counted, batch.truth
    if lm.task == "next":
        logits, counted, truth = logits[:, :-1], counted[:, 1:], truth[:, 1:]
    loss = functional.cross_entropy(logits[counted], truth[counted], reduction="none").double().cpu().numpy()
    text = counted.nonzero()[:, 0].cpu().numpy()
    total, n = np.bincount(text, loss, len(truth)), np.bincount(text, minlength=len(truth))
    return np.asarray(total / np.where(n, n, np.nan))


def log_probabilities(lm: LanguageModel, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
    """Return what a decoder gives each whole text: the sum of its tokens' log-probabilities, float64 [text], in nats.

    Every token counts that has one before it to be predicted from, an added one too. Raises ValueError for encoders.
    """
    if lm.task != "next":
        raise ValueError(f"'{lm.model.name}' predicts masked tokens: a text has no log-probability.")
    found = np.zeros(len(texts))
    for rows, batch in batches(lm, texts, 0, progress or Progress()):
        ids, own = batch.encoded.ids, torch.from_numpy(~batch.encoded.special).to(batch.encoded.ids.device)
        counted = own[:, 1:] & (batch.encoded.mask[:, :-1] > 0)
        with torch.inference_mode():
            logs = lm.logits(batch.encoded)[:, :-1].float().log_softmax(-1)
        said = logs.gather(2, ids[:, 1:, None])[..., 0].double()
        found[rows] = (said * counted).sum(1).cpu().numpy()
    return found


def moments(
    lm: LanguageModel, texts: Sequence[str], layers: Sequence[str], *, seed: int = 0, progress: Progress | None = None
) -> dict[str, Moments]:
    """Return mean and covariance by layer over the places that are edited, of texts read as they are for a loss."""
    width = lm.model.width
    sums = {layer: (np.zeros(width), np.zeros((width, width))) for layer in layers}
    n = 0
    for _, batch in batches(lm, texts, seed, progress or Progress()):

        def take(layer: str, states: torch.Tensor, where: torch.Tensor = batch.where) -> None:
            rows = states[where.to(states.device)].double().cpu().numpy()
            first, second = sums[layer]
            first += rows.sum(0)
            second += rows.T @ rows

        with torch.inference_mode(), reading(lm.model, layers, take):
            lm.model.forward(batch.encoded)
        n += int(batch.where.sum())
    means = {layer: first / n for layer, (first, _) in sums.items()}
    return {layer: Moments(m, sums[layer][1] / n - np.outer(m, m)) for layer, m in means.items()}


def batches(
    lm: LanguageModel, texts: Sequence[str], seed: int, progress: Progress
) -> Iterator[tuple[np.ndarray, Batch]]:
    """Yield packed batches and which texts they are; what the caller does with a batch must fit in memory."""
    lengths = lm.model.lengths(texts)
    lm.model.check_lengths(lengths)
    packer = Packer(lengths, min(TOKEN_BUDGET, max(1, LOGITS_BYTES // (4 * embeddings_of(lm.model.net)))))
    order, done = np.argsort(lengths, kind="stable"), 0
    for rows in packer.batches(order):
        yield rows, batch_of(lm, [texts[i] for i in rows], seed)
        done += int(lengths[rows].sum())
        progress.report(done, int(lengths.sum()), "predicting tokens")
