"""The kinds of codebooks, written down once: how each is fitted from the same few numbers."""

import numpy as np
import torch

from probes.codebooks import encoded, itda, kmeans, product, residual, sparse, spherical
from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.book import Codebook
from probes.codebooks.kmeans import Options, Tell
from probes.codebooks.names import ENCODER, TRAINED, Kind
from probes.codebooks.rows import Rows
from probes.codebooks.trained import kept, thinking
from probes.codebooks.trained.own import Own


def fit(kind: Kind, rows: Rows, options: Options, books: int = 1, tell: Tell = kmeans.silent) -> Codebook:
    """Return a codebook of a kind that is fitted; `books`: depth if residual, parts if product, codes if sparse."""
    if kind in (TRAINED, ENCODER):
        raise ValueError("Codebooks that somebody trained are read, not fitted.")
    if kind == "product":
        return product.fit(rows, options, books, tell)
    if kind in ("pursuit", "itda"):
        return (sparse if kind == "pursuit" else itda).fit(rows, options, books, tell)
    if kind == "residual":
        return residual.fit(rows, options, books, tell)
    return spherical.fit(rows, options, tell) if kind == "spherical" else residual.fit(rows, options, 1, tell)


def of(kind: Kind, codes: np.ndarray, center: np.ndarray, levels: np.ndarray, slots: int = 1) -> Codebook:
    """Return the codebook that these arrays were taken from; `slots` codes of each book stand for a state."""
    middle, books, gains = (torch.from_numpy(np.array(array, np.float32)) for array in (center, codes, levels))
    if kind in ("pursuit", "itda"):
        return sparse.Pursuit(middle, books, gains, slots)
    kinds: dict[str, type[Codebook]] = {"product": product.Product, "spherical": spherical.Spherical}
    return kinds.get(kind, residual.Residual)(middle, books, gains)


def book_of(asked: CodebookSpec, run: CodebookResult, at: int) -> Codebook:
    """Return the codebook of a layer of a finished run, by its place among the run's layers."""
    if asked.method == TRAINED:
        center, codes = (torch.from_numpy(np.array(part[at], np.float32)) for part in (run.centers, run.codes))
        return Own(center, codes, center.new_zeros(0), kept.rules(thinking.folder_of(asked)))
    if asked.method == ENCODER:
        return encoded.again(asked, run, at)
    return of(asked.method, run.codes[at], run.centers[at], run.levels[at], run.slots)
