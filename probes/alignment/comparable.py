"""What of an alignment run can be compared: each layer's score of each language."""

import pandas as pd

from probes.alignment.analysis import AlignmentResult, AlignmentSpec
from probes.contract import Comparable


def comparables(spec: AlignmentSpec, result: AlignmentResult) -> tuple[Comparable, ...]:
    """Return MEXA@m, and how far it is above the lexical floor, by layer and language of one corpus and pivot."""
    where = f"{spec.corpus} {result.pivot} "
    items = pd.DataFrame(
        {
            "order": result.scores.order,
            "place": result.scores.layer.astype(str),
            "text": where + result.scores.language.astype(str),
            "value": result.scores.score.astype(float),
        }
    )
    above = items.assign(value=result.scores.score - result.scores.lexical)
    measure = f"MEXA@{result.at}"
    return (
        Comparable(measure, "layer", result.best, items),
        Comparable(f"{measure} above the lexical floor", "layer", result.best, above),
    )
