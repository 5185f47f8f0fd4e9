"""What a code adds to the residual stream: the vector from a layer's mean to what the code stands for."""

import numpy as np

from probes.codebooks.analysis import CodebookResult, CodebookSpec


def directions(asked: CodebookSpec, run: CodebookResult, layer: int, book: int) -> np.ndarray:
    """Return float32 [code, width] of one book of a layer (its place among the run's).

    A code of a product codebook says nothing of the other parts, where its vector is zero; a spherical code is taken
    at the mean gain of the tokens that had it in fitting, or at the mean of all gains when none had.
    """
    codes = run.codes[layer, book]
    if asked.method == "product":
        found = np.zeros((run.size, run.centers.shape[1]), np.float32)
        part = codes.shape[1]
        found[:, book * part : (book + 1) * part] = codes
        return found
    if asked.method == "spherical":
        ids, gains = run.ids[layer][: run.sizes[0]], run.levels[layer]
        level = gains[ids[:, 1]].astype(np.float64)
        often = np.bincount(ids[:, 0], minlength=run.size)
        mean = np.bincount(ids[:, 0], level, run.size) / np.maximum(often, 1)
        gain = np.where(often > 0, mean, level.mean())
        return np.asarray(codes * gain[:, None], np.float32)
    return np.asarray(codes, np.float32)


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
