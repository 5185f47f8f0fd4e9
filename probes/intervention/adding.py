"""The run behind `SteeringSpec`: the vector of the pairs, then effect and price at every strength."""

from collections import Counter

import numpy as np
import pandas as pd
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.losses import batch_of, losses
from probes.extract.texts import read_texts
from probes.intervention.reading_texts import layer_of, of_english
from probes.intervention.steering import OURS, RANDOM, SteeringResult, SteeringSpec
from probes.models import LanguageModel, editing, language_model, loaded
from probes.models.edits import EditAt, steered
from probes.models.encoding import unknown_of
from probes.models.generating import Sampling, generate
from probes.models.provenance import source_of
from probes.stats import bootstrap

AFFORDABLE = 0.5
"""Nats a token that the headline's strength may cost."""


def steer(spec: SteeringSpec, progress: Progress) -> SteeringResult:
    """Answer a SteeringSpec; refuses unpaired texts, and words that are no token."""
    progress.report(0, 1, "loading the model")
    lm = language_model(loaded(spec))
    if lm.task != "next":
        what = f"'{lm.model.name[:200]}' fills gaps and does not predict the next word."
        raise StrataError("E-STEER-TASK", what, fix="Choose a decoder, such as smollm2.")
    more, less = paired(spec.more, spec.less)
    words, against = (first_tokens(lm, some) for some in (spec.words, spec.against))
    prompts, layer, left_out = parts_of(spec.prompts), layer_of(lm, spec.layer), Counter[str]()
    texts = [t.text for t in of_english(lm, spec.english, spec.texts, seed=spec.seed, left_out=left_out)]
    gaps = differences(lm, more, less, layer)
    vector = direction(gaps, spec.method)
    states = read_texts(lm.model, prompts, "last")[layer]
    length = float(np.linalg.norm(vector) / np.linalg.norm(states, axis=1).mean())
    odds = Odds(lm, prompts, words, against)
    sweep = swept(spec, (lm, layer, texts), vector, odds, progress)
    return SteeringResult(
        sweep=sweep,
        samples=samples(spec, lm, layer, vector, prompts[0]),
        vector=pd.DataFrame({"dimension": range(len(vector)), "value": vector}),
        agreement=agreement(gaps),
        length=length,
        best=best_of(sweep),
        layer=layer,
        depth=lm.model.depth,
        pairs=len(more),
        draws=spec.draws,
        left_out=dict(left_out),
        source=source_of(
            lm.model,
            corpus=f"pairs of texts, and English of {spec.english}",
            texts=[*more, *less, *texts],
            seed=spec.seed,
        ),
    )


def parts_of(text: str) -> list[str]:
    """Split at |, ends trimmed; raises StrataError E-STEER-TEXTS when nothing is left."""
    found = [part.strip() for part in text.split("|") if part.strip()]
    if not found:
        raise StrataError("E-STEER-TEXTS", "There is no text here.", fix="Give texts with | between them.")
    return found


def paired(more: str, less: str) -> tuple[list[str], list[str]]:
    """Return both sides; raises StrataError E-STEER-PAIRS when they are not as many, or only one."""
    one, other = parts_of(more), parts_of(less)
    if len(one) != len(other) or len(one) < 2:
        raise StrataError(
            "E-STEER-PAIRS",
            f"There are {len(one)} texts on one side and {len(other)} on the other.",
            "They are taken in pairs, two at least.",
            "Give as many on both sides, with | between them.",
        )
    return one, other


def first_tokens(lm: LanguageModel, text: str) -> list[int]:
    """Return the id of the first token of every word, each id once; a word keeps the blank in front of it."""
    words = [part.rstrip() for part in text.split("|") if part.strip()]
    words = [word if word.startswith(" ") else f" {word}" for word in words]
    ids = [lm.model.tokenizer(word, add_special_tokens=False)["input_ids"] for word in words]
    found = list(dict.fromkeys(int(some[0]) for some in ids if some))
    unknown = unknown_of(lm.model.tokenizer)
    if strange := [word.strip() for word, some in zip(words, ids, strict=True) if some and some[0] == unknown]:
        what = f"The tokenizer does not know {', '.join(repr(word[:40]) for word in strange[:4])}."
        raise StrataError("E-STEER-WORDS", what, fix="Give words that the model knows.")
    if not found:
        raise StrataError("E-STEER-WORDS", "There is no word to watch.", fix="Give words with | between them.")
    return found


def differences(lm: LanguageModel, more: list[str], less: list[str], layer: str) -> np.ndarray:
    """Return float64 [pair, width]: the states of both last tokens, one less the other."""
    both = read_texts(lm.model, [*more, *less], "last")[layer].astype(np.float64)
    return np.asarray(both[: len(more)] - both[len(more) :])


def direction(gaps: np.ndarray, method: str) -> np.ndarray:
    """Return the vector [width] of differences [pair, width]."""
    mean = gaps.mean(0)
    if method == "mean difference":
        return np.asarray(mean)
    axis = np.linalg.svd(gaps, full_matrices=False)[2][0]
    return np.asarray(axis * (np.sign(axis @ mean) or 1.0) * np.linalg.norm(mean))


def agreement(gaps: np.ndarray) -> float:
    """Return the mean cosine of each difference with the mean of the others."""
    found = []
    for i, gap in enumerate(gaps):
        rest = np.delete(gaps, i, 0).mean(0)
        size = np.linalg.norm(gap) * np.linalg.norm(rest)
        found.append(float(gap @ rest / size) if size else 0.0)
    return float(np.mean(found))


class Odds:
    """The log odds of some next tokens over others, after prompts."""

    def __init__(self, lm: LanguageModel, prompts: list[str], words: list[int], against: list[int]) -> None:
        self.lm, self.words, self.against = lm, words, against
        self.batch = batch_of(lm, prompts, 0)

    def after(self, layer: str, at: EditAt) -> np.ndarray:
        """Return float64 [prompt] with one layer's states edited."""
        encoded = self.batch.encoded
        with torch.inference_mode(), editing(self.lm.model, layer, at(self.batch.where)):
            logits = self.lm.logits(encoded)
        ends = encoded.mask.sum(1) - 1
        last = torch.log_softmax(logits[torch.arange(len(ends), device=ends.device), ends].double(), -1)
        found = last[:, self.words].logsumexp(-1) - last[:, self.against].logsumexp(-1)
        return np.asarray(found.cpu().numpy())


def swept(
    spec: SteeringSpec, where: tuple[LanguageModel, str, list[str]], vector: np.ndarray, odds: Odds, progress: Progress
) -> pd.DataFrame:
    """Return one row a strength and kind of direction, with intervals over prompts, texts and draws."""
    lm, layer, texts = where
    base = losses(lm, texts, seed=spec.seed)
    draw, size = np.random.default_rng(spec.seed), np.linalg.norm(vector)
    random = [x / np.linalg.norm(x) * size for x in draw.normal(size=(spec.draws, len(vector)))]
    strengths = np.linspace(-spec.most, spec.most, 2 * spec.steps + 1)
    rows = list[tuple[object, ...]]()
    total = len(strengths) * (1 + spec.draws)
    for name, some in ((OURS, [vector]), (RANDOM, random)):
        for strength in strengths.tolist():
            effects, costs = list[np.ndarray](), list[np.ndarray]()
            for one in some:
                done = len(rows) * len(some) + len(costs)
                progress.report(min(done, total), total, "sweeping the strength")
                at = steered(one, strength, keep_norm=spec.keep_norm)
                effects.append(odds.after(layer, at))
                costs.append(losses(lm, texts, edit=(layer, at), seed=spec.seed) if strength else base)
            effect, cost = np.array(effects), np.array(costs)
            ends = bootstrap(effect, seed=spec.seed).tolist()
            change = bootstrap(cost - base, seed=spec.seed).tolist()
            rows.append((name, strength, *ends, float(cost.mean()), *change))
    names = ["direction", "strength", "effect", "effect_low", "effect_high", "loss", "change", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def best_of(sweep: pd.DataFrame) -> float:
    """Return the strength with the largest effect among those that are affordable; 0 when none gains anything."""
    ours = sweep[(sweep["direction"] == OURS) & ((sweep["change"] <= AFFORDABLE) | (sweep["strength"] == 0))]
    still = float(ours.loc[ours["strength"] == 0, "effect"].iloc[0])
    top = ours.loc[ours["effect"].idxmax()]
    return float(top.strength) if top.effect > still else 0.0


def samples(spec: SteeringSpec, lm: LanguageModel, layer: str, vector: np.ndarray, prompt: str) -> pd.DataFrame:
    """Return what the model writes after a prompt, without and with the vector to either side."""
    rows, how = [], Sampling(tokens=spec.tokens, temperature=0.0)
    for strength in (-spec.most, -spec.most / 2, 0.0, spec.most / 2, spec.most):
        edits = [(layer, steered(vector, strength, keep_norm=spec.keep_norm))]
        rows.append((strength, prompt, generate(lm, [prompt], how, edits=edits)[0].text))
    return pd.DataFrame(rows, columns=["strength", "prompt", "text"])
