"""Results made by hand, with the attributes that the figures read."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

Tree = tuple[str, list["Tree | int"]]
"""(label, children); a child is a tree or the position of a word."""


@dataclass(frozen=True)
class FakeSyntax:
    scores: pd.DataFrame
    recall: pd.DataFrame
    best: str

    def headline(self) -> str:
        return "Syntax peaks at layer 3 of 6: F1 0.49 ± 0.01, 0.27 above the control."

    def frame(self) -> pd.DataFrame:
        return self.scores


@dataclass(frozen=True)
class FakeSnippet:
    words: pd.DataFrame
    nodes: pd.DataFrame
    edges: pd.DataFrame
    subspace_edges: pd.DataFrame
    layer: str
    f1: float
    explained: tuple[float, float]


def syntax_result(f1: tuple[float, ...] = (0.35, 0.43, 0.46, 0.49, 0.45, 0.26, 0.19), *, last: str = "") -> FakeSyntax:
    layers = [str(i) for i in range(len(f1))]
    if last:
        layers[-1] = last
    rows = []
    for series, values in {
        "trained model": f1,
        "control task": tuple(0.2 + 0.02 * np.sin(i) for i in range(len(f1))),
        "random init": tuple(0.355 - 0.002 * i for i in range(len(f1))),
    }.items():
        for order, (layer, value) in enumerate(zip(layers, values, strict=True)):
            extras = {
                "precision": value - 0.02,
                "recall": value + 0.02,
                "f1_paper": value + 0.1,
                "f1_inner": value - 0.1,
            }
            rows.append(
                {
                    "series": series,
                    "order": order,
                    "layer": layer,
                    "f1": value,
                    "low": value - 0.012,
                    "high": value + 0.012,
                }
                | extras
            )
    labels = ["module", "function_definition", "parameters", "block", "call", "if_statement", "attribute"]
    labels += [f"label_{i}" for i in range(23)]
    n = [int(4000 / (i + 1)) for i in range(len(labels))]
    share = [0.98, 0.97, 0.8, 0.51, 0.66, 0.3, 0.74] + [abs(np.cos(i)) for i in range(23)]
    best = layers[int(np.argmax(f1))]
    recall = pd.DataFrame({"label": labels, "layer": best, "recall": share, "n": n})
    return FakeSyntax(pd.DataFrame(rows), recall, best)


def walk(tree: Tree, nodes: list[dict], edges: list[dict], name: str) -> tuple[int, int, float, int]:
    """Append the tree's nodes and edges; return its first and last word, its x and its level."""
    spans = []
    for child in tree[1]:
        spans.append((child, child, float(child), 0) if isinstance(child, int) else walk(child, nodes, edges, name))
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    x, level = (first + last) / 2, max(s[3] for s in spans) + 1
    nodes.append(
        {"tree": name, "id": len(nodes), "label": tree[0], "first": first, "last": last, "x": x, "level": level}
    )
    for span in spans:
        edges.append(
            {"tree": name, "x": x, "level": level, "x2": span[2], "level2": span[3], "first": span[0], "last": span[1]}
        )
    return first, last, x, level


NODES = ["tree", "id", "label", "first", "last", "x", "level", "agrees"]
EDGES = ["tree", "x", "level", "x2", "level2", "first", "last"]


def _middle(xy: np.ndarray, first: int, last: int) -> tuple[float, float]:
    x, y = xy[first : last + 1].mean(axis=0)
    return float(x), float(y)


def snippet_of(words: list[str], categories: list[str], gold: Tree | None, predicted: Tree | None) -> FakeSnippet:
    nodes: list[dict] = []
    edges: list[dict] = []
    for name, tree in (("gold", gold), ("predicted", predicted)):
        if tree is not None:
            walk(tree, nodes, edges, name)
    keys = {
        name: {(n["label"], n["first"], n["last"]) for n in nodes if n["tree"] == name}
        for name in ("gold", "predicted")
    }
    both = keys["gold"] & keys["predicted"]
    for node in nodes:
        node["agrees"] = (node["label"], node["first"], node["last"]) in both
    rng = np.random.default_rng(0)
    xy = np.cumsum(rng.normal(size=(len(words), 2)), axis=0)
    frame = pd.DataFrame(
        {
            "position": range(len(words)),
            "word": words,
            "type": categories,
            "category": categories,
            "x": xy[:, 0],
            "y": xy[:, 1],
        }
    )
    joined = [e for e in edges if e["tree"] == "gold"]
    spans = {(n["x"], n["level"]): (n["first"], n["last"]) for n in nodes if n["tree"] == "gold"}
    places = [
        (*_middle(xy, *spans[e["x"], e["level"]]), *_middle(xy, e["first"], e["last"]))
        for e in joined
        if spans[e["x"], e["level"]] != (e["first"], e["last"])
    ]
    lines = pd.DataFrame(places, columns=["x", "y", "x2", "y2"])
    return FakeSnippet(
        frame, pd.DataFrame(nodes, columns=NODES), pd.DataFrame(edges, columns=EDGES), lines, "3", 0.71, (0.42, 0.17)
    )


def add() -> FakeSnippet:
    """Return `def add(a, b): return a + b` with tree-sitter's tree and a prediction that gets some of it."""
    words = ["def", "add", "(", "a", ",", "b", ")", ":", "return", "a", "+", "b"]
    word, mark = "identifier", "punctuation"
    kinds = ["keyword", word, mark, word, mark, word, mark, mark, "keyword", word, "operator", word]
    returned: Tree = ("return_statement", [8, ("binary_operator", [9, 10, 11])])
    gold: Tree = (
        "module",
        [("function_definition", [0, 1, ("parameters", [2, 3, 4, 5, 6]), 7, ("block", [returned])])],
    )
    guess: Tree = (
        "module",
        [
            (
                "function_definition",
                [0, ("parameters", [1, 2, 3, 4, 5, 6]), 7, ("block", [8, ("binary_operator", [9, 10, 11])])],
            )
        ],
    )
    return snippet_of(words, kinds, gold, guess)


_TYPES = {"def": "keyword", "return": "keyword", "if": "keyword", "is": "keyword", "not": "keyword", "raise": "keyword"}


def parsed(code: str, *, seed: int = 0) -> FakeSnippet:
    """Return Python `code` with its tree-sitter tree as gold and, as prediction, the same with spans dropped."""
    import tree_sitter
    import tree_sitter_python

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))
    words: list[str] = []
    rng = np.random.default_rng(seed)

    def build(node: tree_sitter.Node) -> Tree | int:
        if not node.children or node.type == "string":
            words.append(node.text.decode())
            return len(words) - 1
        return (node.type, [build(child) for child in node.children])

    def spoil(tree: Tree | int) -> Tree | int:
        if isinstance(tree, int):
            return tree
        children: list[Tree | int] = []
        for child in tree[1]:
            new = spoil(child)
            children += new[1] if isinstance(new, tuple) and rng.random() < 0.25 else [new]
        return (tree[0] if rng.random() < 0.85 else "call", children)

    gold = build(parser.parse(code.encode()).root_node)
    kinds = [
        _TYPES.get(w, "identifier" if w.isidentifier() else "literal" if w[0] in "\"'0123456789" else "") for w in words
    ]
    kinds = [kind or ("punctuation" if w in "()[]{}:,." else "operator") for kind, w in zip(kinds, words, strict=True)]
    return snippet_of(words, kinds, gold, spoil(gold))


LONGER = """def read_config(path, *, strict=True):
    if not path.exists():
        raise FileNotFoundError(path)
    text = path.read_text("utf-8")
    return parse(text, strict)
"""
