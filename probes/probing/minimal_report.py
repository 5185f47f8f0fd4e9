"""From what probes say of minimal pairs to the tables of a result: scores, rivals on the same pairs, pair by pair."""

import numpy as np
import pandas as pd

from probes.probing import rivals
from probes.probing.analysis import LAYER_0, RANDOM, TRAINED, WORDS
from probes.probing.labels import LABELS
from probes.probing.minimal import COINS, OWN, SHORTER, PairsResult, PairsSpec
from probes.probing.minimal_fit import Pairs, Told, features, hits_of, over, tell
from probes.probing.pairing import differences
from probes.probing.scoring import Resampling, bounds

Found = dict[tuple[str, str, int], Told]
"""By series, layer and number of pairs."""


def rival_hits(data: Pairs, found: Found, own: np.ndarray, best: str) -> dict[str, np.ndarray]:
    """Return what each rival of the best layer tells of the test pairs, [draw, pair] or one draw for all."""
    examples, most, test = data.examples, data.counts[-1], data.test
    first, said = examples.layers[0], {}
    for series in (COINS, RANDOM):
        if (series, best, most) in found:
            said[series] = found[series, best, most].hits[:, test]
    if best != first:
        said[LAYER_0] = found[TRAINED, first, most].hits[:, test]
    bags = rivals.bags(examples, np.repeat(~test, 2))
    said[WORDS] = tell(features(bags, data), data, (most,))[0].hits[:, test]
    length = np.array([len(examples.texts[i]) for i in examples.frame["text"]]).reshape(-1, 2)[test]
    said[SHORTER] = hits_of((length[:, 1] - length[:, 0]).astype(float))[None]
    if np.isfinite(own).all():
        said[OWN] = hits_of(own)[None]
    return {name: np.broadcast_to(hits, (len(data.train), hits.shape[1])) for name, hits in said.items()}


def result(spec: PairsSpec, data: Pairs, found: Found, own: np.ndarray, best: str) -> PairsResult:
    """Put everything that was told into the tables of a result."""
    again, examples, each = data.again, data.examples, np.ones(int(data.test.sum()))
    rows, order = [], {name: i for i, name in enumerate((TRAINED, COINS, RANDOM))}
    for (series, layer, count), told in found.items():
        score = bounds(again.ratio(told.hits[:, data.test], each))
        facts = float(told.alone[:, data.test].mean()), over(told.hits, data.valid), float(np.median(told.penalty))
        rows.append((examples.layers.index(layer), layer, series, count, *score, *facts))
    rows.sort(key=lambda row: (order[row[2]], row[0], row[3]))
    columns = ["order", "layer", "series", "pairs", "score", "low", "high", "alone", "valid", "penalty"]
    top = found[TRAINED, best, data.counts[-1]]
    mine = again.ratio(top.hits[:, data.test], each)
    against = []
    for name, hits in rival_hits(data, found, own, best).items():
        theirs = again.ratio(hits, each)
        against.append((name, *bounds(theirs), *bounds(mine - theirs)))
    return PairsResult(
        scores=pd.DataFrame(rows, columns=columns),
        baselines=pd.DataFrame(against, columns=["name", "score", "low", "high", "gain", "gain_low", "gain_high"]),
        beside=_beside_own(data, top, own, again),
        pairs=_listed(spec, data, top, own),
        best=best,
        label=LABELS[spec.label].title if spec.label in LABELS else spec.label,
        at=spec.at,
        depth=examples.depth,
        sizes=(round(data.train.sum(1).mean()), round(data.valid.sum(1).mean()), int(data.test.sum())),
        layers=examples.layers,
        left_out=examples.left_out,
        source=examples.source,
    )


def _beside_own(data: Pairs, top: Told, own: np.ndarray, again: Resampling) -> pd.DataFrame:
    rows = []
    for choice, where in (("right", own > 0), ("wrong", own < 0)):
        if where.any():
            hits = top.hits[:, data.test] * where
            rows.append((choice, int(where.sum()), *bounds(again.ratio(hits, where.astype(float)))))
    return pd.DataFrame(rows, columns=["choice", "n", "score", "low", "high"])


def _listed(spec: PairsSpec, data: Pairs, top: Told, own: np.ndarray) -> pd.DataFrame:
    words = differences(data.examples, spec.at)[data.test].reset_index(drop=True)
    origin = data.examples.frame["origin"].to_numpy()[::2][data.test]
    told = {"right": words["right"], "wrong": words["wrong"], "margin": top.margin[:, data.test].mean(0), "own": own}
    return pd.DataFrame({**told, "before": words["before"], "after": words["after"], "origin": origin})
