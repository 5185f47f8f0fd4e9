"""Beam search, plain and diverse: the likeliest ways a model would go on, and every way that was tried.

With B beams in G groups, each step takes for every group the B / G continuations of its own beams of highest

    log p(y_1 .. y_t) - diversity * (beams of the groups before it that took y_t in this step)

(Vijayakumar et al., 2018; one group is plain beam search). The penalty decides what is taken and is not carried on: a
text's score is its log-probability, and is not divided by its length. A text that has ended keeps its place and score.
"""

from dataclasses import dataclass

import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.models.continuing import Continuing, check_prompts, ends_of
from probes.models.heads import LanguageModel

ROOT = -1
"""The node before the first token: the prompt."""


@dataclass(frozen=True)
class Beaming:
    """How widely is searched, and how far."""

    tokens: int = 12
    beams: int = 8
    groups: int = 1
    diversity: float = 1.0
    """Nats that a token costs for each beam of an earlier group that took it in the same step."""


@dataclass(frozen=True)
class Node:
    """One token of a text that was among the beams at some step."""

    parent: int
    """The node before it; ROOT after the prompt."""
    step: int
    id: int
    logp: float
    """Nats: of the token after what stands before it."""
    total: float
    """Nats: of all tokens up to it."""
    group: int


def search(
    lm: LanguageModel, prompt: str, how: Beaming, progress: Progress | None = None
) -> tuple[list[Node], list[int]]:
    """Return every node, and the last nodes of the beams at the end, group by group, likeliest first.

    Raises StrataError E-GENERATE of a model that does not predict the next token, E-BEAMS, E-TEXT-EMPTY,
    E-TEXT-TOO-LONG.
    """
    check_prompts(lm, [prompt], how.tokens)
    if how.beams < 1 or how.groups < 1 or how.beams % how.groups:
        what = f"{how.beams} beams cannot be put into {how.groups} equal groups."
        raise StrataError("E-BEAMS", what, fix="Choose a number of beams that the number of groups divides.")
    if how.beams // how.groups > lm.net.config.vocab_size:
        what = f"This model has {lm.net.config.vocab_size} tokens, fewer than the {how.beams // how.groups} beams"
        raise StrataError("E-BEAMS", f"{what} of a group.", fix="Choose fewer beams.")
    heard, ends = progress or Progress(), ends_of(lm)
    writing = Continuing(lm, lm.model.encode([prompt] * how.beams, side="left"))
    mask = writing.encoded.mask.bool()
    tree, at = list[Node](), [ROOT] * how.beams
    for step in range(how.tokens):
        heard.report(step, how.tokens, "searching")
        logp = torch.log_softmax(writing.logits(mask, ()).double(), -1).cpu()
        rows, at = _step(tree, at, logp, (how, step, ends))
        if all(tree[node].id in ends for node in at):
            break
        writing.keep(torch.tensor(rows))
        writing.write(torch.tensor([tree[node].id for node in at]).to(writing.encoded.ids.device))
    return tree, at


def _step(
    tree: list[Node], at: list[int], logp: torch.Tensor, where: tuple[Beaming, int, set[int]]
) -> tuple[list[int], list[int]]:
    """Put the chosen tokens into the tree; return the beam [beam] each goes on from, and its node [beam]."""
    how, step, ends = where
    each, taken = how.beams // how.groups, torch.zeros(logp.shape[1], dtype=torch.float64)
    rows, nodes = list[int](), list[int]()
    for group in range(how.groups):
        own = range(group * each, (group + 1) * each)
        score, ended = _scores(tree, at, logp, (own, ends))
        cost = torch.where(ended[:, None], 0.0, how.diversity * taken) if group else torch.zeros(())
        for place in (score - cost).flatten().topk(each).indices.tolist():
            row, token = own[place // logp.shape[1]], place % logp.shape[1]
            rows.append(row)
            if ended[row - own.start]:
                nodes.append(at[row])
                continue
            before = tree[at[row]].total if at[row] != ROOT else 0.0
            one = float(logp[row, token])
            tree.append(Node(at[row], step, token, one, before + one, group))
            nodes.append(len(tree) - 1)
            taken[token] += 1
    return rows, nodes


def _scores(
    tree: list[Node], at: list[int], logp: torch.Tensor, where: tuple[range, set[int]]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return float64 [beam, token] of one group, and bool [beam]: which have ended, and have one way to go on."""
    own, ends = where
    score, ended = logp[own.start : own.stop].clone(), torch.zeros(len(own), dtype=torch.bool)
    for i, row in enumerate(own):
        if at[row] == ROOT:
            score[i] = score[i] if i == 0 else -torch.inf  # all beams are the prompt yet: it goes on once
        elif tree[at[row]].id in ends:
            ended[i], score[i] = True, -torch.inf
            score[i, 0] = tree[at[row]].total
        else:
            score[i] += tree[at[row]].total
    return score, ended


def path(tree: list[Node], node: int) -> list[int]:
    """Return the tokens from the prompt to a node."""
    found = list[int]()
    while node != ROOT:
        found.append(tree[node].id)
        node = tree[node].parent
    return found[::-1]
