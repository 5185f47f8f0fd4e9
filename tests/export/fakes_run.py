"""A finished syntax run in the store, with made-up numbers: nothing is trained."""

import numpy as np
import pandas as pd

from probes import store
from probes.syntax import SyntaxResult, SyntaxSpec
from probes.values import Source

LAYERS = ("0", "1", "2")


BESIDE = {
    "cells": "label length depth whole gold predicted hits recall f1 length_from depth_from",
    "examples": "found snippet first last origin text",
    "confusions": "true said n",
    "controls": "name layer f1 low high gain gain_low gain_high bits",
    "dimension": "rank f1 low high valid_f1 smallest",
    "cloud": "order layer kind label x y origin text",
    "agreement": "layer other overlap angle chance_overlap chance_angle",
}
"""The tables beside the main one, without rows: what stands there when it was not asked for."""
DEEP = ("basis", "constituent", "unary", "stretch", "lean", "kin", "head", "axes")
FLAT = ("constituent_bias", "unary_bias", "center", "scale", "origin")


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
    source = Source("tiny", "r1", "f" * 64, "float32", "cpu", "code", "d" * 32, 0, ("A note.",), {"torch": "2.13.0"})
    return SyntaxResult(
        scores=pd.DataFrame(scores),
        recall=recall,
        snippets=snippets,
        best="2",
        depth=2,
        gain={"control task": (0.2, 0.1, 0.3)},
        sizes=(12, 4, 4),
        left_out={"duplicate function": 3},
        constituents=("block", "call"),
        unaries=("name",),
        layers=LAYERS,
        explained=np.zeros((3, 2), np.float32),
        validation=curve,
        source=source,
        **{name: pd.DataFrame(columns=columns.split()) for name, columns in BESIDE.items()},
        **dict.fromkeys(DEEP, np.zeros((3, 4, 2), np.float32)),
        **dict.fromkeys(FLAT, np.zeros((3, 4), np.float32)),
    )


def saved() -> SyntaxSpec:
    """Store the run; return its question."""
    spec = SyntaxSpec(model="tiny", corpus="code:/nowhere/at all", revision="r1", random_init=False)
    store.save(spec, result(), 1.5)
    return spec
