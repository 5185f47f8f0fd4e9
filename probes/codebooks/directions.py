"""What a code adds to the residual stream: the vector from a layer's mean to what the code stands for."""

import numpy as np

from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.names import DIRECTIONS, TRAINED


def directions(asked: CodebookSpec, run: CodebookResult, layer: int, book: int) -> np.ndarray:
    """Return float32 [code, width] of one book of a layer (its place among the run's).

    A code of a product codebook says nothing of the other parts, where its vector is zero. A direction (spherical, or
    an atom) is taken at the mean gain of the tokens it fired on in fitting, or at the mean of all when there are none.
    """
    codes = run.codes[layer, book]
    if asked.method == "product":
        found = np.zeros((run.size, run.centers.shape[1]), np.float32)
        part = codes.shape[1]
        found[:, book * part : (book + 1) * part] = codes
        return found
    if asked.method == TRAINED:
        return _own(asked, run, layer, book)
    if asked.method in DIRECTIONS:
        cut, n = run.sizes[0], run.books * run.slots
        fires = run.fired(layer, slice(0, cut))[:, 0]
        level = run.levels[layer][run.ids[layer][:cut, n:]].astype(np.float64)
        ids, level = fires[fires >= 0].astype(np.int64), level[fires >= 0]
        often = np.bincount(ids, minlength=run.size)
        mean = np.bincount(ids, level, run.size) / np.maximum(often, 1)
        gain = np.where(often > 0, mean, level.mean() if len(level) else 0)
        return np.asarray(codes * gain[:, None], np.float32)
    return np.asarray(codes, np.float32)


def _own(asked: CodebookSpec, run: CodebookResult, layer: int, book: int) -> np.ndarray:
    """Return what a code puts into its slot, less the slot's share of the layer's mean; zero outside its part."""
    from probes.codebooks.kinds import book_of  # on use: it imports torch

    mean = book_of(asked, run, layer).rules.output == "mean"  # type: ignore[attr-defined]  # an Own
    codes = run.codes[layer, book]
    part = slice(book * codes.shape[1], (book + 1) * codes.shape[1])
    found = np.zeros((run.size, run.centers.shape[1]), np.float32)
    found[:, part] = codes / (run.slots if mean else 1) - run.centers[layer, part] / run.slots
    return found


def of_equal_norm(vectors: np.ndarray, code: int, draw: np.random.Generator) -> np.ndarray:
    """Return float32 [width]: another code's vector, drawn from those that point somewhere, at the length of this one.

    The control of every nudge: states are about as far from where they were, and as much like states.
    """
    norms = np.linalg.norm(vectors, axis=1)
    others = [i for i in np.flatnonzero(norms > 0).tolist() if i != code]
    if not others:
        raise ValueError("There is no other code to compare with.")
    one = int(draw.choice(others))
    return np.asarray(vectors[one] * (norms[code] / norms[one]), np.float32)
