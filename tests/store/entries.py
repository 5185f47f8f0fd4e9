"""Small states with known numbers, in the making."""

import numpy as np

from probes import store
from probes.values import Source

DIGEST = "5" * 32
SOURCE = Source("m", "r", "w", "float32", "cpu", "c", "d", 3, ("a note",), {"torch": "2"})
STARTS = np.array([0, 2, 2, 5, 9])
LAYERS = ("0", "1", "1+norm")
WIDTH = 3


def numbers(layer: int) -> np.ndarray:
    return np.random.default_rng(layer).normal(size=(9, WIDTH)).astype(np.float32)


def begin(starts: np.ndarray = STARTS) -> store.Part:
    return store.Part(DIGEST, LAYERS, WIDTH, starts)


def fill(part: store.Part, text: int) -> None:
    start, stop = STARTS[text], STARTS[text + 1]
    for layer in range(len(LAYERS)):
        part.put(layer, int(start), numbers(layer)[start:stop])
    part.count(int(start), np.arange(start, stop, dtype=np.int32) + 1)
    part.commit(text)


def made() -> store.States:
    part = begin()
    for text in (2, 0, 3, 1):
        fill(part, text)
    part.finish(SOURCE)
    found = store.open_states(DIGEST)
    assert found is not None
    return found


def check(found: store.States | None) -> None:
    assert found is not None
    for i, label in enumerate(LAYERS):
        np.testing.assert_array_equal(found.at(label), numbers(i))
    assert found.tokens.tolist() == list(range(1, 10))
