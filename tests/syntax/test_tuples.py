"""The closed forms against the published recursions (oracle.py), theorems, and cases worked by hand."""

import random
from collections import Counter

import numpy as np
import pytest
from code_of import CODE
from oracle import binary, constituents_of, decoded_by_recursion, flat, grow, in_order, nested

from probes.corpora.grammars import LANGUAGES
from probes.corpora.trees import parse
from probes.syntax.tuples import BAD_ROOT, EMPTY, SEPARATOR, Span, decode, encode, from_tree


def seeds(count: int) -> list[random.Random]:
    return [random.Random(seed) for seed in range(count)]


def test_the_closed_form_is_the_published_recursion_on_random_trees() -> None:
    sizes = set()
    for rng in seeds(500):
        node = grow(rng, rng.randint(0, 6))
        found = from_tree(flat(node))
        d, c, u, _ = in_order(binary(node))
        assert (list(found.distances), list(found.constituents), list(found.unaries)) == (d, c, u)
        sizes.add(len(found))
    assert len(sizes) > 50
    assert 1 in sizes


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_closed_form_is_the_published_recursion_on_code(language: str) -> None:
    tree = parse(CODE[language], language)
    found = encode(CODE[language], language)
    d, c, u, _ = in_order(binary(nested(tree)))
    assert (list(found.distances), list(found.constituents), list(found.unaries)) == (d, c, u)
    assert found.words == tree.words
    assert [found.text[start:end] for start, end in found.spans] == list(found.words)
    assert len(found) == len(found.types) == len(found.categories) == len(d) + 1


def test_decoding_is_the_published_recursion_on_any_numbers() -> None:
    labels = [EMPTY, EMPTY, "a", "b", f"a{SEPARATOR}b", f"c{SEPARATOR}c{SEPARATOR}d"]
    bad_roots = 0
    for rng in seeds(1500):
        n = rng.randint(1, 30)
        d = [float(rng.randint(0, 5)) if rng.random() < 0.9 else rng.gauss(0, 3) for _ in range(n - 1)]
        c, u = [rng.choice(labels) for _ in d], [rng.choice(labels) for _ in range(n)]
        found = decode(d, c, u)
        assert Counter(found) == decoded_by_recursion(d, c, u)
        assert decode(np.asarray(d, dtype=np.float64), c, u) == found
        bad_roots += any(span.label == BAD_ROOT for span in found)
    assert bad_roots > 300


def test_a_random_tree_comes_back_whole() -> None:
    for rng in seeds(300):
        tree = flat(grow(rng, 5))
        found = from_tree(tree)
        assert Counter(decode(found.distances, found.constituents, found.unaries)) == constituents_of(tree)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tree_of_code_comes_back_whole(language: str) -> None:
    found = encode(CODE[language], language)
    spans = decode(found.distances, found.constituents, found.unaries)
    assert Counter(spans) == constituents_of(parse(CODE[language], language))


def test_only_the_order_of_distances_matters_when_decoding() -> None:
    found = encode(CODE["python"], "python")
    squeezed = np.tanh(np.asarray(found.distances) / 50).astype(np.float32)
    whole = decode(found.distances, found.constituents, found.unaries)
    assert decode(squeezed, found.constituents, found.unaries) == whole


def test_flipping_the_order_of_distances_loses_the_tree() -> None:
    found = encode(CODE["python"], "python")
    flipped = decode([-d for d in found.distances], found.constituents, found.unaries)
    assert Counter(flipped) != constituents_of(parse(CODE["python"], "python"))


# ---- worked by hand --------------------------------------------------------------------------------------------------


def test_a_small_function_worked_by_hand() -> None:
    """module > function_definition > def f parameters(( )) : block > return_statement(return x)."""
    found = encode("def f():\n    return x\n", "python")
    assert found.words == ("def", "f", "(", ")", ":", "return", "x")
    assert found.distances == (5, 4, 1, 3, 2, 1)
    assert found.constituents == (
        "module<sep>function_definition",
        EMPTY,
        "parameters",
        EMPTY,
        EMPTY,
        "block<sep>return_statement",
    )
    assert found.unaries == (EMPTY,) * 7
    assert decode(found.distances, found.constituents, found.unaries) == [
        Span("module", 0, 6),
        Span("function_definition", 0, 6),
        Span("parameters", 2, 3),
        Span("block", 5, 6),
        Span("return_statement", 5, 6),
    ]


def test_a_chain_that_ends_in_a_word_is_its_unary() -> None:
    found = encode("if a:\n    pass", "python")
    assert found.words == ("if", "a", ":", "pass")
    assert found.unaries == (EMPTY, EMPTY, EMPTY, "block<sep>pass_statement")
    assert found.distances == (3, 2, 1)


def test_one_word_has_no_gap_and_decodes() -> None:
    found = encode("x", "python")
    assert (found.distances, found.constituents) == ((), ())
    assert found.unaries == ("module<sep>expression_statement",)
    assert decode((), (), found.unaries) == [Span("module", 0, 0), Span("expression_statement", 0, 0)]
    assert decode(np.zeros(0), [], [EMPTY]) == []


def test_ties_fall_to_the_first_gap_and_an_empty_root_is_bad() -> None:
    assert decode([1, 1], ["a", "b"], [EMPTY] * 3) == [Span("a", 0, 2), Span("b", 1, 2)]
    assert decode([1, 1], [EMPTY, "b"], [EMPTY] * 3) == [Span(BAD_ROOT, 0, 2), Span("b", 1, 2)]
    assert decode([1, 2], ["a", EMPTY], [EMPTY] * 3) == [Span("a", 0, 1), Span(BAD_ROOT, 0, 2)]
    assert decode([2, 1], ["a", EMPTY], [EMPTY] * 3) == [Span("a", 0, 2)]


@pytest.mark.parametrize(("d", "c", "u"), [([], [], []), ([1], [], ["a"]), ([1], ["a"], ["a"]), ([1], [], ["a", "b"])])
def test_lengths_that_do_not_fit_are_refused(d: list[float], c: list[str], u: list[str]) -> None:
    with pytest.raises(ValueError, match=r"n - 1 distances, n - 1 constituents and n unaries; got"):
        decode(d, c, u)


# ---- size ------------------------------------------------------------------------------------------------------------


def test_five_thousand_words_in_one_flat_node() -> None:
    found = encode("f(" + "x, " * 2500 + ")", "python")
    assert len(found) > 5000
    assert max(found.distances) == found.distances[0] == 5002
    spans = decode(found.distances, found.constituents, found.unaries)
    assert Span("argument_list", 1, len(found) - 1) in spans


def test_a_thousand_deep() -> None:
    found = encode("-" * 1000 + "x", "python")
    spans = decode(found.distances, found.constituents, found.unaries)
    assert len(found) == 1001
    assert found.distances == tuple(range(1000, 0, -1))
    assert {span for span in spans if span.label == "unary_operator"} == {
        Span("unary_operator", i, 1000) for i in range(1000)
    }


def test_work_grows_with_the_words_and_not_with_their_square(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts comparisons, so that the machine's speed does not matter."""

    class Counted(float):
        compared = 0

        def __lt__(self, other: float) -> bool:
            Counted.compared += 1
            return float(self) < float(other)

    def compared(values: list[int]) -> int:
        Counted.compared = 0
        decode([Counted(v) for v in values], ["a"] * len(values), [EMPTY] * (len(values) + 1))
        return Counted.compared

    n = 5000
    shuffled = random.Random(0).sample(range(n), n)
    for values in (list(range(n)), list(range(n, 0, -1)), [1] * n, shuffled):
        assert compared(values) <= 2 * n
