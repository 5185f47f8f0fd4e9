"""What edits do to a model's predictions, text by text: the loss, how far they move, whether the first one stays.

How far is KL(as it is ‖ edited) over the whole vocabulary, in nats, the mean over the tokens that are predicted. The
plain predictions of a batch are held while every edit of it is tried, so that both are of the very same tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from probes.contract import Progress
from probes.extract.losses import Batch, batches
from probes.models import LanguageModel
from probes.models.edits import EditAt
from probes.models.sites import editing_all

Edits = Mapping[str, EditAt]
"""By label ("3", "3 mlp"): what is edited in the same forward."""


@dataclass(frozen=True)
class Change:
    """Predictions under an edit; each float64 [text], a mean over the text's predicted tokens."""

    loss: np.ndarray
    """Nats a token."""
    kl: np.ndarray
    """Nats a token, from the predictions as they are."""
    agree: np.ndarray
    """Share of tokens whose likeliest prediction is the one there was."""


def divergences(
    lm: LanguageModel, texts: Sequence[str], edits: Sequence[Edits], *, seed: int = 0, progress: Progress | None = None
) -> tuple[np.ndarray, list[Change]]:
    """Return the loss of each text as the model is [text], and what each of the edits changes."""
    base = np.full(len(texts), np.nan)
    found = [Change(*(np.full(len(texts), np.nan) for _ in range(3))) for _ in edits]
    for rows, batch in batches(lm, texts, seed, progress or Progress()):
        with torch.inference_mode():
            plain, truth, text = _predicted(lm, batch)
            base[rows] = _mean(_loss(plain, truth), text, len(rows))
            for edit, change in zip(edits, found, strict=True):
                with editing_all(lm.model, {label: at(batch.where) for label, at in edit.items()}):
                    other, _, _ = _predicted(lm, batch)
                change.loss[rows] = _mean(_loss(other, truth), text, len(rows))
                change.kl[rows] = _mean((plain.exp() * (plain - other)).sum(-1).clamp(min=0), text, len(rows))
                change.agree[rows] = _mean((plain.argmax(-1) == other.argmax(-1)).float(), text, len(rows))
    return base, found


def _predicted(lm: LanguageModel, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return log-probabilities [token, vocabulary], the true ids and the text of each token that counts."""
    logits, counted, truth = lm.logits(batch.encoded), batch.counted, batch.truth
    if lm.task == "next":
        logits, counted, truth = logits[:, :-1], counted[:, 1:], truth[:, 1:]
    return logits[counted].log_softmax(-1), truth[counted], counted.nonzero()[:, 0]


def _loss(logs: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    return -logs.gather(-1, truth[:, None])[:, 0]


def _mean(values: torch.Tensor, text: torch.Tensor, texts: int) -> np.ndarray:
    at = text.cpu().numpy()
    total, n = np.bincount(at, values.double().cpu().numpy(), texts), np.bincount(at, minlength=texts)
    return np.asarray(total / np.where(n, n, np.nan))
