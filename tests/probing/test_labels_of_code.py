"""Labels from the tree are what Python says; an edit changes one field, parses, and is taken back by its inverse."""

import ast
from itertools import islice

import numpy as np
import pytest

from probes import corpora
from probes.corpora.trees import parse
from probes.probing import edits, trees
from probes.probing.docstrings import OTHER, OWN, crossed, described
from probes.probing.labels import AS_WRITTEN, LABELS, of_tree
from probes.probing.scopes import OUTSIDE, uses
from probes.values import Text

CODE = """def f(self, a, b=c, *args, k: int = 3, **kw) -> List[int]:
    import os.path as p
    x, y = a.m(b), kw
    for i in enumerate(a):
        z[i].w = obj.g.h(i, key=y)
    with open(a) as fh:
        x += fh
    return [r for r in s if r < x]
"""


def roles(code: str) -> list[tuple[str, str]]:
    tree = parse(code, "python")
    return [(tree.words[leaf], str(role)) for leaf, role in trees.roles(tree)]


def test_every_role_is_told_by_hand() -> None:
    found = roles(CODE)
    assert found[:9] == [
        ("f", "function name"), ("self", "parameter"), ("a", "parameter"), ("b", "parameter"), ("c", "read"),
        ("args", "parameter"), ("k", "parameter"), ("int", "annotation"), ("kw", "parameter"),
    ]  # fmt: skip
    more = {
        "p": "imported",
        "m": "method called",
        "i": "loop variable",
        "enumerate": "function called",
        "obj": "object",
    }
    more |= {"w": "attribute", "key": "keyword argument", "fh": "assigned", "r": "loop variable", "x": "assigned"}
    for pair in [*more.items(), ("b", "argument"), ("h", "method called"), ("y", "argument")]:
        assert pair in found, pair


def stdlib(n: int) -> list[str]:
    return [text.text for text in islice(corpora.stream("python-stdlib", language="python"), n)]


def test_loads_and_stores_agree_with_pythons_own_tree() -> None:
    """A name that Python stores is never read here, and the other way round."""
    for code in stdlib(15):
        tree = parse(code, "python")
        stored = {"assigned", "loop variable"}
        own = [n for n in ast.walk(ast.parse(tree.text)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        lines = tree.text.split("\n")
        starts = np.cumsum([0, *(len(line) + 1 for line in lines)])
        at = {int(starts[n.lineno - 1]) + len(lines[n.lineno - 1].encode()[: n.col_offset].decode()) for n in own}
        here = {tree.spans[tree.leaves[leaf]][0] for leaf, role in trees.roles(tree) if role in stored}
        caught = [n for n in ast.walk(ast.parse(tree.text)) if isinstance(n, ast.ExceptHandler) and n.name]
        assert at <= here, code
        assert len(here - at) == len(caught), code  # `except … as name` is no name in Python's tree


def test_a_name_is_followed_to_what_bound_it() -> None:
    found = {
        (use.name, use.bound, use.since_bound)
        for use in uses(parse("def f(a):\n    b = a\n    return b, c\n", "python"))
    }
    assert ("a", "parameter", 5) in found  # a ) : b = a
    assert ("b", "assigned", 4) in found  # b = a return b
    assert any(name == "c" and bound == OUTSIDE for name, bound, _ in found)


def test_brackets_and_depth_count() -> None:
    tree = parse("x = f(a, [b])\n", "python")
    words = dict(zip(tree.words, [v for _, v in trees.brackets(tree)], strict=True))
    assert (words["x"], words["a"], words["b"], words["("], words[")"]) == (0, 1, 2, 0, 0)
    deep = dict(zip(tree.words, [v for _, v in trees.depth(tree)], strict=True))
    assert deep["b"] > deep["a"] > deep["x"] > 0


def differing(one: ast.AST, other: ast.AST) -> int:
    """Count the fields in which two trees of Python's own differ."""
    if type(one) is not type(other):
        return 1
    total = 0
    for name in one._fields:
        a, b = getattr(one, name, None), getattr(other, name, None)
        pairs = zip(a, b, strict=True) if isinstance(a, list) else [(a, b)]
        total += sum(differing(x, y) if isinstance(x, ast.AST) and isinstance(y, ast.AST) else x != y for x, y in pairs)
    return total


@pytest.mark.parametrize("name", ["misuse", "operator", "swapped"])
def test_an_edit_changes_one_field_parses_and_is_taken_back(name: str) -> None:
    made = 0
    for code in stdlib(60):
        tree = parse(code, "python")
        edit = LABELS[name].edit(tree, np.random.default_rng(0))  # type: ignore[misc]
        if edit is None:
            continue
        made += 1
        changed = edit.apply(tree.text)
        assert changed != tree.text
        assert edit.inverse.apply(changed) == tree.text
        parse(changed, "python")
        before, after = ast.parse(tree.text), ast.parse(changed)
        if name == "swapped":
            start, end = edit.read[1]
            assert sorted(changed.split()) == sorted(tree.text.split()) or changed[start:end] in edits.ONE_WAY
            assert changed[start:end].split() == tree.text[slice(*edit.read[0])].split()
        else:
            assert differing(before, after) == 1, (edit, code)
    assert made > 10


def test_half_of_the_answers_are_true_and_both_copies_stay_together() -> None:
    for name in ("misuse", "operator", "swapped"):
        found = [p for code in stdlib(20) for p in of_tree(LABELS[name], parse(code, "python"), "", 0)]
        answers = [piece.places[0].answer for piece in found]
        assert answers.count(AS_WRITTEN) * 2 == len(answers) > 0
        assert len({piece.family for piece in found}) * 2 == len(found)


def test_the_caught_exception_is_hidden() -> None:
    tree = parse("def f():\n    try:\n        g()\n    except KeyError as e:\n        raise ValueError\n", "python")
    (found,) = of_tree(LABELS["exception"], tree, "", 0)
    assert found.places[0].answer == "KeyError"
    assert "except __HOLE__ as e" in found.text
    assert "KeyError" not in found.text


def test_functions_and_docstrings_are_crossed_so_that_neither_tells_anything() -> None:
    one = described(Text('def f(a):\n    """Add one to a."""\n    return a + 1\n', "python", "a"))
    two = described(Text('def g(b):\n    """Say what b is."""\n    return str(b)\n', "python", "b"))
    assert one is not None
    assert two is not None
    assert '"""' not in one[1]
    found = crossed(one, two)
    assert [piece.places[0].answer for piece in found] == [OWN, OTHER, OTHER, OWN]
    assert len({piece.family for piece in found}) == 1
    for piece in found:
        (said, function) = piece.spans
        assert piece.text[slice(*said)] in (one[0], two[0])
        assert piece.text[slice(*function)] in (one[1], two[1])
    assert described(Text("def f():\n    return 1\n", "python", "")) is None
