"""The run behind `LensSpec`: one forward of the text, then every layer through the head, one at a time."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.intervention.lens import BARE, MOST, NORMED, LensResult, LensSpec
from probes.models import LanguageModel, hidden_states, language_model, loaded
from probes.models.alone import Head
from probes.models.encoding import check_known
from probes.models.provenance import source_of

NONE = -1
"""The id of a token that is not known: what comes after the end of the text."""


@dataclass(frozen=True)
class Asked:
    """The places of a text that are asked for a token."""

    states: dict[str, torch.Tensor]
    """By layer, [1, place, width]."""
    position: np.ndarray
    tokens: list[str]
    truth: np.ndarray
    """int64 [place]: the right answer's id, or NONE."""


@dataclass(frozen=True)
class Said:
    """What one layer predicts at every place, [place] each."""

    top: np.ndarray
    """int64 [place, k]."""
    p: np.ndarray
    """float64 [place, k]."""
    entropy: np.ndarray
    kl: np.ndarray
    rank: np.ndarray
    truth_p: np.ndarray
    shuffled: np.ndarray


def read(spec: LensSpec, progress: Progress) -> LensResult:
    """Answer a LensSpec; refuses a model without a head and a text too short or too long."""
    progress.report(0, 1, "loading the model")
    lm = language_model(loaded(spec))
    head = Head(lm)
    asked = ask(lm, head, spec.text)
    layers = list(asked.states)
    last = torch.log_softmax(head.logits(asked.states[layers[-1]], norm=True)[0], -1)
    order = np.random.default_rng(spec.seed).permutation(last.shape[1])
    said: dict[tuple[str, str], Said] = {}
    for i, layer in enumerate(layers):
        progress.report(i, len(layers), "reading layers through the head")
        for reading in (NORMED, BARE) if head.norms else (NORMED,):
            logits = head.logits(asked.states[layer], norm=reading == NORMED)[0]
            said[layer, reading] = say(logits, last, asked.truth, order, min(spec.top, last.shape[1]))
    return result(spec, lm, asked, said)


def ask(lm: LanguageModel, head: Head, text: str) -> Asked:
    """Read every layer at the places that are asked; raises StrataError E-LENS-TEXT for too few tokens or too many."""
    encoded = lm.model.encode([text])
    check_known(lm.model, encoded)
    own = np.flatnonzero(~encoded.special[0])
    if not 2 <= len(own) <= MOST:
        raise StrataError(
            "E-LENS-TEXT",
            f"This text has {len(own)} tokens of its own.",
            f"The lens reads 2 to {MOST} of them, at every layer and against the whole vocabulary.",
            "Give a sentence, or a part of the text.",
        )
    layers = [str(i) for i in range(lm.model.depth + 1)]
    ids = encoded.ids[0].cpu().numpy()
    if lm.task == "next":
        states = hidden_states(lm.model, encoded, layers)
        head.check(encoded, states[layers[-1]])
        place = np.arange(own[0], own[-1] + 1)
        truth = np.append(ids[place[1:]], NONE)
        states = {layer: states[layer][:, own[0] : own[-1] + 1] for layer in layers}
    else:
        place, truth = own, ids[own]
        copies = replace(encoded, ids=encoded.ids.repeat(len(own), 1), mask=encoded.mask.repeat(len(own), 1))
        extra = {name: value.repeat(len(own), 1) for name, value in encoded.extra.items()}
        copies.ids[np.arange(len(own)), own] = lm.mask or 0
        copies = replace(copies, extra=extra)
        whole = hidden_states(lm.model, copies, layers)
        head.check(copies, whole[layers[-1]])
        states = {layer: whole[layer][np.arange(len(own)), own][None] for layer in layers}
    return Asked({name: states[name] for name in layers}, place, [token_of(lm, i) for i in ids[place]], truth)


def token_of(lm: LanguageModel, i: int) -> str:
    """Return the text of a token; nothing for none."""
    return "" if i == NONE else str(lm.model.tokenizer.decode([int(i)], clean_up_tokenization_spaces=False))


def say(logits: torch.Tensor, last: torch.Tensor, truth: np.ndarray, order: np.ndarray, k: int) -> Said:
    """Describe logits [place, vocabulary] beside the last layer's log-probabilities and the true tokens."""
    logp = torch.log_softmax(logits, -1)
    p, top = logp.exp().topk(k, -1)
    known = torch.from_numpy(truth != NONE).to(logits.device)
    right = torch.from_numpy(np.where(truth == NONE, 0, truth)).to(logits.device)
    other = torch.from_numpy(order).to(logits.device)[right]
    ours = logits.gather(1, right[:, None])

    def where(found: torch.Tensor) -> np.ndarray:
        return np.asarray(torch.where(known, found.double(), torch.nan).cpu().numpy())

    return Said(
        top=top.cpu().numpy(),
        p=p.double().cpu().numpy(),
        entropy=-(logp.exp() * logp).sum(-1).double().cpu().numpy(),
        kl=(last.exp() * (last - logp)).sum(-1).clamp(min=0).double().cpu().numpy(),
        rank=where((logits > ours).sum(-1) + 1),
        truth_p=where(logp.gather(1, right[:, None])[:, 0].exp()),
        shuffled=where((logits > logits.gather(1, other[:, None])).sum(-1) + 1),
    )


def result(spec: LensSpec, lm: LanguageModel, asked: Asked, said: dict[tuple[str, str], Said]) -> LensResult:
    """Put what the layers say into tables."""
    layers = list(asked.states)
    settled = settle(lm, asked, [said[layer, NORMED].top[:, 0] for layer in layers])
    half = layers[int(np.sort(settled["order"].to_numpy())[(len(settled) - 1) // 2])]
    known = asked.truth != NONE
    names = {"the last layer": layers[-1], "half": half, "layer 0": "0"}
    hits = {name: int((said[layer, NORMED].rank[known] == 1).sum()) for name, layer in names.items()}
    return LensResult(
        cells=cells(lm, asked, said),
        tops=tops(lm, asked, said),
        layers=means(layers, said),
        settled=settled,
        half=half,
        hits=hits,
        known=int(known.sum()),
        depth=lm.model.depth,
        task=lm.task,
        source=source_of(lm.model, corpus="a text", texts=[spec.text], seed=spec.seed),
    )


def settle(lm: LanguageModel, asked: Asked, tops: list[np.ndarray]) -> pd.DataFrame:
    """Say of each place from which layer on its likeliest token never changes again."""
    same = np.stack(tops) == tops[-1]
    order = len(tops) - np.cumprod(same[::-1], axis=0).sum(0)
    layers = list(asked.states)
    return pd.DataFrame(
        {
            "position": asked.position,
            "token": asked.tokens,
            "top": [token_of(lm, i) for i in tops[-1]],
            "truth": [token_of(lm, i) for i in asked.truth],
            "order": order,
            "layer": [layers[i] for i in order],
            "right": tops[-1] == asked.truth,
        }
    )


def cells(lm: LanguageModel, asked: Asked, said: dict[tuple[str, str], Said]) -> pd.DataFrame:
    """Return one row a layer, reading and place."""
    layers = list(asked.states)
    parts = []
    for (layer, reading), one in said.items():
        fixed = {"order": layers.index(layer), "layer": layer, "reading": reading, "position": asked.position}
        top = {"token": asked.tokens, "top": [token_of(lm, i) for i in one.top[:, 0]], "probability": one.p[:, 0]}
        truth = {"truth": [token_of(lm, i) for i in asked.truth], "rank": one.rank, "truth_p": one.truth_p}
        spread = {"entropy": one.entropy, "kl": one.kl}
        parts.append(pd.DataFrame({**fixed, **top, **spread, **truth, "shuffled": one.shuffled}))
    return pd.concat(parts, ignore_index=True)


def tops(lm: LanguageModel, asked: Asked, said: dict[tuple[str, str], Said]) -> pd.DataFrame:
    """Return one row a layer, reading, place and rank of the likeliest tokens."""
    parts = []
    for (layer, reading), one in said.items():
        n, k = one.top.shape
        where = {"position": np.repeat(asked.position, k), "place": np.tile(np.arange(1, k + 1), n)}
        names = {"top": [token_of(lm, i) for i in one.top.ravel()], "id": one.top.ravel()}
        parts.append(pd.DataFrame({"layer": layer, "reading": reading, **where, **names, "probability": one.p.ravel()}))
    return pd.concat(parts, ignore_index=True)


def means(layers: list[str], said: dict[tuple[str, str], Said]) -> pd.DataFrame:
    """Return one row a layer and reading."""
    last = said[layers[-1], NORMED].top[:, 0]
    rows = []
    for (layer, reading), one in said.items():
        hit, shuffled = ((ranks[np.isfinite(ranks)] == 1).mean() for ranks in (one.rank, one.shuffled))
        spread = (one.entropy.mean(), one.p[:, 0].mean(), one.kl.mean(), (one.top[:, 0] == last).mean())
        rows.append((layers.index(layer), layer, reading, *map(float, (*spread, hit, shuffled))))
    names = ["order", "layer", "reading", "entropy", "sharpness", "kl", "agrees", "hits", "shuffled"]
    return pd.DataFrame(rows, columns=names)
