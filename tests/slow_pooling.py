"""Alignment and pooling written the long way, one character and one text at a time, for the fast ones to agree with."""

import numpy as np
import torch
from numpy.random import Generator


def overlaps(span: np.ndarray, token: np.ndarray) -> bool:
    """Say whether a span and a token have a character in common."""
    return bool(set(range(*span.tolist())) & set(range(*token.tolist())))


def aligned(offsets: np.ndarray, special: np.ndarray, spans: list[np.ndarray]) -> list[list[int]]:
    """Return for every span of the batch the flat numbers of its tokens."""
    length = offsets.shape[1]
    return [
        [i * length + k for k in range(length) if not special[i, k] and overlaps(span, offsets[i, k])]
        for i in range(len(spans))
        for span in spans[i]
    ]


def layout(rng: Generator, texts: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Draw token offsets, what is special, and spans: tokens over two spans, holes, one character in many tokens."""
    tokens, spans = [], []
    for _ in range(texts):
        length = int(rng.integers(0, 20))
        tokens.append(_tokens(rng, length))
        cuts = np.sort(rng.choice(length + 1, min(length + 1, int(rng.integers(0, 8))), replace=False))
        ranges = [(a, b) for a, b in zip(cuts[:-1], cuts[1:], strict=True) if rng.random() < 0.8]
        spans.append(np.array(ranges, np.int64).reshape(-1, 2))
    shape = (texts, max(map(len, tokens)) + 2)
    offsets, special = np.zeros((*shape, 2), np.int64), np.ones(shape, bool)
    for i, row in enumerate(tokens):
        first = int(rng.integers(0, shape[1] - len(row) + 1))  # added tokens before, padding after
        offsets[i, first : first + len(row)] = row
        special[i, first : first + len(row)] = False
    return offsets, special, spans


def _tokens(rng: Generator, length: int) -> np.ndarray:
    at, rows = 0, []
    while at < length:
        step = int(rng.integers(1, 4))
        kind = rng.random()
        if kind < 0.2:  # characters the tokenizer drops
            pass
        elif kind < 0.35:  # the bytes of one character: a token each, all with its offsets
            rows += [(at, min(at + 1, length))] * int(rng.integers(2, 5))
            step = 1
        elif kind < 0.45:  # a token that stands for no character
            rows.append((at, at))
            step = 0 if rng.random() < 0.5 else 1
        else:
            rows.append((at, min(at + step, length)))
        at += step
    return np.array(rows, np.int64).reshape(-1, 2)


def mean_rows(states: torch.Tensor, tokens: list[list[int]]) -> np.ndarray:
    """Average the rows of each span in float64; zero where there is none."""
    flat = states.flatten(0, 1).double().numpy()
    return np.array([flat[t].mean(0) if t else np.zeros(flat.shape[1]) for t in tokens]).reshape(-1, flat.shape[1])
