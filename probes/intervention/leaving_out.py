"""The run behind `AblationSpec`: one reading of all texts for each block, part of it and way of leaving it out."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.losses import batches, losses
from probes.intervention.ablation import BLOCK, MEAN, WAYS, ZERO, AblationResult, AblationSpec
from probes.intervention.reading_texts import of_corpus
from probes.models import LanguageModel, Model, language_model, loaded
from probes.models.edits import EditAt
from probes.models.parts import label_of
from probes.models.provenance import source_of
from probes.models.sites import Edit, reading
from probes.stats import bootstrap

CHANGES = ["order", "layer", "part", "way", "loss", "change", "low", "high"]
CHANGES += ["random", "above", "above_low", "above_high"]


@dataclass(frozen=True)
class Piece:
    """What is left out at a time: all that a block adds, or a part of it as `probes.models.parts` names it."""

    block: int
    part: str = BLOCK

    @property
    def label(self) -> str:
        """Where the model is edited: of a whole block, its output."""
        return label_of(self.block, "residual" if self.part == BLOCK else self.part)

    @property
    def shown(self) -> tuple[int, str, str]:
        """Return order, layer and part as the tables have them."""
        return self.block, str(self.block), self.part.replace("head:", "head ")


def leave_out(spec: AblationSpec, progress: Progress) -> AblationResult:
    """Answer an AblationSpec; refuses blocks the model lacks, and parts of a model whose blocks are not known."""
    progress.report(0, 1, "loading the model")
    lm = language_model(loaded(spec))
    pieces, left_out = pieces_of(spec, lm.model), Counter[str]()
    asked = (spec.corpus, spec.language, 2 * spec.texts)
    some = [t.text for t in of_corpus(lm, *asked, seed=spec.seed, left_out=left_out)]
    texts, others = some[: (len(some) + 1) // 2], some[(len(some) + 1) // 2 :]
    means, ratios = added(lm, others, pieces, spec.seed, progress.step(0, 0.1))
    base = losses(lm, texts, seed=spec.seed, progress=progress.step(0.1, 0.15))
    changes = changed(lm, texts, base, spec, means, progress.step(0.15, 1))
    return AblationResult(
        changes=changes,
        added=pd.DataFrame([(*p.shown, r) for p, r in ratios.items()], columns=["order", "layer", "part", "ratio"]),
        base=float(base.mean()),
        **_ends(changes, told := _ways(spec)[-1]),
        told=told,
        site=spec.site,
        depth=lm.model.depth,
        task=lm.task,
        texts=len(texts),
        left_out=dict(left_out),
        source=source_of(lm.model, corpus=spec.corpus, texts=some, seed=spec.seed),
    )


def _ways(spec: AblationSpec) -> tuple[str, ...]:
    return WAYS if spec.way == "all" else (spec.way,)


def changed(  # limit: one loop over what is left out, with all that it needs
    lm: LanguageModel,
    texts: list[str],
    base: np.ndarray,
    spec: AblationSpec,
    means: dict[Piece, np.ndarray],
    progress: Progress,
) -> pd.DataFrame:
    """Return one row a piece and way: the loss without it, and in the last way where as much was changed at random."""
    rows, ways = [], _ways(spec)
    total = len(means) * len(ways)
    for i, (piece, way) in enumerate((piece, way) for piece in means for way in ways):
        part = progress.step(i / total, (i + 1) / total)
        with before(lm.model, piece.block) if piece.part == BLOCK else nullcontext() as came:
            edit = without(came, way, means[piece], spec.seed)
            found = losses(lm, texts, edit=(piece.label, edit), seed=spec.seed, progress=part)
            beside = [np.nan] * 4
            if spec.control and way == ways[-1]:
                other = losses(lm, texts, edit=turned(piece, edit, lm.model, spec.seed), seed=spec.seed, progress=part)
                above = bootstrap((found - other)[None], seed=spec.seed)
                beside = [float((other - base).mean()), *above.tolist()]
        change = bootstrap((found - base)[None], seed=spec.seed)
        rows.append((*piece.shown, way, float(found.mean()), *change.tolist(), *beside))
    return pd.DataFrame(rows, columns=CHANGES)


def _ends(changes: pd.DataFrame, way: str) -> dict[str, tuple[str, str]]:
    """Return the layer and part that are missed most (worst) and least, left out in one way."""
    rows = changes[changes["way"] == way]
    ends = {"worst": rows["change"].idxmax(), "least": rows["change"].idxmin()}
    return {name: (str(rows.at[i, "layer"]), str(rows.at[i, "part"])) for name, i in ends.items()}


def pieces_of(spec: AblationSpec, model: Model) -> list[Piece]:
    """Return what is left out, block by block."""
    blocks = blocks_of(spec.layers, model.depth)
    if spec.site == "blocks":
        return [Piece(block) for block in blocks]
    names = ("attention", "mlp") if spec.site == "parts" else tuple(f"head:{k}" for k in range(model.parts.heads))
    return [Piece(block, name) for block in blocks for name in names]


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


def without(came: Came | None, way: str, mean: np.ndarray, seed: int) -> EditAt:
    """Return the edit that puts something in the place of what was added.

    Of a block its output is edited, and what entered it stays; of a part, where nothing `came`, what the part gives.
    """
    usual = torch.from_numpy(mean.astype(np.float32))

    def at(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            there = where.to(states.device)
            stays = came.states if came is not None else torch.zeros_like(states)
            if way == ZERO:
                new = stays
            elif way == MEAN:
                new = stays + usual.to(states.device, states.dtype)
            else:
                gave = (states - stays)[there]
                turn = torch.from_numpy(np.random.default_rng(seed).permutation(len(gave))).to(states.device)
                new = stays.clone()
                new[there] += gave[turn]
            return torch.where(there[..., None], new, states)

        return edit

    return at


def turned(piece: Piece, edit: EditAt, model: Model, seed: int) -> tuple[str, EditAt]:
    """Return where and how states are changed by as much as by another edit, in directions that a rotation draws.

    A head's change is turned into the values that all heads of its block mix, so that it falls on each of them.
    """
    head = int(piece.part.removeprefix("head:")) if piece.part.startswith("head:") else None
    label = piece.label if head is None else label_of(piece.block, "heads")
    own = model.width if head is None else model.parts.mixed // model.parts.heads
    wide = model.width if head is None else model.parts.mixed
    draw = np.random.default_rng([seed, piece.block, len(piece.part), head or 0]).standard_normal((wide, own))
    axes = torch.from_numpy(np.linalg.qr(draw)[0].T.astype(np.float32))
    mine = slice(None) if head is None else slice(head * own, (head + 1) * own)

    def at(where: torch.Tensor) -> Edit:
        inner = edit(where)

        def change(states: torch.Tensor) -> torch.Tensor:
            part = states[..., mine]
            moved = (inner(part) - part).float() @ axes.to(states.device)
            return states + moved.to(states.dtype)

        return change

    return label, at


def added(
    lm: LanguageModel, texts: list[str], pieces: list[Piece], seed: int, progress: Progress
) -> tuple[dict[Piece, np.ndarray], dict[Piece, float]]:
    """Return by piece the mean of what it adds [width], and (of no head) its length beside what enters its block."""
    sums: dict[Piece, np.ndarray] = {}
    ratios = {p: 0.0 for p in pieces if not p.part.startswith("head:")}
    wanted, n = list(dict.fromkeys(label for p in pieces for label in (str(p.block - 1), p.label))), 0
    for _, batch in batches(lm, texts, seed, progress):
        states: dict[str, torch.Tensor] = {}

        def take(label: str, found: torch.Tensor, kept: dict[str, torch.Tensor] = states) -> None:
            kept[label] = found.float().clone()

        with torch.inference_mode(), reading(lm.model, wanted, take):
            lm.model.forward(batch.encoded)
        there = batch.where
        for piece in pieces:
            came = states[str(piece.block - 1)][there]
            gave = states[piece.label][there] - (came if piece.part == BLOCK else 0)
            sums[piece] = sums.get(piece, 0) + gave.double().sum(0).cpu().numpy()
            if piece in ratios:
                ratios[piece] += float((gave.norm(dim=-1) / came.norm(dim=-1).clamp(min=1e-12)).double().sum())
        n += int(there.sum())
    return {p: sums[p] / n for p in pieces}, {p: total / n for p, total in ratios.items()}
