"""Where the parts of two trees over one row of words go: gold grows up from the words, the prediction hangs below.

A constituent is a bar over the words it spans, one level above its highest child; the stem to its parent's bar stands
at its middle. Bars of one level never overlap, so all that has to be shared out is the room for their labels.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from probes.figures.dress import MAX_ROWS
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.syntax.snippet import SnippetResult

MOST_WORDS = 150
WORD_LENGTH = 13  # characters of a word that the row of words shows; the tooltip has all of them
THICK = 0.11  # half a bar, in levels
BAND = 100.0  # px of the row of words when they stand upright

BOTH, MISSED, EXTRA = "in both trees", "gold only: missed", "predicted only: extra"


@dataclass(frozen=True)
class Layout:
    """The marks of the two trees: x in words, y in levels; `band` is half the height of the row of words, in levels."""

    words: pd.DataFrame
    bars: pd.DataFrame
    stems: pd.DataFrame
    band: float
    step: float
    levels: tuple[int, int]
    notes: tuple[str, ...]

    @property
    def height(self) -> float:
        """Pixels from the top of the gold root's label to the bottom of the predicted root's."""
        return self.step * (self.top - self.bottom)

    @property
    def top(self) -> float:
        """The y of the upper edge, in levels."""
        return self.band + self.levels[0] + 1.1

    @property
    def bottom(self) -> float:
        """The y of the lower edge, in levels."""
        return -(self.band + self.levels[1] + 1.1)


def lay_out(result: "SnippetResult") -> Layout:
    """Place both trees, showing at most the first 150 words and 5,000 marks, and noting what that leaves out."""
    notes = []
    total = len(result.words)
    words = shown_words(result.words, MOST_WORDS)
    if total > MOST_WORDS:
        notes.append(f"the first {MOST_WORDS} of {total:,} words; spans that reach beyond them are not drawn")
    nodes = result.nodes[(result.nodes["last"] < MOST_WORDS)]
    edges = result.edges[(result.edges["last"] < MOST_WORDS)]
    if len(nodes) + len(edges) > MAX_ROWS:
        notes.append(f"the lowest {MAX_ROWS // 3:,} of {len(nodes):,} spans")
        nodes = nodes.sort_values("level", kind="stable").head(MAX_ROWS // 3)
        edges = edges[edges[["level", "level2"]].max(axis=1) <= nodes["level"].max()].head(MAX_ROWS // 2)
    gold, predicted = (_depth(nodes, tree) for tree in ("gold", "predicted"))
    step = min(max(430 / max(gold + predicted, 1), 15.0), 22.0)
    longest = int(words["shown"].str.len().max()) if total else 1
    band = (min(longest, WORD_LENGTH) / WORD_LENGTH * (BAND - 22) + 22) / 2 / step
    bars = _bars(nodes, words, band=band)
    return Layout(words, bars, _stems(edges, band=band), band, step, (gold, predicted), tuple(notes))


def shown_words(words: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the first `most` words with what is drawn: `shown` (cut), `full`, and their span `first`, `last`."""
    kept = words[words["position"] < most].copy()
    kept["full"] = [visible(str(word)) for word in kept["word"]]
    kept["shown"] = [shorten(word, WORD_LENGTH) for word in kept["full"]]
    kept["full"] = [shorten(word, 400) for word in kept["full"]]
    kept["first"] = kept["last"] = kept["position"]
    kept["left"], kept["right"] = kept["position"] - 0.5, kept["position"] + 0.5
    return kept.drop(columns="word")  # as it came; nothing that a mark could show by mistake


def _depth(nodes: pd.DataFrame, tree: str) -> int:
    levels = nodes.loc[nodes["tree"] == tree, "level"]
    return int(levels.max()) if len(levels) else 0


def _bars(nodes: pd.DataFrame, words: pd.DataFrame, *, band: float) -> pd.DataFrame:
    """Return one row a constituent: its bar, its label's place and room, and whether the other tree has it."""
    bars = nodes.copy()
    sign = bars["tree"].map({"gold": 1.0, "predicted": -1.0})
    bars["y"] = sign * (band + bars["level"])
    bars["low"], bars["high"] = bars["y"] - THICK, bars["y"] + THICK
    bars["left"], bars["right"] = bars["first"] - 0.38, bars["last"] + 0.38
    missing = bars["tree"].map({"gold": MISSED, "predicted": EXTRA})
    bars["agreement"] = missing.where(~bars["agrees"].astype(bool), BOTH)
    bars["middle"] = (bars["first"] + bars["last"]) / 2
    bars["label"] = [shorten(visible(str(label)), 60) for label in bars["label"]]
    by_place = dict(zip(words["position"], words["shown"], strict=True))
    bars["text"] = [
        shorten(" ".join(by_place.get(i, "") for i in range(int(first), int(last) + 1)), 160)
        for first, last in zip(bars["first"], bars["last"], strict=True)
    ]
    bars["room"] = 0.0
    for _, row in bars.groupby(["tree", "level"], sort=False):
        bars.loc[row.index, "room"] = _rooms(row, n=len(words))
    return bars.drop(columns=["id", "x", "agrees"])


def _rooms(row: pd.DataFrame, *, n: int) -> pd.Series:
    """Return how wide, in words, each label of a level may be: centred on its bar, as its neighbours' lengths allow."""
    ordered = row.sort_values("middle")
    middles, lengths = ordered["middle"].tolist(), [len(label) + 1 for label in ordered["label"]]
    edges = [-1.0]
    for i in range(len(middles) - 1):
        gap = middles[i + 1] - middles[i]
        edges.append(middles[i] + gap * lengths[i] / (lengths[i] + lengths[i + 1]))
    edges.append(n)
    rooms = [2 * min(middle - edges[i], edges[i + 1] - middle) for i, middle in enumerate(middles)]
    return pd.Series(rooms, index=ordered.index)


def _stems(edges: pd.DataFrame, *, band: float) -> pd.DataFrame:
    """Return one upright line an edge, from the child's bar (or word) to its parent's; `first`, `last`: the child's."""
    upper, lower = edges[["level", "level2"]].max(axis=1), edges[["level", "level2"]].min(axis=1)
    sign = edges["tree"].map({"gold": 1.0, "predicted": -1.0})
    child = edges["x2"].where(edges["level2"] <= edges["level"], edges["x"])
    start = lower + (lower > 0) * THICK
    return pd.DataFrame(
        {"tree": edges["tree"], "x": child, "first": edges["first"], "last": edges["last"]}
        | {"low": sign * (band + start), "high": sign * (band + upper - THICK)}
    )
