"""The run behind `PoolingSpec`: one pass over the tokens a mask, every pooling of them, the same resamples for all."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from probes.contract import Progress
from probes.models import Model, loaded
from probes.models.masking import MASKS, Mask, can_impose, own_mask
from probes.models.provenance import source_of
from probes.quality import pairs as pairs_of
from probes.quality.latent import train
from probes.quality.pairs import Pairs
from probes.quality.poolers import POOLERS, words
from probes.quality.pooling import ALL, PoolingResult, PoolingSpec
from probes.quality.prefixes import cosines
from probes.quality.reads import ReadsPairs, layer_of
from probes.quality.scoring import Judge, limits
from probes.quality.tokens import read_tokens

MEAN, WORDS, BOTH, LATENT = "mean", "words", "first + words", "latent attention"
MOST_SPARE = 300
"""Texts that latent attention is trained on at most: their tokens are all kept in memory."""

Items = dict[tuple[str, str], list[np.ndarray]]
"""(mask, pooling) → what quality is made of [pair]; one a seed where something was trained."""


@dataclass(frozen=True)
class _Task:
    """A set of pairs with all that was pooled for it."""

    name: str
    pairs: Pairs
    judge: Judge
    items: Items
    bare: Items


def study(spec: PoolingSpec, progress: Progress) -> PoolingResult:
    """Answer a PoolingSpec; E-LAYER when the model has no such layer."""
    progress.report(0, 1, "loading the model")
    model = loaded(spec)
    layer = layer_of(model, spec.layer)
    own = own_mask(model)
    notes: tuple[str, ...] = ()
    masks: tuple[Mask, ...] = MASKS if spec.masks == "both" else (own,)
    if len(masks) > 1 and not can_impose(model):
        masks, notes = (own,), (f"{model.name} takes no mask but its own: the other one was left out.",)
    floor = loaded(spec, random_init=spec.seed) if spec.random_init else None
    tasks = []
    for i, name in enumerate(spec.tasks):
        step = progress.step(0.05 + 0.9 * i / len(spec.tasks), 0.05 + 0.9 * (i + 1) / len(spec.tasks))
        asked = ReadsPairs(**spec.choice().model_dump(), pairs=name, other_language=spec.other_language,
                           n=spec.n, seed=spec.seed)  # fmt: skip
        pairs = pairs_of.load(asked, model)
        work = _Work(spec, pairs, Judge(pairs, seed=spec.seed + i), layer)
        items = work.pooled(model, masks, own, step.step(0, 0.6))
        bare = work.pooled(floor, masks, own, step.step(0.6, 1)) if floor else {}
        tasks.append(_Task(name, pairs, work.judge, items, bare))
    texts = tuple(text for task in tasks for text in (*task.pairs.texts, *task.pairs.spare))
    notes = (*notes, *(note for task in tasks for note in task.pairs.notes))
    left: dict[str, int] = {}
    for task in tasks:
        left |= {f"{task.name}: {why}": n for why, n in task.pairs.left_out.items()}
    return PoolingResult(
        scores=scores(tasks, own), **_said(tasks, own, spec.seed), own=own, layer=layer, depth=model.depth,
        pairs={task.name: len(task.pairs) for task in tasks}, left_out=left,
        source=source_of(model, corpus=", ".join(spec.tasks), texts=texts, seed=spec.seed, notes=notes),
    )  # fmt: skip


@dataclass(frozen=True)
class _Work:
    spec: PoolingSpec
    pairs: Pairs
    judge: Judge
    layer: str

    def pooled(self, model: Model, masks: tuple[Mask, ...], own: Mask, progress: Progress) -> Items:
        """Return what the quality of every pooling under every mask is made of."""
        found: Items = {}
        spare = self.pairs.spare[:MOST_SPARE] if self.spec.latents else ()
        count = len(self.pairs.texts)
        for i, mask in enumerate(masks):
            step = progress.step(i / len(masks), (i + 1) / len(masks))
            texts = (*self.pairs.texts, *spare)
            asked = None if mask == own else mask
            states = read_tokens(model, texts, self.layer, asked, progress=step.step(0, 0.6))
            for name, similarity in self._similar(model, states[:count], states[count:], step.step(0.6, 1)):
                found.setdefault((mask, name), []).append(self.judge.items(similarity))
        return found

    def _similar(
        self, model: Model, states: list[np.ndarray], spare: list[np.ndarray], progress: Progress
    ) -> Iterator[tuple[str, np.ndarray]]:
        made = {name: self._cosine(np.stack([pool(rows) for rows in states])) for name, pool in POOLERS.items()}
        yield from made.items()
        lexical = self._overlap(words(states, _table(model)))
        yield WORDS, lexical
        yield BOTH, (made["first"] + lexical) / 2  # the cosine of the two, each at length 1, one behind the other
        starts = self.spec.seeds if not model.weights.startswith("random init") else 1
        for seed in range(starts if spare else 0):
            progress.report(seed, starts, "training latent attention")
            sizes: dict[str, Any] = {"latents": self.spec.latents, "steps": self.spec.steps}
            trained = train(spare, pairs=self.pairs.score is None, seed=self.spec.seed + seed, **sizes)
            yield LATENT, self._cosine(trained(states))

    def _cosine(self, rows: np.ndarray) -> np.ndarray:
        return cosines(rows[self.pairs.first], rows[self.pairs.second], rated=self.pairs.score is not None)

    def _overlap(self, rows: Any) -> np.ndarray:
        one, other = rows[self.pairs.first], rows[self.pairs.second]
        found = one.multiply(other).sum(1) if self.pairs.score is not None else (one @ other.T).toarray()
        return np.asarray(found).reshape((one.shape[0],) * (1 if self.pairs.score is not None else 2))


def _table(model: Model) -> np.ndarray:
    table = model.net.get_input_embeddings()
    found: np.ndarray = getattr(table, "base_layer", table).weight.detach().float().cpu().numpy()
    return found


def scores(tasks: list[_Task], own: str) -> pd.DataFrame:
    """Return quality by set, mask and pooling; over all sets, averages of resamples drawn inside each."""
    rows = []
    draws: dict[tuple[str, str, str], np.ndarray] = {}
    for task in tasks:
        for key, items in task.items.items():
            draws[task.name, *key] = np.mean([task.judge.resampled(x) for x in items], axis=0)
    for mask, pooling in tasks[0].items:
        found = [_worth(task, mask, pooling) for task in tasks]
        mine = [draws[task.name, mask, pooling] for task in tasks]
        plain = [draws[task.name, own, MEAN] for task in tasks]
        bases = [_worth(task, own, MEAN)[0] for task in tasks]
        named = [(task.name, task.pairs.measure) for task in tasks]
        if len(tasks) > 1:
            found.append(tuple(np.mean(found, axis=0)))
            mine.append(np.mean(mine, axis=0))
            plain.append(np.mean(plain, axis=0))
            bases.append(float(np.mean(bases)))
            named.append((ALL, "mean"))
        for name, one, draw, base, before in zip(named, found, mine, bases, plain, strict=True):
            value, spread, bare = (float(x) for x in one)
            more = limits(value - base, draw - before)
            rows.append((*name, mask, mask == own, pooling, *limits(value, draw), *more, spread, bare))
    names = ["task", "measure", "mask", "own", "pooling", "value", "low", "high", "more", "more_low", "more_high"]
    return pd.DataFrame(rows, columns=[*names, "spread", "untrained"])


def _worth(task: _Task, mask: str, pooling: str) -> tuple[float, ...]:
    """Return quality, how far seeds lie apart, and quality on random weights."""
    values = [task.judge.value(x) for x in task.items[mask, pooling]]
    bare = [task.judge.value(x) for x in task.bare.get((mask, pooling), [])]
    return float(np.mean(values)), max(values) - min(values), float(np.mean(bare)) if bare else float("nan")


def _said(tasks: list[_Task], own: str, seed: int) -> dict[str, Any]:
    """Choose mask and pooling on one half of every set's pairs, and measure them on the other halves."""
    halves = [task.pairs.half(seed) for task in tasks]
    judges = [[task.judge.some(np.flatnonzero(half == side)) for side in (0, 1)]
              for task, half in zip(tasks, halves, strict=True)]  # fmt: skip

    def of(key: tuple[str, str], side: int, *, bare: bool = False) -> float:
        values = [
            np.mean([judge[side].value(x[half == side]) for x in (task.bare if bare else task.items)[key]])
            for task, half, judge in zip(tasks, halves, judges, strict=True)
        ]
        return float(np.mean(values))

    keys = list(tasks[0].items)
    best = max(keys, key=lambda key: of(key, 0))
    draws = [
        np.mean([judge[1].resampled(x[half == 1]) for x in task.items[best]], axis=0)
        for task, half, judge in zip(tasks, halves, judges, strict=True)
    ]
    value, low, high = limits(of(best, 1), np.mean(draws, axis=0))
    floor = of(best, 1, bare=True) if tasks[0].bare else None
    return {"best_mask": best[0], "best": best[1], "value": value, "low": low, "high": high,
            "plain": of((own, MEAN), 1), "untrained": floor}  # fmt: skip
