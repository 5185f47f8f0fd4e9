"""Occlusion by the nodes of a tree: what the score loses when all tokens of a node are taken out at once."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from probes.attribution.captumed import rows_at_once
from probes.attribution.targets import Question
from probes.corpora.trees import Tree
from probes.errors import StrataError

MOST = 1000
"""Nodes; a longer piece of code is refused."""


def occlusion(asked: Question, x: torch.Tensor, base: torch.Tensor, tree: Tree) -> tuple[pd.DataFrame, torch.Tensor]:
    """Return the nodes with what each one's absence costs, and float32 [token]: a word's cost over its tokens."""
    nodes = placed(tree, asked.encoded.offsets[0])
    if len(nodes) > MOST:
        what = f"This code has {len(nodes)} nodes."
        raise StrataError("E-TOO-LONG-TEXT", what, fix=f"Choose a piece with at most {MOST}.")
    tokens = np.arange(x.shape[1])
    gone = (nodes["first"].to_numpy()[:, None] <= tokens) & (tokens <= nodes["last"].to_numpy()[:, None])
    with torch.no_grad():
        score = asked.value(x)
    nodes["value"] = (score - scores(asked, x, base, ~gone)).cpu().numpy().astype(float)
    values = np.zeros(len(tokens))
    for _, node in nodes[nodes["leaf"]].iterrows():
        values[node["first"] : node["last"] + 1] += node["value"] / (node["last"] - node["first"] + 1)
    return nodes.drop(columns="leaf"), torch.from_numpy(values).float()


def scores(asked: Question, x: torch.Tensor, base: torch.Tensor, kept: np.ndarray) -> torch.Tensor:
    """Return float32 [row]: the score with only some tokens kept, bool [row, token], the others being the baseline."""
    at_once = rows_at_once(asked)
    there = torch.from_numpy(kept).to(x.device)
    with torch.no_grad():
        parts = [
            asked.value(torch.where(there[i : i + at_once, :, None], x, base)) for i in range(0, len(kept), at_once)
        ]
    return torch.cat(parts)


def placed(tree: Tree, offsets: np.ndarray) -> pd.DataFrame:
    """Return one row a node that covers a token, a node with the very tokens of its parent left out, and the root."""
    rows: list[tuple[int, str, int, int, int, int, int]] = []
    spans: dict[int, tuple[int, int] | None] = {}
    depths: dict[int, int] = {}
    for node, (start, end) in enumerate(tree.spans):
        inside = np.flatnonzero((offsets[:, 0] < end) & (offsets[:, 1] > start))
        parent = tree.parents[node]
        span = (int(inside[0]), int(inside[-1])) if len(inside) else None
        spans[node] = span
        fresh = span is not None and parent >= 0 and span != spans[parent]
        depths[node] = depths.get(parent, -1) + int(fresh)
        if fresh and span is not None:
            rows.append((node, tree.types[node], start, end, depths[node], *span))
    frame = pd.DataFrame(rows, columns=["node", "type", "start", "end", "depth", "first", "last"])
    frame["leaf"] = _innermost(frame[["first", "last"]].to_numpy().tolist())
    return frame


def _innermost(spans: Sequence[Sequence[int]]) -> list[bool]:
    """Say of each span in preorder whether none follows inside it."""
    return [
        not (i + 1 < len(spans) and spans[i + 1][0] >= a and spans[i + 1][1] <= b) for i, (a, b) in enumerate(spans)
    ]
