"""Points that somebody brings: rows of a matrix, with whatever is known of each."""

import platform
from importlib.metadata import version

import numpy as np
import pandas as pd

from probes import corpora
from probes.contract import Progress
from probes.errors import StrataError
from probes.geometry.points import FEWEST, Points
from probes.geometry.reads import ReadsPoints
from probes.values import Source

UNIT = "row"
OWN = ("word", "before", "after", "kind", "type", "place", "origin", "text")
"""Columns that every point has; a column of the file that is called like one gets an underscore."""
LONGEST = 2_000
"""Characters of a row's text that are kept."""


def points(spec: ReadsPoints, progress: Progress) -> Points:
    """Draw the rows that a spec asks for; E-MATRIX-FEW when there are too few for a cloud."""
    progress.report(0, 1, "opening the matrix")
    found = corpora.matrix(spec.corpus)
    if len(found) < FEWEST:
        said = f"'{found.file}' has {len(found)} row{'s' * (len(found) != 1)}; a cloud needs at least {FEWEST}."
        raise StrataError("E-MATRIX-FEW", said, fix="Give more rows.")
    draw = np.random.default_rng(spec.seed)
    some = np.arange(len(found))
    if spec.n < len(found):
        some = np.sort(draw.choice(len(found), spec.n, replace=False))
    every = found.texts()
    texts = [every[i] for i in some]
    frame = pd.DataFrame({"word": [text[:LONGEST] for text in texts], "before": "", "after": ""})
    columns = found.columns.iloc[some].reset_index(drop=True)
    frame["kind"] = [_said(cell) for cell in columns[found.kind]] if found.kind else "row"
    frame["type"] = ""
    frame["place"] = some
    frame["origin"] = [f"{found.file}:{i + 1}" for i in some]
    frame["text"] = np.arange(len(some))
    for name in columns.columns:
        if name not in (found.text, found.kind):
            frame[free(name, frame)] = _plain(columns[name])
    unique = tuple(f"{text}\0{i}" if not found.text else text for i, text in zip(some, texts, strict=True))
    source = _source(spec, found.digest, found.file, len(found))
    return Points(frame, unique, found.layers, tuple(found.layers), str(len(found.layers)), some, source, {}, UNIT)


def free(name: str, frame: pd.DataFrame) -> str:
    """Return a column's name, with underscores until nothing in the frame is called so."""
    while name in frame or name in OWN:
        name += "_"
    return name


def _said(cell: object) -> str:
    return "" if cell is None else str(cell)[:LONGEST]


def _plain(column: pd.Series) -> pd.Series:
    """Return numbers as numbers when every cell is one, else short texts."""
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if len(column) and numbers.notna().all() else column.map(_said)


def _source(spec: ReadsPoints, digest: str, file: str, count: int) -> Source:
    some = () if spec.n >= count else (f"{spec.n:,} of the {count:,} rows were drawn by the seed.",)
    return Source(
        model=file,
        revision=digest,
        weights="not read",
        dtype="as in the file",
        device="cpu",
        corpus=spec.corpus,
        corpus_digest=digest,
        seed=spec.seed,
        notes=("Rows of a matrix that was brought; no model was run.", *some),
        versions={"python": platform.python_version(), "numpy": version("numpy")},
    )
