"""What of a syntax run can be compared: each layer's F1 on each test function, and how far above the control it is."""

import pandas as pd

from probes.contract import Comparable
from probes.syntax.analysis import CONTROL, TRAINED, SyntaxResult, SyntaxSpec


def comparables(spec: SyntaxSpec, result: SyntaxResult) -> tuple[Comparable, ...]:
    """Return F1 and, when there was a control task, the selectivity, both by layer and test function.

    A test function is known by its pinned corpus, its language and its place there; the probe's best layer was chosen
    on validation, so none of these values chose it.
    """
    trained = _items(spec, result, TRAINED)
    found = [Comparable("F1 of constituents", "layer", result.best, trained)]
    control = _items(spec, result, CONTROL)
    if len(control):
        both = trained.merge(control, on=["order", "place", "text"], suffixes=("", "_control"))
        above = both.assign(value=both.value - both.value_control)[list(trained.columns)]
        found.append(Comparable("F1 above the control task", "layer", result.best, above))
    return tuple(found)


def _items(spec: SyntaxSpec, result: SyntaxResult, series: str) -> pd.DataFrame:
    rows = result.snippets[result.snippets.series == series]
    order = {layer: i for i, layer in enumerate(result.layers)}
    where = f"{spec.corpus} {spec.language} "
    items = pd.DataFrame(
        {
            "order": [order[layer] for layer in rows.layer],
            "place": rows.layer.astype(str).to_numpy(),
            "text": [where + str(origin) for origin in rows.origin],
            "value": rows.f1.to_numpy(float),
        }
    )
    # two functions of one line share their place: their mean stands for both
    return items.groupby(["order", "place", "text"], as_index=False, sort=False).value.mean()
