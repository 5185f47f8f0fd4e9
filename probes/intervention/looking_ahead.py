"""The run behind `AheadSpec`: each text read once, then its layers through the head, one at a time."""

from collections import Counter

import numpy as np
import pandas as pd
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.intervention.ahead import AheadResult, AheadSpec
from probes.intervention.leaving_out import blocks_of
from probes.intervention.reading_texts import of_corpus
from probes.models import LanguageModel, hidden_states, language_model, loaded
from probes.models.alone import Head
from probes.models.encoding import check_known
from probes.models.provenance import source_of
from probes.stats import bootstrap

TOP = 5
COLUMNS = ["order", "layer", "ahead", "top1", "low", "high", "top5", "commonest", "commonest5", "shuffled"]


def look(spec: AheadSpec, progress: Progress) -> AheadResult:
    """Answer an AheadSpec; refuses an encoder, and texts that end before the furthest token."""
    progress.report(0, 1, "loading the model")
    lm = language_model(loaded(spec))
    if lm.task != "next":
        what = f"'{lm.model.name[:200]}' reads what comes after each token, and would not have to know it."
        raise StrataError("E-AHEAD", what, "It fills gaps.", "Choose a decoder, as smollm2.")
    head, left_out = Head(lm), Counter[str]()
    layers = ["0", *map(str, blocks_of(spec.layers, lm.model.depth))]
    texts = [t.text for t in of_corpus(lm, spec.corpus, spec.language, spec.texts, seed=spec.seed, left_out=left_out)]
    truths, tops = list[np.ndarray](), list[np.ndarray]()
    for i, text in enumerate(texts):
        progress.report(i, len(texts), "reading layers through the head")
        truth, top = read(lm, head, text, layers, spec.furthest, check=not truths)
        if len(truth):
            truths.append(truth)
            tops.append(top)
        else:
            left_out[f"no token is followed by {spec.furthest} others"] += 1
    if len(truths) < 2:
        what = f"{len(truths)} of {len(texts)} texts are longer than {spec.furthest + 1} tokens."
        raise StrataError("E-CORPUS-SMALL", what, "It takes two at least.", "Look less far ahead, or at longer texts.")
    found = rates(truths, tops, layers, spec.seed)
    ours = found.loc[found.groupby("ahead")["top1"].idxmax()]
    return AheadResult(
        rates=found,
        best={str(n): layer for n, layer in zip(ours["ahead"], ours["layer"], strict=True)},
        depth=lm.model.depth,
        texts=len(truths),
        places=sum(map(len, truths)),
        left_out=dict(left_out),
        source=source_of(lm.model, corpus=spec.corpus, texts=texts, seed=spec.seed),
    )


def read(
    lm: LanguageModel, head: Head, text: str, layers: list[str], furthest: int, *, check: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the tokens int64 [place, 1 + furthest] from each place on, and the likeliest int64 [layer, place, TOP].

    Places are the text's own tokens but the first, as far as `furthest` tokens follow: the same ones at every offset.
    `check` asks whether the head gives the model's own logits: of one text is enough.
    """
    encoded = lm.model.encode([text])
    check_known(lm.model, encoded)
    own = np.flatnonzero(~encoded.special[0])[1:]
    places = own[: max(0, len(own) - furthest)]
    truth = encoded.ids[0].cpu().numpy()[places[:, None] + np.arange(furthest + 1)]
    if not len(places):
        return truth, np.empty((len(layers), 0, TOP), np.int64)
    states = hidden_states(lm.model, encoded, {*layers, str(lm.model.depth)})
    if check:
        head.check(encoded, states[str(lm.model.depth)])
    said = (head.logits(states[layer][:, places], norm=True)[0] for layer in layers)
    return truth, torch.stack([logits.topk(TOP, -1).indices for logits in said]).cpu().numpy()


def rates(truths: list[np.ndarray], tops: list[np.ndarray], layers: list[str], seed: int) -> pd.DataFrame:
    """Return one row a layer and offset, means over texts, with the floors."""
    every, rng = np.concatenate(truths), np.random.default_rng(seed)
    text = np.repeat(np.arange(len(truths)), [len(truth) for truth in truths])
    turned, said = every[rng.permutation(len(every))], np.concatenate(tops, 1)
    rows = []
    for n in range(every.shape[1]):
        ids, count = np.unique(every[:, n], return_counts=True)
        common = ids[np.argsort(-count, kind="stable")][:TOP]
        floors = [_mean(np.isin(every[:, n], common[:k]), text).mean() for k in (1, TOP)]
        for i, layer in enumerate(layers):
            hits = said[i] == every[:, n, None]
            first = bootstrap(_mean(hits[:, 0], text)[None], seed=seed).tolist()
            other = _mean(said[i, :, 0] == turned[:, n], text).mean()
            rows.append((i, layer, n, *first, _mean(hits.any(1), text).mean(), *floors, other))
    return pd.DataFrame(rows, columns=COLUMNS)


def _mean(hits: np.ndarray, text: np.ndarray) -> np.ndarray:
    return np.asarray(np.bincount(text, hits) / np.bincount(text))
