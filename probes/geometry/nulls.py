"""What the same measure says of clouds with no structure beyond what is stated: nothing but noise made to measure.

`isotropic` keeps the lengths of the rows and draws their directions at random; `gaussian` keeps the mean and the
covariance. A measure that says the same of a null says no more than the null holds.
"""

import numpy as np

ISOTROPIC, GAUSSIAN = "isotropic, same norms", "Gaussian, same covariance"
NULLS = (ISOTROPIC, GAUSSIAN)


def null(name: str, rows: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return rows [row, width] of a null made after `rows`; raises ValueError for an unknown one."""
    rows = rows.astype(np.float64)
    if name == ISOTROPIC:
        noise = draw.normal(size=rows.shape)
        return noise / np.linalg.norm(noise, axis=1, keepdims=True) * np.linalg.norm(rows, axis=1, keepdims=True)
    if name == GAUSSIAN:
        center = rows.mean(0)
        _, size, axes = np.linalg.svd(rows - center, full_matrices=False)
        noise = draw.normal(size=(len(rows), len(size)))
        drawn: np.ndarray = center + noise * (size / np.sqrt(len(rows) - 1)) @ axes
        return drawn
    raise ValueError(f"No null is called '{name}'; there are {', '.join(NULLS)}.")
