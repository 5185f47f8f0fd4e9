"""The run behind `ErasureSpec`: states of labelled texts, erasers fitted on half of them, losses of the other half."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.losses import batches, losses, moments
from probes.intervention.erasers import Eraser, Probe, balanced, between_means, inlp, leace
from probes.intervention.erasure import (
    EQUAL_RANK,
    EQUAL_VARIANCE,
    INTACT,
    OURS,
    ErasureResult,
    ErasureSpec,
)
from probes.intervention.reading_texts import layer_of, of_corpus, of_english
from probes.models import LanguageModel, language_model, loaded
from probes.models.edits import taken
from probes.models.provenance import source_of
from probes.models.sites import reading
from probes.stats import bootstrap
from probes.subspaces import of_equal_rank, of_equal_variance
from probes.values import Text

CODE, ENGLISH = "code", "English"


@dataclass(frozen=True)
class Half:
    """Labelled texts, and the states of their tokens."""

    texts: list[str]
    label: np.ndarray
    """int64 [text]."""
    rows: np.ndarray
    """float64 [token, width]."""
    text: np.ndarray
    """int64 [token]: which text a row is of."""

    @property
    def labels(self) -> np.ndarray:
        """The label of every row."""
        return self.label[self.text]


def erase(spec: ErasureSpec, progress: Progress) -> ErasureResult:
    """Answer an ErasureSpec; refuses a label that is not a column, and fewer than two classes."""
    progress.report(0, 1, "loading the model")
    lm = language_model(loaded(spec))
    layer, left_out = layer_of(lm, spec.layer), Counter[str]()
    names, texts = classes_of(spec, lm, left_out)
    fit, test = (half(lm, texts, side, layer, spec.seed, progress.step(0, 0.1)) for side in (0, 1))
    erasers = made(spec, lm, fit, len(names), layer)
    base = losses(lm, test.texts, seed=spec.seed, progress=progress.step(0.1, 0.2))
    found = edited(spec, lm, test.texts, (layer, erasers), progress.step(0.2, 1))
    table = costs(spec, names, test, base, found)
    about = f"{spec.corpus}, by {spec.label}" if spec.label else f"{spec.corpus} and English of {spec.english}"
    return ErasureResult(
        erased=probed(spec, (fit, test), erasers, len(names)),
        losses=table,
        change={name: float(table[table["removed"] == name]["change"].mean()) for name in found},
        labels=tuple(names),
        layer=layer,
        depth=lm.model.depth,
        rank=erasers[OURS][0].rank,
        method=spec.method,
        chance=1 / len(names),
        draws=spec.draws,
        task=lm.task,
        sizes={name: int((test.label == k).sum()) for k, name in enumerate(names)},
        left_out=dict(left_out),
        source=source_of(lm.model, corpus=about, texts=[*fit.texts, *test.texts], seed=spec.seed),
    )


def edited(
    spec: ErasureSpec,
    lm: LanguageModel,
    texts: list[str],
    edits: tuple[str, dict[str, list[Eraser]]],
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Return the losses [draw, text] under every edit of a layer, by what it removes."""
    layer, erasers = edits
    found: dict[str, np.ndarray] = {}
    total, done = sum(map(len, erasers.values())), 0
    for name, some in erasers.items():
        rows = []
        for one in some:
            at = (layer, taken(one.left, one.right, one.mean))
            part = progress.step(done / total, (done + 1) / total)
            rows.append(losses(lm, texts, edit=at, seed=spec.seed, progress=part))
            done += 1
        found[name] = np.stack(rows)
    return found


def classes_of(spec: ErasureSpec, lm: LanguageModel, left_out: Counter[str]) -> tuple[list[str], list[list[str]]]:
    """Return the names of the classes and their texts, equal texts once; raises StrataError E-LABEL."""
    if not spec.label:
        code = of_corpus(lm, spec.corpus, spec.language, spec.texts, seed=spec.seed, left_out=left_out)
        prose = of_english(lm, spec.english, spec.texts, seed=spec.seed, left_out=left_out)
        return [CODE, ENGLISH], [list(dict.fromkeys(t.text for t in some)) for some in (code, prose)]
    some = of_corpus(lm, spec.corpus, spec.language, 20 * spec.texts, seed=spec.seed, left_out=left_out)
    columns = [name for name, _ in some[0].labels]
    if spec.label not in columns:
        what = f"'{spec.corpus[:200]}' has no label '{spec.label[:60]}'."
        raise StrataError(
            "E-LABEL", what, fix=f"Its labels are: {', '.join(columns) or 'none'}; table:FILE?label=COLUMN names more."
        )
    by: dict[str, dict[str, Text]] = {}
    for text in some:
        by.setdefault(str(dict(text.labels)[spec.label]), {})[text.text] = text
    kept = {name: list(texts)[: spec.texts] for name, texts in sorted(by.items()) if len(texts) >= 4}
    if not 2 <= len(kept) <= 20:
        raise StrataError(
            "E-LABEL",
            f"'{spec.label[:60]}' has {len(kept)} classes of four texts or more.",
            "It takes 2 to 20.",
            "Choose another column, or a larger corpus.",
        )
    return list(kept), list(kept.values())


def half(
    lm: LanguageModel, texts: list[list[str]], side: int, layer: str, seed: int, progress: Progress
) -> Half:  # limit: a half is of one model, layer and seed
    """Read every other text of each class: the even ones to fit on, the odd ones to measure."""
    mine = [(text, k) for k, some in enumerate(texts) for text in some[side::2]]
    own = [text for text, _ in mine]
    parts: dict[int, np.ndarray] = {}
    for places, batch in batches(lm, own, seed, progress):

        def take(_label: str, states: torch.Tensor, where: torch.Tensor = batch.where, at: np.ndarray = places) -> None:
            for row, text in enumerate(at):
                parts[int(text)] = states[row][where[row].to(states.device)].double().cpu().numpy()

        with torch.inference_mode(), reading(lm.model, [layer], take):
            lm.model.forward(batch.encoded)
    rows = [parts[i] for i in range(len(own))]
    return Half(
        own, np.array([k for _, k in mine]), np.concatenate(rows), np.repeat(range(len(own)), list(map(len, rows)))
    )


def made(spec: ErasureSpec, lm: LanguageModel, fit: Half, classes: int, layer: str) -> dict[str, list[Eraser]]:
    """Return the eraser, and random projections of equal rank, and of equal rank and variance."""
    if spec.method == "leace":
        ours = leace(fit.rows, fit.labels, classes)
    elif spec.method == "inlp":
        ours = inlp(fit.rows, fit.labels, classes, spec.rounds)
    else:
        ours = between_means(fit.rows, fit.labels, classes)
    stats = moments(lm, fit.texts, [layer], seed=spec.seed)[layer]
    share = stats.share(np.linalg.qr(ours.left).Q)
    found = {OURS: [ours], EQUAL_RANK: [], EQUAL_VARIANCE: []}
    for n in range(spec.draws):
        plain = of_equal_rank(stats, ours.rank, np.random.default_rng([spec.seed, 0, n]))
        tilted = of_equal_variance(stats, ours.rank, share, np.random.default_rng([spec.seed, 1, n]))
        found[EQUAL_RANK].append(Eraser(plain, plain, stats.mean))
        found[EQUAL_VARIANCE].append(Eraser(tilted, tilted, stats.mean))
    return found


def probed(
    spec: ErasureSpec, halves: tuple[Half, Half], erasers: dict[str, list[Eraser]], classes: int
) -> pd.DataFrame:
    """Fit a fresh probe on edited states of one half, and score it on the other's, text by text."""
    fit, test = halves
    total = float(np.square(test.rows - test.rows.mean(0)).sum(1).mean())
    rows = []
    nothing = np.zeros((fit.rows.shape[1], 0))
    for name, some in {INTACT: [Eraser(nothing, nothing, fit.rows.mean(0))], **erasers}.items():
        scores, shares, moved = [], [], []
        for one in some:
            right = Probe.fit(one(fit.rows), fit.labels, classes).right(one(test.rows), test.labels)
            scores.append([right[test.text == i].mean() for i in range(len(test.texts))])
            axes = np.linalg.qr(one.left).Q if one.rank else one.left
            shares.append(float(np.square((test.rows - test.rows.mean(0)) @ axes).sum(1).mean()) / total)
            moved.append(float(np.square(one(test.rows) - test.rows).sum(1).mean()) / total)
        low, high = _by_class(np.array(scores), test.label, classes, spec.seed)
        accuracy = float(np.mean([balanced(row, test.label, classes) for row in np.array(scores)]))
        rows.append(
            (name, some[0].rank, np.mean(shares), accuracy, min(low, accuracy), max(high, accuracy), np.mean(moved))
        )
    return pd.DataFrame(rows, columns=["removed", "rank", "share", "accuracy", "low", "high", "moved"])


def _by_class(scores: np.ndarray, label: np.ndarray, classes: int, seed: int) -> tuple[float, float]:
    """Return the bounds of a mean over classes: texts are resampled inside their class."""
    draw = np.random.default_rng(seed)
    means = np.zeros(1000)
    for k in range(classes):
        mine = scores[:, label == k].mean(0)
        means += mine[draw.integers(0, len(mine), (1000, len(mine)))].mean(1) / classes
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def costs(
    spec: ErasureSpec, names: list[str], test: Half, base: np.ndarray, found: dict[str, np.ndarray]
) -> pd.DataFrame:
    """Return one row a class and thing removed, with intervals over texts and draws."""
    rows = []
    for k, label in enumerate(names):
        mine = test.label == k
        for name, values in found.items():
            change = bootstrap(values[:, mine] - base[mine], seed=spec.seed)
            above = np.full(3, np.nan)
            if name != OURS:
                above = bootstrap(found[OURS][:, mine] - values[:, mine], seed=spec.seed)
            rows.append((label, name, float(values[:, mine].mean()), *change.tolist(), *above.tolist()))
    names = ["label", "removed", "loss", "change", "change_low", "change_high"]
    return pd.DataFrame(rows, columns=[*names, "above", "above_low", "above_high"])
