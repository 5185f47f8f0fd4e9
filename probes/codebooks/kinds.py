"""The kinds of codebooks, written down once: how each is fitted from the same few numbers."""

import numpy as np
import torch

from probes.codebooks import itda, kmeans, product, residual, sparse, spherical
from probes.codebooks.book import Codebook
from probes.codebooks.kmeans import Options, Tell
from probes.codebooks.names import Kind
from probes.codebooks.rows import Rows


def fit(kind: Kind, rows: Rows, options: Options, books: int = 1, tell: Tell = kmeans.silent) -> Codebook:
    """Return a codebook of a kind; `books`: depth if residual, parts if product, codes a token if sparse."""
    if kind == "product":
        return product.fit(rows, options, books, tell)
    if kind in ("pursuit", "itda"):
        return (sparse if kind == "pursuit" else itda).fit(rows, options, books, tell)
    if kind == "residual":
        return residual.fit(rows, options, books, tell)
    return spherical.fit(rows, options, tell) if kind == "spherical" else residual.fit(rows, options, 1, tell)


def of(kind: Kind, codes: np.ndarray, center: np.ndarray, levels: np.ndarray) -> Codebook:
    """Return the codebook that these arrays were taken from."""
    kinds: dict[str, type[Codebook]] = {"product": product.Product, "spherical": spherical.Spherical}
    kinds |= dict.fromkeys(("pursuit", "itda"), sparse.Pursuit)
    parts = (torch.from_numpy(np.array(array, np.float32)) for array in (center, codes, levels))
    return kinds.get(kind, residual.Residual)(*parts)
