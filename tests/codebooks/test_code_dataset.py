"""Tokens: whole texts on one side each, spans that do not overlap, and the leaf of the tree that each is part of."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from probes.codebooks import cards, leaves
from probes.codebooks.dataset import Tokens, collect, spans_of
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import load
from probes.values import Text, split_of


def texts(n: int = 60) -> Iterator[Text]:
    return (Text(f"def f{i}(value):\n    return value + {i}\n", "python", f"m.py:{i}") for i in range(n))


def collected(model: str, wanted: tuple[int, int], stream: Iterator[Text], *, first: bool = False) -> Tokens:
    return collect(stream, load(model), wanted, first_token=first, left_out=Counter(), progress=Progress())


def test_both_sides_have_exactly_the_tokens_asked_for(tiny_bert: Path) -> None:
    found = collected(str(tiny_bert), (151, 77), texts())
    assert found.cut == 151
    assert len(found.words) == 151 + 77 == found.starts[-1]
    sides = [split_of(text.text, (0.75, 0.25)) for text in found.texts]
    assert sides == [0] * found.fitted + [1] * (len(sides) - found.fitted)
    assert len({text.text for text in found.texts}) == len(found.texts)


def test_the_first_token_of_a_text_is_left_out_unless_asked_for(tiny_gpt2: Path) -> None:
    without, whole = (collected(str(tiny_gpt2), (90, 30), texts(), first=first) for first in (False, True))
    assert all(spans[0][0] > 0 for spans in without.spans)
    assert all(spans[0][0] == 0 for spans in whole.spans)


@pytest.mark.parametrize("model", ["tiny_bert", "tiny_gpt2", "tiny_t5"])
def test_spans_never_overlap_whatever_the_text(model: str, request: pytest.FixtureRequest) -> None:
    hostile = ["x = '🙂é\u202e\x00'\n" * 3 + str(i) for i in range(30)]
    found = collected(
        str(request.getfixturevalue(model)), (300, 200), (Text(t, "", str(i)) for i, t in enumerate(hostile))
    )
    for spans in found.spans:
        assert (spans[:, 1] > spans[:, 0]).all()
        assert (spans[1:, 0] >= spans[:-1, 1]).all()


def test_parts_of_one_letter_are_one_token() -> None:
    offsets = np.array([[0, 0], [0, 1], [1, 2], [1, 2], [2, 2], [2, 4]])
    special = np.array([True, False, False, False, False, False])
    assert spans_of(offsets, special).tolist() == [[0, 1], [1, 2], [2, 4]]


def test_repeats_and_texts_too_long_are_counted(tiny_bert: Path) -> None:
    left_out: Counter[str] = Counter()
    stream = [*texts(40), *texts(3), Text("value " * 600, "python", "long")]
    collect(iter(stream), load(str(tiny_bert)), (9999, 9999), first_token=False, left_out=left_out, progress=Progress())
    assert left_out == {"repeats another": 3, "more than the model's 512 sub-tokens": 1}


def test_a_corpus_of_one_text_is_refused(tiny_bert: Path) -> None:
    with pytest.raises(
        StrataError, match="gave 1 texts to fit codes to and 0|gave 0 texts to fit codes to and 1"
    ) as it:
        collected(str(tiny_bert), (10, 10), texts(1))
    assert it.value.code == "E-CORPUS-SMALL"


# ---- leaves ----------------------------------------------------------------------------------------------------------


def test_every_character_has_its_leaf_also_after_letters_of_many_bytes() -> None:
    code = "def f(é):\n    return 'ß🙂' + é\n"
    types, leaf = leaves.leaves(code, "python")
    named = [types[i] for i in leaf]
    assert len(named) == len(code) + 1
    assert named[0:3] == ["def"] * 3
    assert named[code.index("é")] == "identifier"
    assert named[code.index("🙂")] == "string_content"
    assert named[code.rindex("é")] == "identifier"
    assert named[code.index("\n") + 1] == leaves.LAYOUT == named[-1]


def test_a_piece_that_needs_a_class_around_it_has_its_own_places() -> None:
    code = "Point(int x) { this.x = x; }"
    types, leaf = leaves.leaves(code, "java")
    assert types[leaf[0]] == "identifier"
    assert types[leaf[code.index("int x")]] == "int"
    assert types[leaf[len(code) - 1]] == "}"


def test_a_token_is_labelled_by_its_first_letter_that_is_not_blank(tiny_gpt2: Path) -> None:
    found = collected(str(tiny_gpt2), (200, 60), texts())
    for word, label in zip(found.words, leaves.labels(found), strict=True):
        if not word.strip():
            assert label == leaves.LAYOUT
        if word.strip() == "return":
            assert label == "return"


# ---- cards -----------------------------------------------------------------------------------------------------------


def test_usage_counts_tokens_and_names_the_commonest_word() -> None:
    ids = np.array([0, 0, 0, 2, 2])[:, None, None]
    codes = np.eye(4, dtype=np.float32)[None]
    table = cards.usage(ids, ids, np.array([0, 3])[:, None, None], codes, ["a", "b", "a", "c", "c"]).set_index("code")
    assert table["count"].tolist() == [3, 0, 2, 0]
    assert table.fitted.tolist() == [1, 0, 0, 1]
    assert table.word.tolist() == ["a", "", "c", ""]
    assert table.purity.tolist() == pytest.approx([2 / 3, 0, 1, 0])
    assert table.words.tolist() == [2, 0, 1, 0]
    assert table.overlap.tolist() == [1, 0, 1, 0]
