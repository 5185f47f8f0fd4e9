"""All that is measured of a codebook model of a machine, in one answer."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from probes.codebooks.fsm import editing, floor, measures, patching, states
from probes.codebooks.fsm.machine import Machine, tokfsm
from probes.codebooks.tokfsm import TOKENS, TokfsmResult, TokfsmSpec, source_of
from probes.codebooks.trained import hearing, kept
from probes.contract import Progress

MOST = 300
"""Texts on each side of the search for codes and neurons of states: some 38,000 tokens, 375 of each state."""


def judged(spec: TokfsmSpec, folder: Path, progress: Progress) -> TokfsmResult:
    """Measure a kept model; its digits are drawn from the seed, the same on every machine."""
    machine = tokfsm()
    progress.report(0, 4, "new texts")
    trained = kept.load(folder)
    net, books = trained.net, trained.books
    draw = np.random.default_rng([spec.seed, 1])
    texts = machine.texts(spec.texts, TOKENS, draw)
    heard = hearing.heard(net, books, texts)
    progress.report(1, 4, "what the model says")
    spoken = measures.spoken(machine, measures.say(net, machine, spec.texts, TOKENS, spec.seed))
    progress.report(2, 4, "codes of states")
    codes = _states(net, books, machine, texts, draw)
    progress.report(3, 4, "exchanging codes")
    used = hearing.dead(heard.used)
    best, note = floor.floor(machine, TOKENS), trained.notes.get("note")
    return TokfsmResult(
        books=used.merge(_pure(net, books, machine), on="book"),
        states=codes,
        patches=patching.patched(net, books, machine, spec.pairs, spec.seed),
        edits=editing.edited(net, books, machine, pairs=spec.pairs, seed=spec.seed),
        loss=heard.loss,
        half=heard.half,
        floor=best.loss,
        excess=heard.loss - best.loss,
        accuracy=100 * heard.accuracy,
        best_accuracy=100 * best.accuracy,
        legal=100 * spoken.legal,
        low=100 * spoken.low,
        high=100 * spoken.high,
        first=100 * spoken.first,
        dead=100 * float(np.average(used["dead"], weights=used["codes"])),
        precision=100 * float(codes["precision"].mean()),
        recall=100 * float(codes["recall"].mean()),
        neuron=100 * float(codes["neuron"].mean()),
        texts=spec.texts,
        found=len(codes),
        source=source_of(spec, weights_of(folder), (str(note),) if note else ()),
    )


def weights_of(folder: Path) -> str:
    """Return the SHA-256 of a kept codebook model: of its decoder's weights, its codes and how they are chosen."""
    return kept.weights_of(hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(), folder)


def _states(net: Any, books: Any, machine: Machine, texts: Any, draw: np.random.Generator) -> pd.DataFrame:
    """Choose codes and neurons on texts of their own; judge them on the first of the held-out ones."""
    count = min(MOST, len(texts))
    fit = states.fired(net, books, machine, machine.texts(count, TOKENS, draw))
    held = states.fired(net, books, machine, texts[:count])
    size = max(b.codes.shape[1] for b in books.named().values())
    return states.classified(fit, held, machine, size)


def _pure(net: Any, books: Any, machine: Machine) -> pd.DataFrame:
    pure = patching.purity(net, books, machine).pivot(index="book", columns="tokens", values="pure").reset_index()
    return pure.set_axis(["book", "pure_state", "pure_digit"], axis=1)
