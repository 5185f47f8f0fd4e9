"""Languages as points: where each lies among the others at a layer, and whether the aligned do better at a task."""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.corpora.naming import SCRIPTS
from probes.figures.alignment import called
from probes.figures.dress import BLUE, GREY, OKABE_ITO, VERMILLION
from probes.figures.theme import HALO, INK, MUTED, dressed, message
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.alignment.analysis import AlignmentResult
    from probes.alignment.tasks import TaskFit

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left", "triangle-right")
HEIGHT = 460
LETTER, LINE = 6.2 / 480, 13 / HEIGHT
"""How wide a letter and how high a line is, as shares of the narrowest map on a page and of its height."""


def language_map(result: "AlignmentResult", layer: str, chosen: str = "") -> Any:
    """Draw the languages so that those with alike geometries at a layer lie near each other (classical scaling)."""
    if not result.near.size:
        return message("This run kept no similarities (grams), so languages cannot be placed among each other.")
    rows, share = _points(result, result.layers.index(layer), chosen)
    scripts = ["pivot", *result.languages.script]
    keys = [key for key in ("pivot", *_common(scripts), "other") if key in set(rows.script)]
    colours = [VERMILLION, *[c for c in OKABE_ITO if c not in (VERMILLION, GREY)]][: len(keys)]
    colours = [GREY if key == "other" else colour for key, colour in zip(keys, colours, strict=True)]
    keys, rows["script"] = [SCRIPTS.get(key, key) for key in keys], rows.script.map(lambda key: SCRIPTS.get(key, key))
    plain = alt.Axis(labels=False, ticks=False, grid=False, title=None)
    base = alt.Chart(rows).encode(x=alt.X("x:Q", axis=plain, scale=_around(rows.x)),
                                  y=alt.Y("y:Q", axis=plain, scale=_around(rows.y)))  # fmt: skip
    tips: list[Any] = ["language:N", "code:N", "script:N"]
    dots = base.mark_point(filled=True, opacity=1).encode(
        color=alt.Color("script:N", title=None, scale=alt.Scale(domain=keys, range=colours)),
        shape=alt.Shape("script:N", title=None, scale=alt.Scale(domain=keys, range=list(SHAPES[: len(keys)]))),
        size=alt.Size("size:Q", scale=None, legend=None),
        tooltip=[
            *tips,
            alt.Tooltip("cka:Q", format=".3f", title="unbiased CKA with the pivot"),
        ],
    )
    words: dict[str, Any] = {"style": "label", "dy": -9, "tooltip": None}
    text = base.transform_filter("datum.named").encode(text="language:N")
    marks = [dots, text.mark_text(**words, stroke=HALO, strokeWidth=3), text.mark_text(**words, fill=INK)]
    said = f"near where their sentences lie alike (unbiased CKA); the plane holds {share:.0%} of it"
    title = alt.TitleParams(
        f"Languages at layer {layer}",
        subtitle=[said] if rows.named.all() else [said, "names where there is room, the others on pointing at them"],
        color=INK,
        subtitleColor=MUTED,
    )
    about = f"Map of {len(rows)} languages at layer {layer}."
    chart = alt.layer(*marks).properties(width=700, height=HEIGHT, title=title, description=about)
    return dressed(chart)


def _points(result: "AlignmentResult", layer: int, chosen: str) -> tuple[pd.DataFrame, float]:
    """Return one row a language, the pivot first, and the share of the variance that two axes keep."""
    near = np.nan_to_num(result.near[layer].astype(float))
    places, share = placed(near)
    names, scripts = [result.pivot, *result.languages.language], ["pivot", *result.languages.script]
    common = {"pivot", *_common(scripts)}
    labels = called(result)
    rows = pd.DataFrame(
        {"language": [labels[name] for name in names], "code": [visible(name) for name in names], "x": places[:, 0]}
    )
    rows["script"] = [script if script in common else "other" for script in scripts]
    rows["size"] = [220 if name in (chosen, result.pivot) else 70 for name in names]
    rows = rows.assign(y=places[:, 1], cka=near[0])
    rows["named"] = _legible(rows)
    return rows, share


def _legible(rows: pd.DataFrame) -> list[bool]:
    """Say which points have their name beside them: the large ones first, then those whose name covers no other."""
    x, y = (((side - side.min()) / max(float(np.ptp(side)), 1e-9)).to_numpy() for side in (rows.x, rows.y))
    wide = np.array([len(name) for name in rows.language]) * LETTER / 2
    taken, named = list[int](), [False] * len(rows)
    for i in np.argsort(-rows["size"].to_numpy(), kind="stable").tolist():
        if all(abs(x[i] - x[j]) > wide[i] + wide[j] or abs(y[i] - y[j]) > LINE for j in taken):
            taken.append(i)
            named[i] = True
    return named


def _common(scripts: list[str]) -> list[str]:
    """Return the scripts of most languages, as many as there are colours for."""
    return [str(name) for name in pd.Series(scripts[1:]).value_counts(sort=True).index[:5] if name]


def _around(values: pd.Series) -> alt.Scale:
    low, high = float(values.min()), float(values.max())
    room = max((high - low) * 0.08, 1e-6)
    return alt.Scale(domain=[low - room, high + room], nice=False)


def placed(near: np.ndarray) -> tuple[np.ndarray, float]:
    """Return [row, 2], distances of which follow 1 - similarity (Torgerson, 1952), and the share of variance kept.

    Each axis points to the side where its largest coordinate is positive, so that one run draws one picture.
    """
    apart = 1 - (near + near.T) / 2
    np.fill_diagonal(apart, 0)
    squared = apart.clip(0) ** 2
    centred = -0.5 * (squared - squared.mean(0) - squared.mean(1)[:, None] + squared.mean())
    values, vectors = np.linalg.eigh(centred)
    values, vectors = values[::-1].clip(0), vectors[:, ::-1]
    places = np.zeros((len(near), 2))
    kept = min(2, len(near))
    places[:, :kept] = vectors[:, :kept] * np.sqrt(values[:kept])
    signs = np.sign(places[np.abs(places).argmax(0), [0, 1]])
    total = float(values.sum())
    return places * np.where(signs == 0, 1, signs), float(values[:2].sum() / total) if total > 0 else 1.0


def task_line(names: list[str], scores: np.ndarray, tasks: np.ndarray, fit: "TaskFit") -> Any:
    """Draw task scores over alignment, a point a language, the least-squares line, and that without what matters most.

    The language without which the correlation is furthest from what it is has a ring.
    """
    shown = [shorten(visible(name), 26) for name in names]
    rows = pd.DataFrame({"language": shown, "alignment": scores, "task": tasks, "without": fit.predicted})
    ends = np.array([scores.min(), scores.max()])
    out = shown[fit.decisive]
    keys = ["all languages", f"without {out}"]
    fits = [(fit.slope, fit.intercept), fit.slopes_without[fit.decisive]]
    line = pd.concat([pd.DataFrame({"alignment": ends, "task": a * ends + b, "line": key})
                      for key, (a, b) in zip(keys, fits, strict=True)])  # fmt: skip
    x = alt.X("alignment:Q", title="alignment", scale=alt.Scale(zero=False))
    y = alt.Y("task:Q", title="task score", scale=alt.Scale(zero=False))
    tooltip = ["language:N", *(alt.Tooltip(f"{n}:Q", format=".3f") for n in ("alignment", "task", "without"))]
    dash = alt.StrokeDash("line:N", title=None, scale=alt.Scale(domain=keys, range=[[1, 0], [5, 3]]))
    rule = alt.Chart(line).mark_line(tooltip=None, color=GREY).encode(x=x, y=y, strokeDash=dash)
    ring: dict[str, Any] = {"filled": False, "size": 220, "color": VERMILLION, "tooltip": None, "opacity": 1}
    ringed = alt.Chart(rows.iloc[[fit.decisive]]).mark_point(**ring).encode(x=x, y=y)
    dots = alt.Chart(rows).mark_point(filled=True, opacity=1, size=60, color=BLUE).encode(x=x, y=y, tooltip=tooltip)
    words: dict[str, Any] = {"style": "label", "dy": -9, "tooltip": None}
    text = alt.Chart(rows).encode(x=x, y=y, text="language:N")
    marks = [rule, ringed, dots]
    marks += [text.mark_text(**words, stroke=HALO, strokeWidth=3), text.mark_text(**words, fill=INK)]
    said = " ".join(fit.sentences(shown))
    return dressed(alt.layer(*marks).properties(width=620, height=320, description=said))
