"""The run behind `PatchingSpec`: both prompts read once, then every state exchanged, many in one forward pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.intervention.patching import PatchingResult, PatchingSpec
from probes.intervention.reading_layers import token_of
from probes.models import Encoded, LanguageModel, hidden_states, language_model, loaded
from probes.models.alone import Head
from probes.models.encoding import check_known, unknown_of
from probes.models.grafting import Graft, grafted
from probes.models.provenance import source_of

THIS, NEIGHBOUR = "this token", "its neighbour"
NEAR = 1e-6
"""Two prompts whose measures are nearer than this have no difference to trace."""


@dataclass(frozen=True)
class Prompt:
    """One prompt as the model reads it."""

    encoded: Encoded
    tokens: list[str]
    place: int
    """Where the prediction is read."""


@dataclass(frozen=True)
class Measure:
    """A measure of logits [row, vocabulary] at the place of the prediction."""

    metric: str
    answer: int
    instead: int
    reference: torch.Tensor
    """Log-probabilities [vocabulary] of the prompt the states come from."""

    def of(self, logits: torch.Tensor) -> np.ndarray:
        """Return float64 [row]."""
        if self.metric == "logit difference":
            found = logits[:, self.answer] - logits[:, self.instead]
        elif self.metric == "probability":
            found = torch.softmax(logits, -1)[:, self.answer]
        elif self.metric == "rank":
            found = (logits > logits[:, self.answer, None]).sum(-1) + 1
        else:
            found = (self.reference.exp() * (self.reference - torch.log_softmax(logits, -1))).sum(-1)
        return np.asarray(found.double().cpu().numpy())


def exchange(spec: PatchingSpec, progress: Progress) -> PatchingResult:
    """Answer a PatchingSpec; refuses answers of several tokens, and prompts that do not answer token to token."""
    progress.report(0, 1, "loading the model")
    lm = language_model(loaded(spec))
    head = Head(lm)
    first, second = (prompt_of(lm, text) for text in (spec.prompt, spec.other))
    giver, receiver = (first, second) if spec.direction == "denoise" else (second, first)
    pairs = aligned(spec.align, giver, receiver)
    last = str(lm.model.depth)
    labels = {g.label for g in grafts_of(lm, spec.site, pairs)}
    states = hidden_states(lm.model, giver.encoded, labels | {last})
    head.check(giver.encoded, states[last])
    whole, without = (lm.logits(one.encoded)[:, one.place].clone() for one in (giver, receiver))
    ids = [one_token(lm, text) for text in (spec.answer, spec.instead)]
    measure = Measure(spec.metric, ids[0], ids[1], torch.log_softmax(whole[0], -1))
    start, end = float(measure.of(without)[0]), float(measure.of(whole)[0])
    if abs(end - start) < NEAR:
        raise StrataError(
            "E-PATCH-SAME",
            f"Both prompts have the same {spec.metric} ({start:.3g}).",
            "There is no difference to trace to a state.",
            "Choose prompts that differ in what they predict, or another measure.",
        )
    kinds = {THIS: pairs} | ({NEIGHBOUR: neighbours(pairs, len(giver.tokens))} if spec.control else {})

    def part(i: int) -> Progress:
        return progress.step(i / len(kinds), (i + 1) / len(kinds))

    parts = [
        table(head, (giver, receiver), states, grafts_of(lm, spec.site, asked), measure, part(i)).assign(patch=name)
        for i, (name, asked) in enumerate(kinds.items())
    ]
    cells = pd.concat(parts, ignore_index=True)
    cells["recovered"] = (cells["value"] - start) / (end - start)
    return result(spec, lm, cells, (start, end), receiver)


def prompt_of(lm: LanguageModel, text: str) -> Prompt:
    """Encode a prompt; raises StrataError E-PATCH-MASK when an encoder's has not exactly one mask token."""
    encoded = lm.model.encode([text])
    check_known(lm.model, encoded)
    ids = encoded.ids[0].cpu().numpy()
    place = len(ids) - 1
    if lm.task == "masked":
        masks = np.flatnonzero(ids == lm.mask)
        if len(masks) != 1:
            raise StrataError(
                "E-PATCH-MASK",
                f"This prompt has {len(masks)} mask tokens; one is predicted.",
                f"{lm.model.name[:200]} fills gaps.",
                f"Write {lm.model.tokenizer.mask_token} where the answer goes.",
            )
        place = int(masks[0])
    return Prompt(encoded, [token_of(lm, i) for i in ids], place)


def one_token(lm: LanguageModel, text: str) -> int:
    """Return the id of a text that is one token; raises StrataError E-PATCH-TOKEN saying what it is instead."""
    ids = lm.model.tokenizer(text, add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        parts = ", ".join(repr(token_of(lm, i)) for i in ids[:8]) or "nothing"
        raise StrataError(
            "E-PATCH-TOKEN",
            f"{text[:60]!r} is {len(ids)} tokens to this model: {parts}.",
            "The measure looks at one.",
            "Give one of them, or another word; in most decoders a word has its blank in front.",
        )
    if ids[0] == unknown_of(lm.model.tokenizer):
        what = f"{text[:60]!r} is no token of this model: it reads {token_of(lm, ids[0])!r}."
        raise StrataError("E-PATCH-TOKEN", what, fix="Choose a word that it knows.")
    return int(ids[0])


def aligned(align: str, giver: Prompt, receiver: Prompt) -> list[tuple[int, int]]:
    """Return pairs of tokens (of the receiver, of the giver); raises StrataError E-PATCH-LENGTH or E-PATCH-ALIGN."""
    n, m = len(receiver.tokens), len(giver.tokens)
    if not align.strip():
        if n != m:
            raise StrataError(
                "E-PATCH-LENGTH",
                f"The prompt that is patched has {n} tokens ({_shown(receiver)}), the other {m} ({_shown(giver)}).",
                "Which token answers to which is not guessed.",
                f"Say so in align: {n} numbers from 0 to {m - 1} (or -), one for each token that is patched.",
            )
        return [(i, i) for i in range(n)]
    parts = [part.strip() for part in align.split(",")]
    good = all(part == "-" or (part.isascii() and part.isdigit() and int(part) < m) for part in parts)
    if len(parts) != n or not good or all(part == "-" for part in parts):
        raise StrataError(
            "E-PATCH-ALIGN",
            f"'{align[:80]}' does not say where the states of {n} tokens come from.",
            f"The tokens are {_shown(receiver)}; those of the other prompt {_shown(giver)}.",
            f"Give {n} numbers from 0 to {m - 1}, or - for a token that is left as it is.",
        )
    return [(i, int(part)) for i, part in enumerate(parts) if part != "-"]


def _shown(prompt: Prompt) -> str:
    return " | ".join(f"{i} {token[:20]!r}" for i, token in enumerate(prompt.tokens[:30]))


def neighbours(pairs: Sequence[tuple[int, int]], n: int) -> list[tuple[int, int]]:
    """Return the same places with the state of the token before; of the first, the one after."""
    return [(place, given - 1 if given else min(1, n - 1)) for place, given in pairs]


def grafts_of(lm: LanguageModel, site: str, pairs: Sequence[tuple[int, int]]) -> list[Graft]:
    """Return a graft a layer and pair of tokens; of heads one a layer and head, at all pairs."""
    depth = lm.model.depth
    if site == "heads":
        place, given = zip(*pairs, strict=True)
        heads = range(lm.model.parts.heads)
        return [Graft(layer, place, given, f"head:{k}") for layer in range(1, depth + 1) for k in heads]
    first = 0 if site == "residual" else 1
    return [Graft(layer, *pair, site) for layer in range(first, depth + 1) for pair in pairs]


def table(
    head: Head,
    prompts: tuple[Prompt, Prompt],
    states: dict[str, torch.Tensor],
    grafts: list[Graft],
    measure: Measure,
    progress: Progress,
) -> pd.DataFrame:
    """Return one row a graft, with the measure's value."""
    (giver, receiver), lm = prompts, head.lm
    values: list[np.ndarray] = []
    for last in grafted(lm.model, receiver.encoded, states, grafts):
        values.append(measure.of(head.logits(last[:, receiver.place, None], norm=False)[:, 0]))
        progress.report(sum(map(len, values)), len(grafts), "exchanging states")
    rows = [(g.layer, str(g.layer), *_of(g, giver, receiver)) for g in grafts]
    cells = pd.DataFrame(rows, columns=["order", "layer", "head", "position", "token", "given"])
    return cells.assign(value=np.concatenate(values))


def _of(graft: Graft, giver: Prompt, receiver: Prompt) -> tuple[int, int, str, str]:
    """Return head, position, token and the token given; of a head, at all tokens, its number alone."""
    if graft.part.startswith("head:"):
        return int(graft.part[5:]), -1, "", ""
    [(place, given)] = graft.pairs
    return -1, place, receiver.tokens[place], giver.tokens[given]


def result(
    spec: PatchingSpec, lm: LanguageModel, cells: pd.DataFrame, values: tuple[float, float], receiver: Prompt
) -> PatchingResult:
    """Name the state that recovers most, the earliest of equals, and up to which layer such states do.

    In the residual stream the last state of the token that predicts is all of the prediction, and does not compete.
    """
    ours, whole = cells[cells["patch"] == THIS], spec.site == "residual"
    free = ours[ours["position"] != receiver.place] if whole else ours
    top = ours.loc[(free if len(free) else ours)["recovered"].idxmax()]
    same = (cells["order"] == top.order) & (cells["position"] == top.position) & (cells["head"] == top["head"])
    away = free[free["recovered"] >= 0.5] if whole else free[:0]
    most = cells.loc[cells.groupby(["patch", "order"], sort=False)["recovered"].idxmax()]
    at = most["token"] if spec.site != "heads" else "head " + most["head"].astype(str)
    layers = most.assign(most=most["recovered"], at=at)[["order", "layer", "patch", "most", "at"]]
    beside = cells.loc[same & (cells["patch"] == NEIGHBOUR), "recovered"]
    texts = [spec.prompt, spec.other]
    return PatchingResult(
        cells=cells,
        layers=layers.reset_index(drop=True),
        values={"without": values[0], "full": values[1]},
        best={"layer": top.layer, "token": top.token, "position": str(top.position), "head": str(top["head"])},
        most=float(top.recovered),
        beside=float(beside.iloc[0]) if len(beside) else None,
        until=str(away["order"].max()) if len(away) else "",
        metric=spec.metric,
        direction=spec.direction,
        answers=(spec.answer, spec.instead),
        site=spec.site,
        depth=lm.model.depth,
        source=source_of(lm.model, corpus="two prompts", texts=texts, seed=0),
    )
