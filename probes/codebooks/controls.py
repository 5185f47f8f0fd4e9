"""What the numbers are held against: rows without clusters, and a codebook that knows the word and nothing else."""

import numpy as np
import torch

from probes.codebooks.names import MOST
from probes.codebooks.rows import Rows


def gaussian(rows: Rows, sizes: tuple[int, int], *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of float32 [row, width] noise with the mean and the covariance of the rows.

    Every direction has the spread it has in the states; whatever codes explain here needs no structure beyond that.
    """
    mean, spread = torch.zeros(rows.width, dtype=torch.float64), torch.zeros(rows.width, rows.width).double()
    for _, block in rows.blocks():
        wide = block.cpu().double()
        mean += wide.sum(0)
        spread += wide.T @ wide
    mean /= len(rows)
    spread = spread / len(rows) - torch.outer(mean, mean)
    values, vectors = torch.linalg.eigh(spread)
    root = (vectors * values.clamp(min=0).sqrt()).T.float().numpy()
    draw, center = np.random.default_rng(seed), mean.float().numpy()
    first, second = (draw.standard_normal((min(n, MOST), rows.width), np.float32) @ root + center for n in sizes)
    return first, second


def by_word(rows: Rows, words: np.ndarray, others: Rows, theirs: np.ndarray) -> np.ndarray:
    """Return float32 [row]: how far each of the others is from the mean of the rows with its word, squared.

    `words` and `theirs` are int64 [row]. The mean of all rows counts as one more row of each word, so that a rare word
    is not taken for its only occurrence, and a word that no row has is decoded as that mean.
    """
    size = int(max(words.max(), theirs.max())) + 1
    sums = torch.zeros(size, rows.width, dtype=torch.float64)
    for where, block in rows.blocks():
        sums.index_add_(0, torch.from_numpy(words[where]), block.cpu().double())
    count = torch.from_numpy(np.bincount(words, minlength=size))[:, None]
    means = ((sums + sums.sum(0) / len(rows)) / (count + 1)).float()
    found = [(block.cpu() - means[torch.from_numpy(theirs[where])]).square().sum(1) for where, block in others.blocks()]
    return torch.cat(found).numpy()
