"""What of a codebook run can be compared: how much of each layer its codes explain, text by text."""

import pandas as pd

from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.contract import Comparable


def comparables(spec: CodebookSpec, result: CodebookResult) -> tuple[Comparable, ...]:
    """Return the variance explained by layer and held-out text; the best layer was chosen on other texts."""
    rows = result.texts
    where = f"{spec.corpus} {spec.language} "
    place = {"order": rows.order, "place": rows.layer.astype(str)}
    # texts of one origin stay apart: the mean over texts must be the variance explained
    again = rows.groupby(["order", "origin"]).cumcount()
    text = [f"{where}{origin} {n}" if n else f"{where}{origin}" for origin, n in zip(rows.origin, again, strict=True)]
    items = pd.DataFrame({**place, "text": text, "value": rows.value.astype(float)})
    return (Comparable("variance explained", "layer", result.best, items),)
