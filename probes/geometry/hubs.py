"""Are a few points near to everything? (Radovanovic et al., JMLR 2010)

Hubness is the skewness of how often each point is among the 10 nearest of the others, by cosine: 0 when all are alike.
It grows with dimension by itself, so it is read against a null. Equal rows count once.
"""

import numpy as np

from probes.geometry.cloud import Cloud

NEIGHBOURS = 10


def hubness(cloud: Cloud) -> float:
    """Return the skewness of the counts; 0 when all counts are equal; raises E-CLOUD-FEW below 12 distinct rows."""
    count = np.bincount(cloud.nearest(NEIGHBOURS).ravel(), minlength=len(cloud.distinct)).astype(np.float64)
    apart = count - count.mean()
    spread = np.sqrt(np.square(apart).mean())
    return float((apart**3).mean() / spread**3) if spread else 0.0
