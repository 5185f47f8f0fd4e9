"""The training behind a `Lesson`: blocks of text, codes from k-means, steps that go on where they were stopped."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Literal

import numpy as np
import pandas as pd
import torch

from probes import corpora
from probes.codebooks.trained import kept
from probes.codebooks.trained.book import Rules
from probes.codebooks.trained.hearing import dead, heard
from probes.codebooks.trained.lesson import Lesson
from probes.codebooks.trained.model import Codebooks, split, start_from
from probes.codebooks.trained.training import Recipe, Training
from probes.contract import Progress
from probes.errors import Cancelled, StrataError
from probes.models import LanguageModel, language_model, load
from probes.models.sites import depth_of
from probes.values import split_of

SHARES = (0.9, 0.1)
HELD, STARTERS = 64, 32
"""Held-out blocks that losses are of; blocks that codes start from."""
EVERY = 120.0
"""Seconds between two checkpoints; one more is made when training is cancelled, and at the end."""
STAGES = ("as it is", "codes put in", "trained", "trained without codes")
LESSON, CONTROL = "lesson.json", "control.json"
Heard = tuple[float, float, float]
"""Loss, half its interval, accuracy."""


@dataclass(frozen=True)
class Taught:
    """What training was worth: `stages` (stage, loss with half its interval, accuracy), and `books` (see `dead`)."""

    stages: pd.DataFrame
    books: pd.DataFrame


def teach(lesson: Lesson, into: Path, progress: Progress) -> Taught:
    """Train, or go on; write the model to `into`.

    Refuses what writes no text (E-HEAD, E-CODES-DECODER) and a folder that is not this lesson's (E-CODES-FOLDER).
    """
    _claim(lesson, into)
    upto = 0.55 if lesson.control else 1.0
    said, used, fitted, held = _with_codes(lesson, into, progress.step(0, upto))  # whose model is given up by now
    if lesson.control:
        said.append(_without(lesson, into, (fitted, held), progress.step(upto, 1)))
    rows = [(name, *one) for name, one in zip(STAGES, said, strict=False)]
    return Taught(pd.DataFrame(rows, columns=["stage", "loss", "half", "accuracy"]), used)


def _with_codes(
    lesson: Lesson, into: Path, progress: Progress
) -> tuple[list[Heard], pd.DataFrame, np.ndarray, np.ndarray]:
    """Train the decoder and its codes, and keep them; return what was heard at each stage, the books and the blocks."""
    progress.report(0, 1, "loading the model")
    lm = decoder_of(lesson)
    fitted, held = blocks_of(lesson, lm)
    books = Codebooks(lm.net, sizes(lesson, depth_of(lm.net)), rules(lesson)).to(lm.model.device)
    for book in books.named().values():
        book.on = False
    plain = heard(lm.net, None, held, lesson.blocks)
    start_from(books, lm.net, torch.from_numpy(fitted[:STARTERS]), seed=lesson.seed)
    books.eval()
    put = heard(lm.net, books, held, lesson.blocks)
    into.mkdir(parents=True, exist_ok=True)
    (into / LESSON).write_text(lesson.canonical() + "\n", "utf-8")
    _trained(Training(lm.net, books, recipe(lesson)), lesson, into, fitted, progress.step(0.1, 0.95))
    lm.net.eval(), books.eval()
    last = heard(lm.net, books, held, lesson.blocks)
    kept.save(kept.Trained(lm.net, books, {"lesson": lesson.model_dump(mode="json")}), into)
    lm.model.tokenizer.save_pretrained(into)
    said = [(one.loss, one.half, one.accuracy) for one in (plain, put, last)]
    return said, dead(last.used), fitted, held


def _without(lesson: Lesson, into: Path, blocks: tuple[np.ndarray, np.ndarray], progress: Progress) -> Heard:
    """Train the decoder as long on the same blocks, with no codes in it; of it only what was heard is kept."""
    note, folder = into / CONTROL, into / "control"
    if not note.is_file():
        progress.report(0, 1, "loading the model again, for the control")
        net = decoder_of(lesson).net
        _trained(Training(net, None, recipe(lesson)), lesson, folder, blocks[0], progress)
        one = heard(net.eval(), None, blocks[1], lesson.blocks)
        note.write_text(json.dumps([one.loss, one.half, one.accuracy]), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    loss, half, accuracy = map(float, json.loads(note.read_text("utf-8")))
    return loss, half, accuracy


def decoder_of(lesson: Lesson) -> LanguageModel:
    """Return the model with its head in float32, its weights free to move."""
    if (lesson.dtype, lesson.quantise, lesson.adapter) != ("float32", "none", None):
        what = "A decoder is trained whole, in float32 and without an adapter."
        raise StrataError("E-CODES-DECODER", what, fix="Leave dtype, quantise and adapter as they are.")
    lm = language_model(load(lesson.model, revision=lesson.revision, dtype="float32", device=lesson.device))
    if lm.task != "next":
        what = f"'{lesson.model}' predicts masked tokens: it writes nothing token by token."
        raise StrataError("E-CODES-DECODER", what, fix="Name a decoder, such as smollm2.")
    lm.net.requires_grad_(True)
    return lm


def blocks_of(lesson: Lesson, lm: LanguageModel) -> tuple[np.ndarray, np.ndarray]:
    """Return int64 [block, token] to train on and held out: texts one after the other, with an end between them."""
    stream = corpora.load(lesson.corpus, language=lesson.language or None, n=lesson.texts, seed=lesson.seed)
    tokenizer = lm.model.tokenizer
    end = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else tokenizer.bos_token_id
    sides: tuple[list[int], list[int]] = ([], [])
    for text in dict.fromkeys(stream.texts):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        sides[split_of(text, SHARES)].extend([*ids, *([end] if end is not None else [])])
    found = [np.array(side, np.int64)[: len(side) // lesson.tokens * lesson.tokens] for side in sides]
    fitted, held = (ids.reshape(-1, lesson.tokens) for ids in found)
    if len(fitted) < 2 or len(held) < 2:
        what = f"{len(stream.texts)} texts give {len(fitted)} blocks of {lesson.tokens} tokens to train on"
        what += f" and {len(held)} to judge by."
        raise StrataError("E-CORPUS-SMALL", what, "Both need at least two.", "Give more texts, or shorter blocks.")
    return fitted, held[:HELD]


def sizes(lesson: Lesson, depth: int) -> dict[str, int]:
    """Return codes by place; raises StrataError E-CODES-PLACE for a block or a place that the model lacks."""
    layers = [str(n) for n in range(depth)] if lesson.layers == "all" else lesson.layers.split(",")
    names = [f"{layer.strip()}.{place.strip()}" for layer in layers for place in lesson.places.split(",")]
    for name in names:
        split(name, depth)
    return dict.fromkeys(names, lesson.codes)


def rules(lesson: Lesson) -> Rules:
    """Return how codes are chosen and learn; raises StrataError E-CODES-K for more codes a token than a book has."""
    if lesson.k > lesson.codes:  # a pursuit could, taking some of them twice; nobody means that
        raise StrataError("E-CODES-K", f"{lesson.k} of {lesson.codes} codes cannot be chosen.", fix="Lower k.")
    pursuit = lesson.k > 1 and lesson.several == "pursuit"
    output: Literal["sum", "mean"] = "sum" if pursuit else "mean"
    return Rules(lesson.k, "euclidean", output, learn="mean", commitment=0.25, pursuit=pursuit)


def recipe(lesson: Lesson) -> Recipe:
    """Return how long and how fast it is trained."""
    warm, rates = max(1, min(50, lesson.steps // 10)), (lesson.rate, lesson.rate)
    return Recipe(lesson.steps, *rates, warm=warm, muon=lesson.optimiser == "muon", many=lesson.many, seed=lesson.seed)


def _trained(training: Training, lesson: Lesson, into: Path, fitted: np.ndarray, progress: Progress) -> None:
    if (into / "training.json").exists():
        training.resume(into)
    batch, saved = batches(fitted, lesson.blocks), monotonic()
    try:
        while training.done < lesson.steps:
            loss = training.step(batch)
            last = training.done == lesson.steps
            if last or monotonic() - saved > EVERY:
                training.save(into)
                saved = monotonic()
            progress.report(training.done, lesson.steps, f"step {training.done:,}: loss {loss:.3f}")
    except Cancelled:  # raised between two steps: everything that a step moves is whole
        training.save(into)
        raise


def batches(blocks: np.ndarray, count: int) -> Callable[[np.random.Generator], torch.Tensor]:
    """Return what draws `count` blocks with a generator."""
    return lambda draw: torch.from_numpy(blocks[draw.integers(len(blocks), size=count)])


def _claim(lesson: Lesson, into: Path) -> None:
    """Refuse (E-CODES-FOLDER) a folder of another lesson, or of something else."""
    note = into / LESSON
    if note.is_file():
        if note.read_text("utf-8").strip() != lesson.canonical():
            what = f"'{into.name}' holds a training of other options, or of a model or corpus that has changed."
            raise StrataError("E-CODES-FOLDER", what, fix="Name another folder, or give the options it was begun with.")
    elif into.is_dir() and any(into.iterdir()):
        raise StrataError("E-CODES-FOLDER", f"'{into.name}' is not empty.", fix="Name a folder of its own.")
