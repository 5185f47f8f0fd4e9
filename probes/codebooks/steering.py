"""The run behind `CodeSteerSpec`: the same samples under every condition, and what is counted of them."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from probes.codebooks import fluency, kept, marks
from probes.codebooks import steer as asking
from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.decoding import decoder
from probes.codebooks.moves import Move, edits, elsewhere, moves
from probes.codebooks.names import TRAINED
from probes.codebooks.seek import commonest
from probes.codebooks.steer import CodeSteerResult, CodeSteerSpec
from probes.contract import Progress
from probes.extract import pooled
from probes.extract.losses import losses
from probes.models import LanguageModel
from probes.models.continuing import Edits
from probes.models.generating import Sampling, Written, generate
from probes.models.provenance import source_of
from probes.stats import bootstrap, wilson

TEXTS, LONGEST = 16, 600
"""Texts of the run that a difference of means is taken over, and characters of one at most."""
SAMPLES: dict[str, type] = {"condition": str, "sample": int, "prompt": str, "text": str, "topic": bool, "loss": float}
SAMPLES |= {"distinct1": float, "distinct2": float, "repetition": float, "same": bool}
MEASURES = {asking.DISTINCT: "distinct1", asking.PAIRS: "distinct2", asking.REPEATED: "repetition"}


def steer(spec: CodeSteerSpec, progress: Progress) -> CodeSteerResult:
    """Answer a CodeSteerSpec; refuses an encoder (E-STEER), codes that are none or too many (E-CODES), a bad topic."""
    asked, run = kept.fitted(spec.run)
    made = moves(asked, run, spec.how, (spec.codes, spec.to))
    if spec.topic:
        marks.compiled(spec.topic)
    progress.report(0, 1, "loading the model")
    lm = decoder(asked, run)
    conditions = _conditions(spec, (asked, run), lm, made)
    parts, plain = [], list[Written]()
    for number, (name, prompt, how) in enumerate(conditions):
        step = progress.step(0.05 + 0.9 * number / len(conditions), 0.05 + 0.9 * (number + 1) / len(conditions))
        sampling = Sampling(spec.tokens, spec.temperature, spec.top_p, spec.seed)
        written = generate(lm, [prompt] * spec.samples, sampling, edits=how, progress=step)
        plain = plain or written
        parts.append(_samples(spec, lm, name, (written, plain)))
    samples = pd.concat(parts, ignore_index=True).astype(SAMPLES)
    words = [commonest(run, _fires(run, move)) if _fires(run, move).any() else "" for move in made]
    return CodeSteerResult(
        summary=_summary(spec, samples),
        samples=samples,
        moves=_table(spec, run, made, words),
        layers=tuple(dict.fromkeys(move.place[0] for move in made)),
        how=spec.how,
        strength=spec.strength,
        size=(spec.samples,),
        forced=asked.method == TRAINED,
        topic=spec.topic,
        source=source_of(lm.model, corpus="a typed prompt", texts=[spec.prompt], seed=spec.seed),
    )


def _conditions(
    spec: CodeSteerSpec, of: tuple[CodebookSpec, CodebookResult], lm: LanguageModel, made: list[Move]
) -> list[tuple[str, str, Edits]]:
    """Return names, prompts and edits, the plain model first."""
    others = elsewhere(*of, made, seed=spec.seed)
    found: list[tuple[str, str, Edits]] = [
        (asking.PLAIN, spec.prompt, ()),
        (asking.STEERED, spec.prompt, edits(*of, made, spec.strength)),
        (asking.OTHER, spec.prompt, edits(*of, others, spec.strength)),
    ]
    if spec.topic and spec.means and spec.how == "activate":
        by_means = [_by_means(spec, of[1], lm, move) for move in made]
        known = [move for move in by_means if move is not None]
        if len(known) == len(made):
            found.append((asking.MEANS, spec.prompt, edits(*of, known, spec.strength)))
    if spec.prompted:
        found.append((asking.PROMPTED, spec.prompted, ()))
    return found


def _by_means(spec: CodeSteerSpec, run: CodebookResult, lm: LanguageModel, move: Move) -> Move | None:
    """Return the move along the difference of means of tokens in and not in the topic; None where it is too rare."""
    true, cut = marks.marked(run, spec.topic, "regex"), run.sizes[0]
    length = run.passages["content"].str.len()
    tokens = run.tokens.iloc[:cut]
    some = tokens["text"][true[:cut]].unique()
    texts = sorted((int(t) for t in some if length.iat[int(t)] <= LONGEST), key=lambda t: (length.iat[t], t))[:TEXTS]
    rows = tokens[tokens["text"].isin(texts)]
    inside = true[rows.index.to_numpy()]
    if not texts or inside.all():
        return None
    spans = [rows[rows["text"] == t][["start", "end"]].to_numpy(np.int64) for t in sorted(texts)]
    contents = [str(run.passages["content"].iat[t]) for t in sorted(texts)]
    layer = move.place[0]
    states = pooled(lm.model, contents, spans, [layer])[0][layer].float().cpu().numpy()
    vector = states[inside].mean(0) - states[~inside].mean(0)
    scale = np.linalg.norm(move.vector) / max(float(np.linalg.norm(vector)), 1e-12)
    return replace(move, vector=np.asarray(scale * vector, np.float32), along=move.put is not None)


def _samples(
    spec: CodeSteerSpec, lm: LanguageModel, name: str, both: tuple[Sequence[Written], Sequence[Written]]
) -> pd.DataFrame:
    written, plain = both
    topic = marks.compiled(spec.topic) if spec.topic else None
    loss = _losses(lm, written)
    rows = []
    for number, (one, beside) in enumerate(zip(written, plain, strict=True)):
        hit = bool(marks.matches(topic, one.text, time.monotonic() + marks.SECONDS)) if topic else False
        counts = (fluency.distinct(one.text, 1), fluency.distinct(one.text, 2), fluency.repetition(one.text))
        rows.append((name, number + 1, one.prompt, one.text, hit, loss[number], *counts, one.ids == beside.ids))
    return pd.DataFrame(rows, columns=list(SAMPLES))


def _losses(lm: LanguageModel, written: Sequence[Written]) -> np.ndarray:
    """Return nats a token of prompt and text under the plain model, 0 where there is nothing to predict."""
    texts = [one.prompt + one.text for one in written]
    return np.nan_to_num(losses(lm, texts))


def _summary(spec: CodeSteerSpec, samples: pd.DataFrame) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for name, own in samples.groupby("condition", sort=False):
        if spec.topic:
            rows.append((name, asking.TOPIC, *(100 * wilson(own["topic"].sum(), len(own))).tolist()))
        found = bootstrap(own["loss"].to_numpy()[None], seed=spec.seed)
        rows.append((name, asking.PERPLEXITY, *np.exp(found).tolist()))
        for measure, column in MEASURES.items():
            rows.append((name, measure, *bootstrap(own[column].to_numpy()[None], seed=spec.seed).tolist()))
    kinds = {"condition": str, "measure": str, "value": float, "low": float, "high": float}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _fires(run: CodebookResult, move: Move) -> np.ndarray:
    layer, book, code = move.place
    return run.fires(run.layers.index(layer), book, code)


def _table(spec: CodeSteerSpec, run: CodebookResult, made: list[Move], words: list[str]) -> pd.DataFrame:
    to = [part.strip() for part in spec.to.split(",")] if spec.how == "swap" else [""] * len(made)
    rows = [
        (*move.place, word, other, float(np.linalg.norm(move.vector)))
        for move, word, other in zip(made, words, to, strict=True)
    ]
    kinds = {"layer": str, "book": int, "code": int, "word": str, "to": str, "length": float}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
