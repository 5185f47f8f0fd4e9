"""One snippet, three views that move together: the code's tree, the tree read from the model, and the subspace between.

Hovering a word anywhere shows it everywhere, with all the spans that contain it; hovering a span shows its words.
"""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from probes.figures.subspace import POINTS, subspace_view
from probes.figures.theme import dressed
from probes.figures.trees import COLUMNS, gold_and_predicted, linked, tree_view, tree_width

if TYPE_CHECKING:
    from probes.syntax.snippet import SnippetResult

BESIDE = 32
"""Up to this many words the subspace stands beside the trees; with more, below them."""


def snippet(result: "SnippetResult") -> Any:
    """Draw trees and subspace as one chart no wider than a page (but above 60 words, which the trees say)."""
    n = len(result.words)
    if n < 2 or not np.isfinite(result.words[["x", "y"]].astype(float)).all(axis=None):
        return gold_and_predicted(result)
    if n <= BESIDE:
        trees = tree_view(result, width=460, name="trees")
        height = max(240, int(trees.height))
        chart: Any = alt.hconcat(trees, subspace_view(result, width=250, height=min(height, 300)), spacing=24)
    else:
        trees = tree_view(result, width=tree_width(n) - 40, name="trees")
        chart = alt.vconcat(trees, subspace_view(result, width=560, height=340), spacing=16)
    # altair numbers the named views of a composition by the part they are in
    chart = linked(chart, f"{COLUMNS}_0", f"{POINTS}_1").resolve_scale(x="independent", y="independent")
    description = f"Gold and predicted tree, F1 {result.f1:.2f}, and syntactic subspace at layer {result.layer}."
    return dressed(chart.properties(description=description, autosize="pad"))  # pages ask for "fit": single views only
