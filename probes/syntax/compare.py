"""The best layer against everything that could explain its score, and its score against the number of dimensions."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from probes.stats import bootstrap
from probes.syntax.analysis import CONTROL, LEAVES, NONCE, RANDOM, TRAINED, SyntaxSpec
from probes.syntax.closer import BLIND
from probes.syntax.second import JOINED, RANK
from probes.syntax.tables import F1, Extras, Tables

COLUMNS = ["name", "layer", "f1", "low", "high", "gain", "gain_low", "gain_high", "bits"]


def gains(tables: Tables, extras: Extras, seed: int) -> dict[str, tuple[float, float, float]]:
    """Compare the best layer with each baseline, and with leaf types alone, on the same test snippets."""
    top, found = tables.test[TRAINED][tables.best(), ..., F1], {}
    rivals = tables.rivals() | {f.name: f.test[..., F1] for f in extras.found if f.name == LEAVES}
    for name, other in rivals.items():
        gain, low, high = bootstrap(top - other, seed=seed).tolist()
        found[name] = (gain, low, high)
    return found


def controls(layers: Sequence[str], tables: Tables, extras: Extras, seed: int) -> pd.DataFrame:
    """Return one row a comparison, the best layer first; every difference is paired by snippet."""
    best = tables.best()
    top = tables.test[TRAINED][best, ..., F1]
    rows: dict[str, tuple[str, np.ndarray]] = {TRAINED: (layers[best], top)}
    for name, values in tables.rivals().items():
        at = {CONTROL: layers[best], RANDOM: layers[tables.best(RANDOM)] if RANDOM in tables.valid else ""}
        rows[name] = (at.get(name, layers[0]), values)
    if NONCE in tables.test:
        rows[NONCE] = (layers[best], tables.test[NONCE][best, ..., F1])
    for found in extras.found:
        if found.name != RANK:
            rows[found.name] = (f"{layers[best]} and {layers[0]}" if found.name == JOINED else "", found.test[..., F1])
    for name, flat in (extras.free or {}).items():
        rows[name] = ("", np.broadcast_to(flat, top.shape))
    bits = extras.bits or {}
    table = []
    for name, (layer, values) in rows.items():
        of = [*bootstrap(values, seed=seed).tolist(), *bootstrap(top - values, seed=seed).tolist()]
        table.append((name, layer, *of, bits.get(name, np.nan)))
    if BLIND in bits:
        table.append((BLIND, "", *[np.nan] * 6, bits[BLIND]))
    return pd.DataFrame(table, columns=COLUMNS)


def dimension(tables: Tables, extras: Extras, spec: SyntaxSpec) -> pd.DataFrame:
    """Return one row a rank on the best layer, and which is the least that validation cannot tell from the best."""
    best = tables.best()
    found = {f.rank: (f.valid[..., F1], f.test[..., F1]) for f in extras.found if f.name == RANK}
    if spec.dimensions:
        found[spec.rank] = (tables.valid[TRAINED][best, ..., F1], tables.test[TRAINED][best, ..., F1])
    rows = []
    for rank, (valid, test) in sorted(found.items()):
        rows.append((rank, *bootstrap(test, seed=spec.seed).tolist(), float(valid.mean()), False))
    frame = pd.DataFrame(rows, columns=["rank", "f1", "low", "high", "valid_f1", "smallest"])
    if len(frame):
        top = int(frame["rank"][frame.valid_f1.idxmax()])
        each = found[top][0].mean(0)  # one number a snippet: seeds of a snippet are not independent of each other
        error = float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else 0.0
        near = frame.valid_f1 >= frame.valid_f1.max() - error
        frame.loc[int(np.flatnonzero(near)[0]), "smallest"] = True
    numbers = dict.fromkeys(("f1", "low", "high", "valid_f1"), "float64")
    return frame.astype({"rank": "int64", "smallest": "bool", **numbers})
