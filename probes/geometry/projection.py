"""From many dimensions to two, and one frame laid over another.

PCA's axes point to the side where their largest coordinate is positive. UMAP (McInnes et al. 2018) is umap-learn,
t-SNE (van der Maaten & Hinton 2008) is scikit-learn; both begin where the frame before ended, when there is one, and
then take fewer steps.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from probes import linalg

How = Literal["pca", "umap", "tsne"]
Near = tuple[np.ndarray, np.ndarray]
"""Nearest rows int32 [row, k], each itself first, and their distances float32."""
_BLOCK, _MANY = 1024, 8192
EXACT = 10_000
"""Rows up to which all pairs are compared; above, neighbours are found by nearest-neighbour descent (pynndescent)."""
WARM_STEPS = 80
"""Epochs of UMAP from a frame that is nearly right; from nothing it takes 500, or 200 above 10,000 rows. On MiniLM's
layers fewer lose trustworthiness (0.946 of 0.948 at 120; 0.935 at 40)."""


@dataclass(frozen=True)
class Directed:
    """Rows as a metric sees them, made when they are asked for: of a mapped file, a part at a time."""

    rows: np.ndarray
    metric: str

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, some: "slice | np.ndarray") -> np.ndarray:
        return directed(self.rows[some], self.metric)


def directed(rows: np.ndarray, metric: str) -> np.ndarray:
    """Return float64 rows, at length 1 for cosines; a zero row stays zero."""
    rows = rows.astype(np.float64)
    if metric == "euclidean":
        return rows
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)


def pca(rows: np.ndarray | Directed) -> tuple[np.ndarray, float]:
    """Return coordinates float64 [row, 2] on the two main axes, and their share of the variance.

    Rows are read a block at a time, three times over: memory does not grow with a file that is mapped into it.
    """

    def blocks() -> Iterator[np.ndarray]:
        for first in range(0, len(rows), _MANY):
            yield rows[first : first + _MANY].astype(np.float64, copy=False)

    center, axes, shares = linalg.streamed_axes(blocks)
    return np.concatenate([(block - center) @ axes for block in blocks()]), float(shares.sum())


def umap(rows: np.ndarray, near: Near, *, apart: float, seed: int, start: np.ndarray | None = None) -> np.ndarray:
    """Return coordinates [row, 2]; `start` [row, 2] is where the points begin, none for the spectral layout.

    `near` is what `around` returns of the same rows: two maps of one cloud need not search twice.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tensorflow not installed")  # nothing here is parametric
        from umap import UMAP  # on use: it compiles itself for seconds

    begin = "spectral" if start is None else _small(start, 10).astype(np.float32)
    fit = UMAP(
        n_neighbors=near[0].shape[1],
        precomputed_knn=(*near, None),
        force_approximation_algorithm=True,  # or neighbours that are given would be looked for again below 4,096 rows
        min_dist=apart,
        init=begin,
        n_epochs=None if start is None else WARM_STEPS,
        random_state=seed,
        n_jobs=1,  # more than one and the seed decides nothing
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"precomputed_knn\[2\]")  # no new points are ever put on this map
        warnings.filterwarnings("ignore", "Graph is not fully connected")  # its parts are laid out one by one
        found: np.ndarray = fit.fit_transform(rows)
    return found.astype(np.float64)


def around(rows: np.ndarray, k: int, *, seed: int = 0) -> Near:
    """Return the k nearest rows of each, itself first: exact by matrix products, above `EXACT` rows by descent."""
    if len(rows) > EXACT:
        from umap.umap_ import nearest_neighbors  # as umap-learn itself would ask, with the same settings

        state = np.random.RandomState(seed)
        ids, far, _ = nearest_neighbors(rows, k, "euclidean", {}, False, state, n_jobs=1)
        return _self_first(np.asarray(ids, np.int32), np.asarray(far, np.float32))
    others = nearest(rows, k - 1)
    found = np.concatenate([np.arange(len(rows))[:, None], others], axis=1)
    far = np.sqrt(np.stack([np.square(rows[column] - rows).sum(1) for column in found.T], axis=1))
    return found.astype(np.int32), far.astype(np.float32)


def _self_first(ids: np.ndarray, far: np.ndarray) -> Near:
    """Put each row first among its own; of equal rows, the search may return another first, or only others."""
    own = np.arange(len(ids), dtype=np.int32)
    for row in np.flatnonzero(ids[:, 0] != own):
        others = [(i, d) for i, d in zip(ids[row], far[row], strict=True) if i != row]
        pairs = [(row, 0.0), *others][: ids.shape[1]]
        ids[row], far[row] = zip(*pairs, strict=True)
    return ids, far


def tsne(rows: np.ndarray, *, neighbours: int, seed: int, start: np.ndarray | None = None) -> np.ndarray:
    """Return coordinates [row, 2]; the perplexity is two neighbours a point, at most a third of the points."""
    from sklearn.manifold import TSNE  # on use: half a second

    perplexity = min(2.0 * neighbours, (len(rows) - 1) / 3)
    if rows.shape[1] < 2:  # PCA, where it begins, wants two columns
        rows = np.pad(rows, ((0, 0), (0, 1)))
    begin = "pca" if start is None else _small(start, 1e-4).astype(np.float32)
    found: np.ndarray = TSNE(perplexity=perplexity, init=begin, random_state=seed, n_jobs=1).fit_transform(
        np.ascontiguousarray(rows, np.float32)
    )
    return found.astype(np.float64)


def _small(start: np.ndarray, size: float) -> np.ndarray:
    """Scale a frame to where a method begins: `size` is its largest coordinate, or for t-SNE its deviation."""
    scale = np.abs(start).max() if size >= 1 else start[:, 0].std()
    return start * (size / scale) if scale else start


def standard(xy: np.ndarray) -> np.ndarray:
    """Return a frame [row, 2] about the origin, its points at distance 1 in the root mean square."""
    moved = xy - xy.mean(0)
    size = np.sqrt(np.square(moved).sum(1).mean())
    return moved / size if size else moved


def laid_over(xy: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return a standard frame turned or mirrored to lie as near as it can to the frame before (Procrustes)."""
    turned: np.ndarray = xy @ linalg.turned_onto(xy, before)
    return turned


def nearest(rows: np.ndarray, k: int) -> np.ndarray:
    """Return [row, k]: the nearest other rows by Euclidean distance, nearest first; a block of rows at a time."""
    size = np.square(rows).sum(1)
    found = np.empty((len(rows), k), np.int64)
    for first in range(0, len(rows), _BLOCK):
        block = rows[first : first + _BLOCK]
        far = size[None, :] - 2 * block @ rows.T  # + |block|^2, the same along a row
        far[np.arange(len(block)), np.arange(first, first + len(block))] = np.inf
        some = np.argpartition(far, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(far, some, axis=1), axis=1, kind="stable")
        found[first : first + _BLOCK] = np.take_along_axis(some, order, axis=1)
    return found
