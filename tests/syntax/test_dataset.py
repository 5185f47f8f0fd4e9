"""Snippets fall on a side by their content alone, never repeat, and are counted when left out."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from code_of import CODE
from planted import code

from probes.contract import Progress
from probes.errors import StrataError
from probes.syntax.dataset import PARTS, SHARES, Bounds, Dataset, collect, snippet
from probes.syntax.tuples import encode
from probes.values import Text

EVERYTHING = (10_000, 10_000, 10_000)


def letters(texts: list[str]) -> np.ndarray:
    return np.array([len(text) for text in texts])


def texts(n: int, seed: int = 0) -> list[Text]:
    rng = np.random.default_rng(seed)
    return [Text(code(rng), "python", f"file.py:{i}") for i in range(n)]


def bounds(sizes: tuple[int, int, int] = EVERYTHING, words: tuple[int, int] = (2, 200), context: int = 9999) -> Bounds:
    return Bounds(sizes, *words, "source", context, letters)


def collected(stream: list[Text], asked: Bounds | None = None) -> Dataset:
    return collect(iter(stream), asked or bounds(), Counter(), Progress())


def sides(data: Dataset) -> dict[tuple[str, ...], str]:
    return {s.tree.words: part for part in PARTS for s in getattr(data, part)}


def test_which_side_a_function_is_on_does_not_depend_on_the_others() -> None:
    stream = texts(300)
    whole = sides(collected(stream))
    for chosen in (stream[:60], stream[::-1], stream[150:], texts(200, seed=9)[:40] + stream[:40]):
        part = sides(collected(chosen))
        assert all(part[words] == whole[words] for words in part if words in whole)
    small = sides(collected(stream, bounds((10, 3, 5))))
    assert all(whole[words] == side for words, side in small.items())
    shares = np.array([list(whole.values()).count(part) for part in PARTS]) / len(whole)
    assert np.abs(shares - SHARES).max() < 0.08


def test_what_repeats_up_to_comments_and_layout_is_kept_once() -> None:
    stream = texts(60)
    whole = collected(stream)
    copies = [Text(t.text.replace("\n", "  # why\n", 1).replace(" + ", "  +  "), "python", "copy") for t in stream]
    twice = collected(stream + copies)
    repeats = "repeats another up to comments and layout"
    assert sides(twice) == sides(whole)
    assert len(twice.snippets) == len(whole.snippets) == len(sides(whole))
    assert twice.left_out[repeats] == len(stream) + whole.left_out.get(repeats, 0)
    assert all(s.origin != "copy" for s in twice.snippets)


def test_parts_are_filled_in_the_order_of_the_stream_and_no_further() -> None:
    stream, sizes = texts(3000), (20, 4, 6)
    pulled = 0

    def counted() -> Iterator[Text]:
        nonlocal pulled
        for text in stream:
            pulled += 1
            yield text

    data = collect(counted(), bounds(sizes), Counter(), Progress())
    assert (len(data.train), len(data.validation), len(data.test)) == sizes
    assert pulled < 300  # the stream is not read to its end
    assert data.snippets == data.train + data.validation + data.test
    numbers = [int(s.origin.partition(":")[2]) for s in data.train]
    assert numbers == sorted(numbers)


def test_what_does_not_fit_is_counted_by_its_reason() -> None:
    odd = ["x", "def f(:\n  pass\n", "a = 'nul\0'", "x = [" + "1, " * 150 + "]", "name = '" + "x" * 300 + "'"]
    data = collected(texts(80) + [Text(t, "python", "odd") for t in odd], bounds(words=(5, 100), context=280))
    assert data.left_out["fewer than 5 words"] == 2  # the long string is one word
    assert data.left_out["more than 100 words"] == 1
    assert data.left_out["not parsed (E-SYNTAX)"] == 1
    assert data.left_out["not parsed (E-TEXT)"] == 1
    assert not any(s.origin == "odd" for s in data.snippets)


def test_what_exceeds_the_models_context_is_counted() -> None:
    stream = texts(80)
    edge = sorted(len(t.text) for t in stream)[60]
    data = collected(stream, bounds(context=edge))
    assert max(len(s.text) for s in data.snippets) <= edge
    repeated = data.left_out.get("repeats another up to comments and layout", 0)
    assert data.left_out[f"more than the model's {edge} sub-tokens"] == 80 - len(data.snippets) - repeated
    assert data.left_out[f"more than the model's {edge} sub-tokens"] > 0


@pytest.mark.parametrize("stream", [[], texts(3)])
def test_too_little_code_says_what_there_was(stream: list[Text]) -> None:
    with pytest.raises(
        StrataError, match=r"gave \d+ train, \d validation, \d test snippets of 2 to 200 words"
    ) as caught:
        collected(stream)
    assert caught.value.code == "E-CORPUS-SMALL"
    assert "at least two of each" in str(caught.value)
    assert "widen the word limits" in caught.value.fix


@pytest.mark.parametrize("language", CODE)
def test_leaves_are_the_words_joined_by_blanks_and_source_is_the_text_as_written(language: str) -> None:
    tree = encode(CODE[language], language)
    leaves, source = snippet(tree, "leaves"), snippet(tree, "source", "a.py:1")
    assert leaves.text == " ".join(tree.words)
    assert source.text == tree.text
    assert source.origin == "a.py:1"
    for piece in (leaves, source):
        assert piece.spans.shape == (len(tree), 2)
        assert [piece.text[a:b] for a, b in piece.spans] == list(tree.words)


def test_progress_counts_snippets() -> None:
    class Watch(Progress):
        seen: list[tuple[float, float]] = []

        def report(self, done: float, total: float, note: str = "") -> None:
            self.seen.append((done, total))

    data = collect(iter(texts(400)), bounds((100, 10, 20)), Counter(), Watch())
    assert Watch.seen == sorted(Watch.seen)
    assert Watch.seen[-1] == (len(data.snippets), 130)
