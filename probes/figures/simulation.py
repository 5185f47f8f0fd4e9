"""Which score ranks languages rightly: the rank correlation of each with the planted truth, in each planted world."""

from typing import Any

import altair as alt
import pandas as pd

from probes.figures.theme import INK, MUTED, SHAPED, dressed

_AXIS: dict[str, Any] = {"ticks": False, "domain": False, "labelLimit": 260}


def ranking(simulated: pd.DataFrame) -> Any:
    """Draw a map of scores and worlds with its numbers, from the frame of `probes.alignment.simulation.simulation`."""
    rows = simulated.groupby(["world", "score"], sort=False).spearman.mean().reset_index()
    worlds, scores = (list(dict.fromkeys(rows[name])) for name in ("world", "score"))
    x = alt.X("world:N", sort=worlds, title=None, axis=alt.Axis(**_AXIS, labelAngle=-20))
    y = alt.Y("score:N", sort=scores, title=None, axis=alt.Axis(**_AXIS))
    scale = alt.Scale(domain=[0, 1], clamp=True, scheme="viridis")
    colour = alt.Color("spearman:Q", title="rank correlation with the truth", scale=scale)
    cells = (
        alt.Chart(rows).mark_rect(stroke=None).encode(x=x, y=y, color=colour, tooltip=["world", "score", "spearman"])
    )
    words = alt.Chart(rows).mark_text(style="label", tooltip=None).encode(
        x=x, y=y, text=alt.Text("spearman:Q", format=".2f"),
        color=alt.condition("datum.spearman > 0.5", alt.value("black"), alt.value("white")),
    )  # fmt: skip
    title = alt.TitleParams(
        "Which score ranks languages rightly?",
        subtitle=[f"mean of {simulated.run.nunique()} planted worlds of each kind"],
        color=INK,
        subtitleColor=MUTED,
    )
    said = "Rank correlation of alignment scores with the planted truth."
    chart = alt.layer(cells, words).properties(width=110 * len(worlds), height=34 * len(scores), title=title)
    return dressed(chart.properties(description=said, autosize=SHAPED))
