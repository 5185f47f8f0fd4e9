"""Seven kinds of codebooks at equal bits a token: what each explains, costs, finds and keeps from seed to seed."""

from typing import TYPE_CHECKING, Any

import altair as alt

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION
from probes.figures.theme import INK, dressed

if TYPE_CHECKING:
    from probes.codebooks.equal_bits import EqualBitsResult

LOOKS = {
    "kmeans": (GREY, "cross"),
    "spherical": (PURPLE, "diamond"),
    "product": (SKY, "triangle-down"),
    "residual": (BLUE, "circle"),
    "pursuit": (ORANGE, "square"),
    "itda": (GREEN, "triangle-up"),
    "topk": (VERMILLION, "triangle-right"),
}
"""Kind → colour and shape: either is enough to tell them apart."""
PANELS = (
    ("explained", "variance explained", "low", "high"),
    ("kl", "damage, KL in nats a token", "kl_low", "kl_high"),
    ("f1", "best code's F1, mean over concepts", None, None),
    ("stability", "overlap of two seeds", None, None),
)


def kinds_by_bits(result: "EqualBitsResult") -> alt.VConcatChart:
    """Draw what each kind of codebook keeps in each budget of bits, one panel a measure."""
    panels = [_panel(result, *panel) for panel in PANELS if result.table[panel[0]].notna().any()]
    pairs = [alt.hconcat(*panels[i : i + 2], spacing=28) for i in range(0, len(panels), 2)]
    note = f"layer {result.layer}, {result.sizes[1]:,} held-out tokens; the word's mean explains {result.word:.2f}"
    title = alt.TitleParams("Seven kinds of codebooks at equal bits", subtitle=[note], color=INK)
    chart = alt.vconcat(*pairs, spacing=18).resolve_scale(color="shared", shape="shared")
    return dressed(chart.properties(title=title, description=result.headline()))


def _panel(result: "EqualBitsResult", column: str, title: str, low: str | None, high: str | None) -> Any:
    rows = result.table.dropna(subset=[column])
    budgets = sorted(int(b) for b in result.table["budget"].unique())
    names, looks = list(LOOKS), list(LOOKS.values())
    colour = alt.Color("method:N", title=None, scale=alt.Scale(domain=names, range=[c for c, _ in looks]))
    shape = alt.Shape("method:N", title=None, scale=alt.Scale(domain=names, range=[s for _, s in looks]))
    room = alt.Scale(type="log", base=2, domain=[budgets[0] / 1.25, budgets[-1] * 1.25], nice=False)
    x = alt.X("budget:Q", title="bits a token", scale=room, axis=alt.Axis(values=budgets))
    top = float(rows[[column, high or column]].to_numpy().max()) * 1.08
    bottom = min(0.0, float(rows[[column, low or column]].to_numpy().min()))
    scale = alt.Scale(domain=[bottom, top or 1.0], nice=False)
    base = alt.Chart(rows).encode(x=x, color=colour)
    numbers = [alt.Tooltip(f"{n}:Q", format=".3f") for n in ("bits", "explained", "kl", "f1", "stability", "dead")]
    told = [alt.Tooltip("method:N"), alt.Tooltip("choices:Q"), alt.Tooltip("size:Q"), *numbers]
    y = alt.Y(f"{column}:Q", title=title, scale=scale)
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(y=y, shape=shape, tooltip=told)
    marks: list[Any] = [base.mark_line(tooltip=None).encode(y=y), dots]
    if low and high:
        span = base.mark_rule(opacity=0.85, tooltip=None)
        marks.insert(0, span.encode(y=alt.Y(f"{low}:Q", title=title, scale=scale), y2=f"{high}:Q"))
    return alt.layer(*marks).properties(width=290, height=190)
