"""The run behind `AblationSpec`: one reading of all texts for each block and way of leaving it out."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.losses import batches, losses
from probes.intervention.ablation import MEAN, RESAMPLE, WAYS, ZERO, AblationResult, AblationSpec
from probes.intervention.reading_texts import of_corpus
from probes.models import LanguageModel, Model, language_model, loaded
from probes.models.edits import EditAt
from probes.models.provenance import source_of
from probes.models.sites import Edit, reading
from probes.stats import bootstrap


def leave_out(spec: AblationSpec, progress: Progress) -> AblationResult:
    """Answer an AblationSpec; refuses blocks the model lacks."""
    progress.report(0, 1, "loading the model")
    lm = language_model(loaded(spec))
    blocks, left_out = blocks_of(spec.layers, lm.model.depth), Counter[str]()
    asked = (spec.corpus, spec.language, 2 * spec.texts)
    some = [t.text for t in of_corpus(lm, *asked, seed=spec.seed, left_out=left_out)]
    texts, others = some[: (len(some) + 1) // 2], some[(len(some) + 1) // 2 :]
    means, ratios = added(lm, others, blocks, spec.seed, progress.step(0, 0.1))
    base = losses(lm, texts, seed=spec.seed, progress=progress.step(0.1, 0.15))
    rows, total = [], len(blocks) * len(WAYS)
    for i, (block, way) in enumerate((block, way) for block in blocks for way in WAYS):
        part = progress.step(0.15 + 0.85 * i / total, 0.15 + 0.85 * (i + 1) / total)
        with before(lm.model, block) as came:
            edit = (str(block), without(came, way, means[block], spec.seed))
            found = losses(lm, texts, edit=edit, seed=spec.seed, progress=part)
        change = bootstrap((found - base)[None], seed=spec.seed)
        rows.append((block, str(block), way, float(found.mean()), *change.tolist()))
    changes = pd.DataFrame(rows, columns=["order", "layer", "way", "loss", "change", "low", "high"])
    resampled = changes[changes["way"] == RESAMPLE]
    return AblationResult(
        changes=changes,
        added=pd.DataFrame([(b, str(b), ratios[b]) for b in blocks], columns=["order", "layer", "ratio"]),
        base=float(base.mean()),
        worst=str(resampled.loc[resampled["change"].idxmax(), "layer"]),
        least=str(resampled.loc[resampled["change"].idxmin(), "layer"]),
        depth=lm.model.depth,
        task=lm.task,
        texts=len(texts),
        left_out=dict(left_out),
        source=source_of(lm.model, corpus=spec.corpus, texts=some, seed=spec.seed),
    )


def blocks_of(layers: str, depth: int) -> list[int]:
    """Return the blocks that are left out, in order; raises StrataError E-LAYER-UNKNOWN with the choices."""
    asked = layers.strip().lower()
    if asked == "all":
        return list(range(1, depth + 1))
    every = asked.removeprefix("every ").rstrip("thrdns")
    if asked.startswith("every ") and every.isascii() and every.isdigit() and int(every) > 0:
        return sorted({*range(1, depth + 1, int(every)), depth})
    parts = [part.strip() for part in asked.split(",") if part.strip()]
    if not parts or not all(p.isascii() and p.isdigit() and 1 <= int(p) <= depth for p in parts):
        raise StrataError(
            "E-LAYER-UNKNOWN",
            f"'{layers[:60]}' names no blocks of this model.",
            f"It has blocks 1 to {depth}.",
            "Say all, every 3rd, or some numbers with commas between them.",
        )
    return sorted({int(part) for part in parts})


@dataclass
class Came:
    """What entered the block in the forward that runs."""

    states: torch.Tensor


@contextmanager
def before(model: Model, block: int) -> Iterator[Came]:
    """Keep, of every forward, what enters a block."""
    came = Came(torch.empty(0))

    def keep(_label: str, states: torch.Tensor) -> None:
        came.states = states.clone()  # some blocks add to their input in place

    with reading(model, [str(block - 1)], keep):
        yield came


def without(came: Came, way: str, mean: np.ndarray, seed: int) -> EditAt:
    """Return the edit of what leaves the block: what entered it, and something in the place of what it added."""
    usual = torch.from_numpy(mean.astype(np.float32))

    def at(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            there = where.to(states.device)
            if way == ZERO:
                new = came.states
            elif way == MEAN:
                new = came.states + usual.to(states.device, states.dtype)
            else:
                gave = (states - came.states)[there]
                turn = torch.from_numpy(np.random.default_rng(seed).permutation(len(gave))).to(states.device)
                new = came.states.clone()
                new[there] += gave[turn]
            return torch.where(there[..., None], new, states)

        return edit

    return at


def added(
    lm: LanguageModel, texts: list[str], blocks: list[int], seed: int, progress: Progress
) -> tuple[dict[int, np.ndarray], dict[int, float]]:
    """Return by block the mean of what it adds [width], and how long that is beside what it is added to."""
    sums = {block: np.zeros(lm.model.width) for block in blocks}
    ratios = dict.fromkeys(blocks, 0.0)
    wanted, n = sorted({str(b - k) for b in blocks for k in (0, 1)}, key=int), 0
    for _, batch in batches(lm, texts, seed, progress):
        states: dict[str, torch.Tensor] = {}

        def take(label: str, found: torch.Tensor, kept: dict[str, torch.Tensor] = states) -> None:
            kept[label] = found.float().clone()

        with torch.inference_mode(), reading(lm.model, wanted, take):
            lm.model.forward(batch.encoded)
        there = batch.where
        for block in blocks:
            came = states[str(block - 1)][there]
            gave = states[str(block)][there] - came
            sums[block] += gave.double().sum(0).cpu().numpy()
            ratios[block] += float((gave.norm(dim=-1) / came.norm(dim=-1).clamp(min=1e-12)).double().sum())
        n += int(there.sum())
    return {b: sums[b] / n for b in blocks}, {b: ratios[b] / n for b in blocks}
