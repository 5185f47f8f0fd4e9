"""How many directions carry the cloud? Participation ratio, IsoScore, RankMe, stable rank, the first axis' share.

With l the eigenvalues of the covariance and s the singular values of the rows as they are: PR = (sum l)^2 / sum l^2;
IsoScore (Rudman et al., ACL Findings 2022) = (PR - 1) / (width - 1), which is what its seven steps come to; RankMe
(Garrido et al., ICML 2023; effective rank of Roy & Vetterli 2007) = exp of the entropy of s / sum s, without the 1e-7
that the published code adds; stable rank = sum s^2 / max s^2.
"""

import numpy as np

from probes.errors import StrataError
from probes.geometry.cloud import Cloud


def participation(cloud: Cloud) -> float:
    """Return between 1 (a line) and the width (all directions alike)."""
    values = cloud.spectrum / cloud.spectrum.max()
    return float(values.sum() ** 2 / np.square(values).sum())


def isoscore(cloud: Cloud) -> float:
    """Return between 0 (a line) and 1 (all directions alike); raises E-CLOUD-SHAPE for a single dimension."""
    width = cloud.rows.shape[1]
    if width < 2:
        raise StrataError("E-CLOUD-SHAPE", "IsoScore needs at least 2 dimensions; these rows have 1.")
    return (participation(cloud) - 1) / (width - 1)


def effective_rank(cloud: Cloud) -> float:
    """Return between 1 and min(row, width)."""
    share = cloud.singular / cloud.singular.sum()
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))


def stable_rank(cloud: Cloud) -> float:
    """Return between 1 and the rank: how many times the strongest direction the whole is."""
    return float(np.square(cloud.singular / cloud.singular[0]).sum())


def top_share(cloud: Cloud) -> float:
    """Return the share of the variance on the first principal axis."""
    return float(cloud.spectrum[0] / cloud.spectrum.sum())
