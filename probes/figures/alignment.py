"""Where languages meet: every language at every layer, some as curves over their floors, and who is near whom."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.corpora.naming import SCRIPTS
from probes.figures.dress import BLUE, GREEN, ORANGE, VERMILLION
from probes.figures.layers import layer_axis
from probes.figures.theme import HALO, INK, MUTED, dressed, message
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.alignment.analysis import AlignmentResult

MOST = 60
"""Languages drawn as rows; of more, an even choice from the lowest to the highest."""
CURVES = 6
"""Languages drawn as curves: an even choice again."""
_NAMES: dict[str, Any] = {
    "ticks": False,
    "domain": False,
    "labelOverlap": False,
    "labelBound": False,
    "labelFlush": False,
}
"""Every language is named, in the middle of its row."""
SERIES = {
    "model": (BLUE, "circle", [1, 0]),
    "letters alone": (ORANGE, "square", [5, 2]),
    "lengths alone": (GREEN, "triangle-up", [2, 2]),
    "random pairs": (VERMILLION, "cross", [8, 3]),
}
"""What a share is of → its colour, shape and dash."""


def by_language(result: "AlignmentResult") -> alt.LayerChart:
    """Draw the share of sentences that meet their translation as a map of languages and layers, grouped by script."""
    names, note = _rows(result)
    rows = result.scores[result.scores.language.isin(names)].copy()
    rows = rows[np.isfinite(rows.score)]
    if rows.empty:
        return message("No language has a score.")
    labels, order = _grouped(result, names)
    rows["shown"] = rows.language.map(labels)
    layers = list(result.layers)
    x = alt.X("layer:O", sort=layers, title="layer", axis=layer_axis(layers, result.best))
    y = alt.Y("shown:N", scale=alt.Scale(domain=order), title=None, axis=alt.Axis(**_NAMES, labelFontWeight=_BOLD))
    colour = alt.Color(
        "score:Q",
        title=f"share of sentences that meet (MEXA@{result.at})",
        scale=alt.Scale(domain=[0, 1], scheme="cividis"),
        legend=alt.Legend(gradientLength=200),
    )
    cells = alt.Chart(rows[_FIELDS]).mark_rect().encode(x=x, y=y, color=colour, tooltip=_tooltip())
    best = _best(result, names, labels)
    dots = alt.Chart(best).mark_point(shape="circle", size=16, filled=True, fill=HALO, stroke=INK, strokeWidth=0.8)
    marks = dots.encode(x=x, y=y, tooltip=[alt.Tooltip("shown:N", title="best layer of"), "layer:O"])
    title = alt.TitleParams(
        f"{result.count} languages and {called(result)[result.pivot]}",
        subtitle=[f"a dot marks the layer chosen on half of the sentences{note}"],
        color=INK,
    )
    height = max(60, min(15, 640 // max(1, len(order))) * len(order))
    chart = alt.layer(cells, marks).properties(width=700, height=height, title=title, description=result.headline())
    return dressed(chart)


_FIELDS = ["shown", "language", "script", "layer", "score", "low", "high", "lexical", "length", "null", "csls", "cka"]


HEADER = "▾ "
"""Begins the name of a script above its languages."""
_BOLD: Any = {"condition": {"test": f"datum.value[0] === '{HEADER[0]}'", "value": "bold"}, "value": "normal"}


def called(result: "AlignmentResult") -> dict[str, str]:
    """Return what each language is called in a figure, by its code."""
    return {code: shorten(visible(name), 26) for code, name in result.names.items()}


def _grouped(result: "AlignmentResult", names: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the label of each language, and all rows: a script's name, then its languages; lone ones come last."""
    scripts = dict(zip(result.languages.language, result.languages.script, strict=True))
    sizes = Counter(scripts[name] for name in names)
    alone = {script for script, size in sizes.items() if size == 1 or not script}
    labels, order = called(result), list[str]()
    for script in dict.fromkeys(scripts[name] for name in names if scripts[name] not in alone):
        if len(sizes) > 1:
            order.append(f"{HEADER}{visible(SCRIPTS.get(script, script))}")
        order += [labels[name] for name in names if scripts[name] == script]
    last = [name for name in names if scripts[name] in alone]
    if last and len(last) < len(names):
        order.append(f"{HEADER}other scripts")
    return labels, [*order, *(labels[name] for name in last)]


def _rows(result: "AlignmentResult") -> tuple[list[str], str]:
    """Return the languages by script, the script with the highest scores first, and what is left out."""
    table = result.languages.sort_values(["mean", "language"], ascending=[False, True])
    names = table.language.tolist()
    note = ""
    if len(names) > MOST:
        kept = {names[i] for i in np.linspace(0, len(names) - 1, MOST).round().astype(int)}
        table, note = table[table.language.isin(kept)], f"; {MOST} of {len(names)} languages are shown"
    scripts = table.groupby("script")["mean"].max().sort_values(ascending=False).index.tolist()
    return [name for script in scripts for name in table[table.script == script].language], note


def _best(result: "AlignmentResult", names: list[str], labels: dict[str, str]) -> pd.DataFrame:
    table = result.languages[result.languages.language.isin(names)]
    return pd.DataFrame({"shown": table.language.map(labels).to_numpy(), "layer": table.best.to_numpy()})


def _tooltip() -> list[Any]:
    numbers = {"score": "meet", "low": "interval from", "high": "to", "lexical": "letters alone"}
    numbers |= {"length": "lengths alone", "null": "random pairs", "csls": "corrected for hubs", "cka": "unbiased CKA"}
    fields: list[Any] = [alt.Tooltip("shown:N", title="language"), alt.Tooltip("language:N", title="code")]
    fields += [alt.Tooltip("script:N"), alt.Tooltip("layer:O")]
    return fields + [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in numbers.items()]


def over_the_floors(result: "AlignmentResult") -> Any:
    """Draw some languages, from the lowest to the highest, as curves with their intervals over their floors."""
    table = result.languages.sort_values(["score", "language"])
    names = table.language.tolist()
    places = np.unique(np.linspace(0, len(names) - 1, min(CURVES, len(names))).round().astype(int))
    return curves(result, [names[i] for i in places])


def curves(result: "AlignmentResult", names: list[str]) -> Any:
    """Draw the curves of the languages named, several in a panel each."""
    rows = result.scores[result.scores.language.isin(names)]
    if rows.empty:
        return message("No language is named.")
    layers, several = list(result.layers), len(names) > 1
    axis = _sparse(layers) if several else layer_axis(layers, result.best)
    x = alt.X("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers), axis=axis)
    labels = called(result)
    inner = alt.layer(*_lines(x), data=_long(rows, labels))
    order = [labels[name] for name in names]
    hidden = several and len(names) < result.count
    few = f"; {len(names)} of {result.count} languages, from the lowest to the highest" if hidden else ""
    title = alt.TitleParams(
        f"Share of sentences that meet (MEXA@{result.at})",
        subtitle=["by layer, with 95 % intervals, over what needs no model" + few],
        color=INK,
        subtitleColor=MUTED,
    )
    said = f"Share of sentences that meet their translation by layer: {', '.join(order)}. {result.headline()}"
    if not several:
        return dressed(inner.properties(width=620, height=260, title=title, description=said))
    facet = alt.Facet("language:N", sort=order, title=None, header=alt.Header(labelColor=INK))
    chart = inner.properties(width=240, height=130).facet(facet=facet, columns=3, title=title)
    return dressed(chart.properties(description=said))


def _lines(x: alt.X) -> list[Any]:
    """Return band, line and points of the model and of each floor."""
    y = alt.Y("score:Q", title=None, scale=alt.Scale(domain=[0, 1]))
    colours, shapes, dashes = (list(look) for look in zip(*SERIES.values(), strict=True))
    colour = alt.Color(
        "series:N",
        title=None,
        scale=alt.Scale(domain=list(SERIES), range=colours),
        legend=alt.Legend(symbolOpacity=1, symbolDash=[1, 0], symbolStrokeWidth=0),
    )
    dash = alt.StrokeDash("series:N", scale=alt.Scale(domain=list(SERIES), range=dashes), legend=None)
    shape = alt.Shape("series:N", title=None, scale=alt.Scale(domain=list(SERIES), range=shapes))
    tooltip = [alt.Tooltip(f"{name}:N") for name in ("language", "code", "series", "layer")]
    tooltip += [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("score", "low", "high")]
    base = alt.Chart().encode(x=x, color=colour)
    band = base.mark_area(opacity=0.18, tooltip=None, line=False)
    return [
        band.encode(y=alt.Y("low:Q", title=None), y2="high:Q"),
        base.mark_line(tooltip=None).encode(y=y, strokeDash=dash),
        base.mark_point(filled=True, opacity=1, size=14).encode(y=y, shape=shape, tooltip=tooltip),
    ]


def _sparse(layers: list[str]) -> alt.Axis:
    step = -(-len(layers) // 7)
    return alt.Axis(values=layers[::step], labelAngle=0, labelOverlap=False)


def _long(rows: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """Return one row a language, layer and series."""
    parts = []
    for series, column in zip(SERIES, ("score", "lexical", "length", "null"), strict=True):
        part = rows[["language", "order", "layer"]].assign(series=series, score=rows[column])
        own = series == "model"
        part["low"], part["high"] = (rows.low, rows.high) if own else (rows[column], rows[column])
        parts.append(part)
    long = pd.concat(parts, ignore_index=True)
    long["code"] = [visible(code) for code in long.language]
    long["language"] = long.language.map(labels)
    return long.drop(columns="order")


def between_languages(result: "AlignmentResult") -> alt.LayerChart:
    """Draw how alike the geometries of all pairs of languages are at the best layer, alike ones beside each other."""
    if not result.near.size:
        return message("This run kept no similarities (grams), so languages cannot be set side by side.")
    layer = result.layers.index(result.best)
    near = np.nan_to_num(result.near[layer].astype(float))
    names = [result.pivot, *result.languages.language]
    order = seriated(near)[:MOST]
    shown = [called(result)[names[i]] for i in order]
    pairs = [(shown[a], shown[b], near[i, j]) for a, i in enumerate(order) for b, j in enumerate(order)]
    rows = pd.DataFrame(pairs, columns=["language", "other", "cka"])
    axis = alt.Axis(**_NAMES, labelFontSize=9 if len(order) > 30 else 12)
    x = alt.X("language:N", sort=shown, title=None, axis=axis)
    y = alt.Y("other:N", sort=shown, title=None, axis=axis)
    low, high = rows[rows.language != rows.other].cka.agg(["min", "max"])  # the diagonal, 1, would take all contrast
    scale = alt.Scale(domain=[low, high], clamp=True, scheme="cividis")
    colour = alt.Color("cka:Q", title="unbiased CKA", scale=scale, legend=alt.Legend(format=".2f"))
    tooltip = ["language:N", "other:N", alt.Tooltip("cka:Q", format=".3f")]
    cells = alt.Chart(rows).mark_rect(stroke=None).encode(x=x, y=y, color=colour, tooltip=tooltip)
    side = max(120, min(14, 560 // len(order)) * len(order))
    title = alt.TitleParams(
        "Whose sentences lie alike",
        subtitle=[f"layer {result.best}; similar languages stand together"],
        color=INK,
        subtitleColor=MUTED,
    )
    chart = alt.layer(cells).properties(width=side, height=side, title=title)
    return dressed(chart.properties(description=f"{result.headline()} Similarity of {len(order)} languages."))


def seriated(near: np.ndarray) -> list[int]:
    """Return the leaves of average-linkage clusters, each pair of clusters joined at their more similar ends."""
    groups = [[i] for i in range(len(near))]
    alike = ((near + near.T) / 2).astype(float)
    np.fill_diagonal(alike, -np.inf)
    while len(groups) > 1:
        a, b = sorted(divmod(int(alike.argmax()), len(alike)))
        one, two = groups[a], groups.pop(b)
        ways = [(x, y) for x in (one, one[::-1]) for y in (two, two[::-1])]
        groups[a] = [i for part in max(ways, key=lambda way: near[way[0][-1], way[1][0]]) for i in part]
        row = (len(one) * alike[a] + len(two) * alike[b]) / (len(one) + len(two))
        row[a] = -np.inf
        alike[a], alike[:, a] = row, row
        alike = np.delete(np.delete(alike, b, 0), b, 1)
    return groups[0]
