"""Where a layer's trees are right and where they fail: by kind of constituent, by length, by depth, with examples."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from probes.syntax.dataset import Snippet
from probes.syntax.evaluate import Answers
from probes.syntax.spans import Spans, matched

LENGTHS = (1, 2, 4, 8, 16, 32, 64)
"""Where a bin of lengths, in words, begins."""
DEPTHS = (0, 2, 4, 8)
"""Where a bin of depths begins: how many constituents a constituent sits in."""
EXAMPLES = 6
"""Kept of each cell, half of them missed."""
_TEXT = 160


def named(starts: Sequence[int], unit: str = "") -> list[str]:
    """Name bins: `4-7`, and `64+` for the last."""
    pairs = zip(starts[:-1], starts[1:], strict=True)
    names = [f"{a}" if b == a + 1 else f"{a}-{b - 1}" for a, b in pairs]
    return [name + unit for name in (*names, f"{starts[-1]}+")]


def recall(answers: Answers, series: int) -> pd.DataFrame:
    """Return one row a true label, most frequent first: label, recall, n."""
    used, _ = matched(answers.gold, answers.spans(series), int(answers.starts[-1]))
    n = np.bincount(answers.gold.label, minlength=len(answers.names.labels))
    found = np.bincount(answers.gold.label[used], minlength=len(n))
    order = [i for i in np.lexsort((np.array(answers.names.labels), -n)) if n[i]]
    return pd.DataFrame(
        {"label": [answers.names.labels[i] for i in order], "recall": found[order] / n[order], "n": n[order]}
    )


def depths(spans: Spans, starts: np.ndarray) -> np.ndarray:
    """Return in how many other constituents each one sits; links of a chain sit in those above them."""
    order = np.lexsort((np.arange(len(spans.first)), -spans.last, spans.first))
    found, open_ends = np.zeros(len(order), np.int64), list[int]()
    for at in order:
        while open_ends and open_ends[-1] < spans.last[at]:
            open_ends.pop()
        while open_ends and open_ends[-1] < spans.first[at]:
            open_ends.pop()
        found[at] = len(open_ends)
        open_ends.append(int(spans.last[at]))
    return found


def _placed(spans: Spans, hit: np.ndarray, answers: Answers) -> pd.DataFrame:
    starts = answers.starts
    whole = (spans.first == starts[spans.tree]) & (spans.last == starts[spans.tree + 1] - 1)
    length = spans.last - spans.first + 1
    return pd.DataFrame(
        {
            "label": np.array(answers.names.labels, object)[spans.label],
            "length": np.searchsorted(LENGTHS, length, side="right") - 1,
            "depth": np.searchsorted(DEPTHS, depths(spans, starts), side="right") - 1,
            "whole": whole,
            "hit": hit,
            "tree": spans.tree,
            "first": spans.first - starts[spans.tree],
            "last": spans.last - starts[spans.tree],
        }
    )


def cells(answers: Answers, series: int) -> pd.DataFrame:
    """Count by label, length, depth and whether it is the whole snippet: gold, predicted, hits, recall, f1."""
    said = answers.spans(series)
    words = int(answers.starts[-1])
    truth = _placed(answers.gold, matched(answers.gold, said, words)[0], answers)
    guess = _placed(said, matched(said, answers.gold, words)[0], answers)
    keys = ["label", "length", "depth", "whole"]
    counted = truth.groupby(keys).agg(gold=("hit", "size"), hits=("hit", "sum"))
    table = counted.join(guess.groupby(keys).agg(predicted=("hit", "size"), right=("hit", "sum")), how="outer")
    table = table.fillna(0).astype("int64").reset_index()
    for bins, column in ((LENGTHS, "length"), (DEPTHS, "depth")):
        names = named(bins)
        table[f"{column}_from"] = [bins[i] for i in table[column]]
        table[column] = [names[i] for i in table[column]]
    table["recall"] = np.where(table.gold > 0, table.hits / table.gold.clip(lower=1), np.nan)
    both = table.gold + table.predicted
    table["f1"] = np.where(both > 0, 2 * table.hits / both.clip(lower=1), np.nan)
    return table.drop(columns="right")


def examples(answers: Answers, series: int, snippets: Sequence[Snippet]) -> pd.DataFrame:
    """Return some true constituents of every label and length, missed ones first: where they are and what they say."""
    used, _ = matched(answers.gold, answers.spans(series), int(answers.starts[-1]))
    truth = _placed(answers.gold, used, answers).sort_values(["label", "length", "hit", "tree", "first"])
    turn = truth.groupby(["label", "length", "hit"]).cumcount()
    kept = truth[turn < EXAMPLES // 2].reset_index(drop=True)
    kept["text"] = [_excerpt(snippets[t], a, b) for t, a, b in zip(kept.tree, kept["first"], kept["last"], strict=True)]
    kept["origin"] = [snippets[t].origin for t in kept.tree]
    names = named(LENGTHS)
    kept["length"] = [names[i] for i in kept.length]
    return kept.rename(columns={"hit": "found", "tree": "snippet"})[
        ["label", "length", "found", "snippet", "first", "last", "origin", "text"]
    ]


def _excerpt(snippet: Snippet, first: int, last: int) -> str:
    """Return a constituent's text, its middle cut when it is long."""
    text = snippet.text[int(snippet.spans[first, 0]) : int(snippet.spans[last, 1])]
    return text if len(text) <= _TEXT else f"{text[: _TEXT // 2]} … {text[-_TEXT // 2 :]}"


def confusions(answers: Answers, series: int, *, most: int = 200) -> pd.DataFrame:
    """Return which label was given for which where the words are right: true, said, n; most often first."""
    words = int(answers.starts[-1])
    said, gold = answers.spans(series), answers.gold
    frames = [
        pd.DataFrame({"at": s.first * words + s.last, name: np.array(answers.names.labels, object)[s.label]})
        for s, name in ((gold, "true"), (said, "said"))
    ]
    # a chain puts several labels over the same words: those both have agree, and only the rest can be confused
    left, right = (frame.assign(turn=frame.groupby(list(frame)).cumcount()) for frame in frames)
    both = left.merge(right.rename(columns={"said": "true"}), on=["at", "true", "turn"])[["at", "true", "turn"]]
    missed = left.merge(both, how="left", indicator=True).query("_merge == 'left_only'")
    wrong = right.merge(both.rename(columns={"true": "said"}), how="left", indicator=True).query(
        "_merge == 'left_only'"
    )
    pairs = missed[["at", "true"]].merge(wrong[["at", "said"]], on="at")
    table = pairs.groupby(["true", "said"]).size().rename("n").reset_index()
    return table.sort_values(["n", "true", "said"], ascending=[False, True, True]).head(most).reset_index(drop=True)
