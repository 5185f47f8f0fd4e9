"""The dress on altair's charts: colours that follow the page, the screen dress, and a figure that only says why."""

import math
import textwrap
from functools import cache
from typing import Any

import altair as alt
import pandas as pd
from altair.utils import schemapi

from probes.figures import dress
from probes.figures.dress import screen

schemapi.DEBUG_MODE = False
"""A chart is held against Vega-Lite's schema once, when it is written, and not at each of its parts as well."""

INK, MUTED = alt.ExprRef(dress.INK), alt.ExprRef(dress.MUTED)
HALO = alt.ExprRef(dress.HALO)
"""Outline behind text that lies on lines: the colour of whatever the figure stands on."""
SHAPED = alt.AutoSizeParams(type="pad")
"""For a figure that keeps its shape, as square cells do."""


@alt.theme.register("strata", enable=False)
def strata() -> alt.theme.ThemeConfig:
    """Offer the screen dress to other charts of a notebook, by `alt.theme.enable("strata")`."""
    return {"config": screen()}  # type: ignore[typeddict-item]  # a config built of parts


def dressed(chart: Any) -> Any:
    """Return the finished chart in its screen dress; only the outermost chart of a composition may wear one."""
    dressed_chart = chart.copy(deep=False)
    dressed_chart.config = _screen()
    return dressed_chart


@cache
def _screen() -> alt.Config:
    return alt.Config.from_dict(screen())  # checked against the schema, which takes as long as a small figure


def symlog(rows: pd.DataFrame, constant: float) -> dict[str, Any]:
    """Return scale and axis on which hundredths and tens of either sign can be read: linear to `constant`, then log.

    Labels stand at 0 and at 1 and 3 times the powers of ten beyond it, up to the first that no number in `rows` passes.
    """
    low, high = -float(rows.min().min()), float(rows.max().max())
    powers = range(math.ceil(math.log10(constant)), 2 + math.ceil(math.log10(max(low, high, constant))))
    steps = [round(step * 10.0**power, 6) for power in powers for step in (1, 3)]
    below, above = ([s for i, s in enumerate(steps) if i == 0 or steps[i - 1] < most] for most in (low, high))
    labels = [*(-step for step in reversed(below) if low > 0), 0.0, *above]
    scale = alt.Scale(type="symlog", constant=constant, domain=[labels[0], labels[-1]], nice=False)
    return {"scale": scale, "axis": alt.Axis(values=labels, labelExpr="format(datum.value, '~g')")}


def message(text: str, *, width: int = 640) -> alt.LayerChart:
    """Return a figure that says why there is nothing to draw."""
    lines = pd.DataFrame({"message": ["\n".join(textwrap.wrap(text, 52))]})  # fits a single column as well
    mark = alt.Chart(lines).mark_text(style="note", fill=MUTED, tooltip=None, lineBreak="\n").encode(text="message:N")
    return dressed(alt.layer(mark).properties(width=width, height=60))
