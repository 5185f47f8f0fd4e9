"""A finished syntax run in the store, with made-up numbers: nothing is trained."""

import numpy as np
import pandas as pd

from probes import store
from probes.syntax import SyntaxResult, SyntaxSpec
from probes.values import Source

LAYERS = ("0", "1", "2")


def empty(columns: str) -> pd.DataFrame:
    """Return a table without rows: what stands beside the main one when it was not asked for."""
    return pd.DataFrame(columns=columns.split())


def result() -> SyntaxResult:
    scores = [
        {"series": series, "order": i, "layer": layer, "f1": top + 0.1 * i, "low": top + 0.1 * i - 0.02}
        | {"high": top + 0.1 * i + 0.02, "precision": 0.5, "recall": 0.5, "f1_paper": 0.5, "f1_inner": 0.4}
        | {"valid_f1": 0.5}
        for series, top in (("trained model", 0.4), ("control task", 0.2))
        for i, layer in enumerate(LAYERS)
    ]
    recall = pd.DataFrame({"label": ["call", "block"], "layer": "2", "recall": [0.5, 0.25], "n": [10, 4]})
    snippets = pd.DataFrame(
        {"snippet": [0], "origin": ["a.py:1"], "words": [9], "series": "x", "layer": "2", "f1": 0.5}
    )
    curve = pd.DataFrame({"epoch": [0], "series": "trained model", "layer": "2", "loss": [1.0]})
    arrays, flat = np.zeros((3, 4, 2), np.float32), np.zeros((3, 4), np.float32)
    source = Source("tiny", "r1", "f" * 64, "float32", "cpu", "code", "d" * 32, 0, ("A note.",), {"torch": "2.13.0"})
    return SyntaxResult(
        scores=pd.DataFrame(scores),
        recall=recall,
        cells=empty("label length depth whole gold predicted hits recall f1 length_from depth_from"),
        examples=empty("found snippet first last origin text"),
        confusions=empty("true said n"),
        snippets=snippets,
        controls=empty("name layer f1 low high gain gain_low gain_high bits"),
        dimension=empty("rank f1 low high valid_f1 smallest"),
        agreement=empty("layer other overlap angle chance_overlap chance_angle"),
        best="2",
        depth=2,
        gain={"control task": (0.2, 0.1, 0.3)},
        sizes=(12, 4, 4),
        left_out={"duplicate function": 3},
        constituents=("block", "call"),
        unaries=("name",),
        layers=LAYERS,
        basis=arrays,
        constituent=arrays,
        unary=arrays,
        constituent_bias=flat,
        unary_bias=flat,
        stretch=arrays,
        lean=arrays,
        kin=arrays,
        head=arrays,
        center=flat,
        scale=flat,
        axes=arrays,
        origin=flat,
        explained=arrays[:, 0],
        validation=curve,
        source=source,
    )


def saved() -> SyntaxSpec:
    """Store the run; return its question."""
    spec = SyntaxSpec(model="tiny", corpus="code:/nowhere/at all", revision="r1", random_init=False)
    store.save(spec, result(), 1.5)
    return spec
