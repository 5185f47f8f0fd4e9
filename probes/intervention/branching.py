"""The run behind `BeamsSpec`: the search, the greedy text, the samples and what they are scored by."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from probes.contract import Progress
from probes.intervention import beams as asking
from probes.intervention.beams import BeamsResult, BeamsSpec
from probes.models import LanguageModel, language_model, loaded
from probes.models.beaming import ROOT, Beaming, Node, path, search
from probes.models.continuing import Continuing, ends_of
from probes.models.generating import TOGETHER, Sampling, generate
from probes.models.provenance import source_of
from probes.stats import bootstrap

TREE = {"node": int, "parent": int, "step": int, "token": str, "id": int, "p": float, "total": float, "group": int}
TREE |= {"kept": bool}
TEXTS = {"source": str, "place": int, "group": int, "text": str, "total": float, "tokens": int, "ended": bool}


def branch(spec: BeamsSpec, progress: Progress) -> BeamsResult:
    """Answer a BeamsSpec; refuses an encoder (E-GENERATE) and more beams of a group than there are tokens (E-BEAMS)."""
    progress.report(0, 1, "loading the model")
    lm = language_model(loaded(spec))
    wide = Beaming(spec.tokens, spec.beams, spec.groups, spec.diversity)
    tree, last = search(lm, spec.text, wide, progress.step(0.1, 0.5))
    line, end = search(lm, spec.text, Beaming(spec.tokens, 1), progress.step(0.5, 0.6))
    sampling = Sampling(spec.tokens, seed=spec.seed)
    written = generate(lm, [spec.text] * spec.samples, sampling, progress=progress.step(0.6, 0.8))
    drawn = [(list(one.ids), one.ended) for one in written]
    totals = scored(lm, spec.text, drawn, progress.step(0.8, 1))
    beams, ends = [path(tree, node) for node in last], ends_of(lm)
    unended = [[token for token in ids if token not in ends] for ids in beams]  # as samples are
    mean, low, high = bootstrap(np.array(totals)[None], seed=spec.seed).tolist()
    samples = [ids for ids, _ in drawn]
    return BeamsResult(
        tree=_tree(lm, tree, last),
        texts=_texts(lm, [(tree, last, asking.BEAM), (line, end, asking.GREEDY)], drawn, totals),
        pairs={asking.BEAM: different(unended), asking.SAMPLE: different(samples[: len(beams)])},
        together=_together(beams),
        drawn=mean,
        low=low,
        high=high,
        groups=spec.groups,
        prompt=spec.text,
        source=source_of(lm.model, corpus="a typed text", texts=[spec.text], seed=spec.seed),
    )


def scored(
    lm: LanguageModel, prompt: str, texts: Sequence[tuple[Sequence[int], bool]], progress: Progress | None = None
) -> list[float]:
    """Return nats [text]: the log-probability of tokens after the prompt, and of an end for a text that has ended."""
    found, heard = list[float](), progress or Progress()
    for first in range(0, len(texts), TOGETHER):
        heard.report(first, len(texts), "scoring")
        found += _scored(lm, prompt, texts[first : first + TOGETHER])
    return found


def _scored(lm: LanguageModel, prompt: str, texts: Sequence[tuple[Sequence[int], bool]]) -> list[float]:
    writing = Continuing(lm, lm.model.encode([prompt] * len(texts), side="left"))
    where, ends, totals = writing.encoded.mask.bool(), sorted(ends_of(lm)), [0.0] * len(texts)
    for step in range(max(len(ids) + ended for ids, ended in texts)):
        logp = torch.log_softmax(writing.logits(where, ()).double(), -1)
        for i, (ids, ended) in enumerate(texts):
            if step < len(ids):
                totals[i] += float(logp[i, ids[step]])
            elif step == len(ids) and ended:
                totals[i] += float(logp[i, ends].logsumexp(0))
        after = [ids[step] if step < len(ids) else 0 for ids, _ in texts]
        writing.write(torch.tensor(after).to(logp.device))
    return totals


def different(texts: Sequence[Sequence[int]]) -> float:
    """Return the share of all pairs of neighbouring tokens of the texts that are different ones; 1 without any."""
    pairs = [pair for ids in texts for pair in zip(ids, ids[1:], strict=False)]
    return len(set(pairs)) / len(pairs) if pairs else 1.0


def _together(texts: Sequence[Sequence[int]]) -> int:
    same = [len(set(column)) == 1 for column in zip(*texts, strict=False)]
    return same.index(False) if False in same else len(same)


def _tree(lm: LanguageModel, tree: list[Node], last: list[int]) -> pd.DataFrame:
    kept = set[int]()
    for end in last:
        while end != ROOT and end not in kept:
            kept.add(end)
            end = tree[end].parent
    rows = [
        (i, n.parent, n.step, said(lm, [n.id]), n.id, float(np.exp(n.logp)), n.total, n.group, i in kept)
        for i, n in enumerate(tree)
    ]
    return pd.DataFrame(rows, columns=list(TREE)).astype(TREE)


def _texts(
    lm: LanguageModel,
    searched: Sequence[tuple[list[Node], list[int], str]],
    drawn: Sequence[tuple[list[int], bool]],
    totals: Sequence[float],
) -> pd.DataFrame:
    rows, ends = list[tuple[object, ...]](), ends_of(lm)
    for tree, last, name in searched:
        for place, end in enumerate(last):
            ids, node = path(tree, end), tree[end]
            rows.append((name, place + 1, node.group, said(lm, ids), node.total, len(ids), node.id in ends))
    for place, ((ids, ended), total) in enumerate(zip(drawn, totals, strict=True)):
        rows.append((asking.SAMPLE, place + 1, 0, said(lm, ids), total, len(ids) + ended, ended))
    return pd.DataFrame(rows, columns=list(TEXTS)).astype(TEXTS)


def said(lm: LanguageModel, ids: Sequence[int]) -> str:
    """Return what tokens say, ends of text spelt out."""
    return str(lm.model.tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))
