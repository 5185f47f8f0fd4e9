"""From judged probes to tables: scores with intervals, rivals on the same sentences, trees of the best layers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from probes.corpora.dependencies import Sentence
from probes.probing.analysis import LAYER_0, RANDOM, TRAINED
from probes.probing.dependencies import Tree, least_deep, spanning
from probes.probing.scoring import Resampling, bounds
from probes.probing.structural import CHAIN, CONTROL, DEPTH, DISTANCE, MEASURES, ROOT, UUAS
from probes.probing.structural_fit import Probes, read_off
from probes.probing.structural_scores import Judged, chained


@dataclass(frozen=True)
class Scored:
    """All probes of all layers, judged on validation and on test."""

    names: tuple[tuple[str, str], ...]
    """Series and layer of each distance probe, and of each depth probe."""
    probes: Probes
    """Those of the first draw."""
    valid: tuple[Judged, ...]
    """One a draw: each has its own sentences."""
    test: Judged
    again: Resampling
    """The resampling of the test sentences, drawn once and shared by all scores."""

    def best(self, layers: tuple[str, ...]) -> dict[str, str]:
        """Return the layer of each measure, chosen on validation by the correlation, which moves in finer steps."""
        chosen: dict[str, str] = {}
        for by, those in ((DISTANCE, (UUAS, DISTANCE)), (DEPTH, (ROOT, DEPTH))):
            values = {name: self.validated(by, self.names.index((TRAINED, name))) for name in layers}
            chosen |= dict.fromkeys(those, max(layers, key=lambda name: values[name]))
        return chosen

    def validated(self, measure: str, series: int) -> float:
        """Return the mean over the draws of a measure on the sentences that validate."""
        return float(np.mean([one.value(measure, series) for one in self.valid]))

    def scores(self, layers: tuple[str, ...]) -> pd.DataFrame:
        """Return the table `StructuralResult.scores`."""
        rows = []
        for i, (series, layer) in enumerate(self.names):
            for measure in MEASURES:
                found = bounds(self.test.draws(measure, i, self.again))
                valid = self.validated(measure, i)
                rows.append((layers.index(layer), layer, series, measure, *found, valid))
        order = {name: i for i, name in enumerate((TRAINED, CONTROL, RANDOM))}
        rows.sort(key=lambda row: (order[row[2]], MEASURES.index(row[3]), row[0]))
        return pd.DataFrame(rows, columns=["order", "layer", "series", "measure", "value", "low", "high", "valid"])

    def baselines(self, best: dict[str, str], trees: list[Tree], first: str) -> pd.DataFrame:
        """Return the table `StructuralResult.baselines`; `trees` are the true ones of the test sentences."""
        rows, chain = [], chained(trees)
        for measure in MEASURES:
            layer = best[measure]
            mine = self.test.draws(measure, self.names.index((TRAINED, layer)), self.again)
            theirs = {CHAIN: chain.draws(measure, 0, self.again)}
            beside = {LAYER_0: (TRAINED, first), RANDOM: (RANDOM, layer), CONTROL: (CONTROL, layer)}
            for name, one in beside.items():
                if one in self.names and one != (TRAINED, layer):
                    theirs[name] = self.test.draws(measure, self.names.index(one), self.again)
            rows += [(name, measure, *bounds(one), *bounds(mine - one)) for name, one in theirs.items()]
        columns = ["name", "measure", "value", "low", "high", "gain", "gain_low", "gain_high"]
        return pd.DataFrame(rows, columns=columns)


def by_rank(ranks: list[int], test: Judged, again: Resampling) -> pd.DataFrame:
    """Return the table `StructuralResult.ranks` of distance probes, one a rank."""
    rows = [
        (rank, measure, *bounds(test.draws(measure, k, again)))
        for k, rank in enumerate(ranks)
        for measure in (UUAS, DISTANCE)
    ]
    return pd.DataFrame(rows, columns=["rank", "measure", "value", "low", "high"])


def trees_said(
    sentences: tuple[Sentence, ...], probes: Probes, chosen: np.ndarray, device: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables `words` and `sentences` of the test, said by a distance and a depth probe."""
    words, whole = [], []
    for k, (i, apart, deep) in enumerate(read_off(probes, chosen, device)):
        sentence, tree = sentences[i], probes.data.trees[0][i]
        edges = spanning(apart, tree.counted)[0]
        tied = dict(zip(edges[:, 1].tolist(), (edges[:, 0] + 1).tolist(), strict=True))
        for j, word in enumerate(sentence.words):
            head, said = int(sentence.heads[j]) + 1, tied.get(j, 0)
            numbers = (int(tree.depth[j]), float(deep[0, j]), said, bool(tree.counted[j]))
            words.append((k, j + 1, word, sentence.kinds[j], head, *numbers))
        both = {tuple(sorted(edge)) for edge in edges.tolist()}
        right = len(both & {tuple(sorted(edge)) for edge in tree.edges.tolist()})
        root, said_root = sentence.words[tree.root], sentence.words[least_deep(deep[0], tree.counted)]
        whole.append((k, sentence.text, len(tree.edges), right, root, said_root, sentence.origin))
    columns = ["sentence", "number", "word", "kind", "head", "depth", "said_depth", "said", "counted"]
    return (
        pd.DataFrame(words, columns=columns),
        pd.DataFrame(whole, columns=["sentence", "text", "edges", "right", "root", "said_root", "origin"]),
    )


def typical(sentences: pd.DataFrame) -> int:
    """Return the test sentence whose share of edges found is nearest to that of all, the longest of equals."""
    share = sentences["right"] / sentences["edges"].clip(lower=1)
    off = (share - sentences["right"].sum() / max(sentences["edges"].sum(), 1)).abs()
    enough = sentences["edges"] >= min(6, int(sentences["edges"].max()))
    order = pd.DataFrame({"off": off.round(6), "edges": -sentences["edges"]})[enough]
    return int(sentences["sentence"][order.sort_values(["off", "edges"], kind="stable").index[0]])
