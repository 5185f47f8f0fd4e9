"""Every token's bytes, characters and word: of every kind of tokenizer, for texts nobody would type."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from probes.checkup import pieces
from probes.checkup.words import spans
from probes.models import load

KINDS = {"tiny_bert": "WordPiece", "tiny_gpt2": "byte-level BPE", "tiny_llama": "byte-level BPE", "tiny_t5": "Unigram"}
HOSTILE = [
    "",
    " ",
    "\r\n\tdef f(x):\r\n",
    "👩‍👩‍👧 🙂",
    "e\u0301\u0301",
    "\u202egnp",
    "\ufeffx",
    "a\x00b",
    "<script>alert(1)</script>",
    "שלום عالم",
    "面积",
    "x" * 300,
]


@pytest.fixture(scope="module", params=list(KINDS))
def cutter(request: pytest.FixtureRequest) -> tuple[str, Any]:
    return request.param, load(str(request.getfixturevalue(request.param)), device="cpu").tokenizer


def test_the_kind_is_told(cutter: tuple[str, Any]) -> None:
    name, tokenizer = cutter
    assert pieces.kind_of(tokenizer) == KINDS[name]


def test_the_byte_alphabet_is_the_one_tokenizers_use() -> None:
    assert set(pieces.ALPHABET) == set(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(pieces.ALPHABET.values()) == list(range(256))
    assert (pieces.ALPHABET["Ġ"], pieces.ALPHABET["Ċ"], pieces.ALPHABET["!"]) == (32, 10, 33)


@pytest.mark.parametrize("text", HOSTILE)
def test_every_token_covers_what_it_says(cutter: tuple[str, Any], text: str) -> None:
    _, tokenizer = cutter
    table = pieces.table(tokenizer, text)
    assert table["id"].tolist() == tokenizer(text)["input_ids"]
    assert table["token"].tolist() == tokenizer.convert_ids_to_tokens(table["id"].tolist())
    for row in table.itertuples():
        assert row.covers == text[row.start : row.end]
        assert not (row.added and row.covers)
    assert (table["end"] <= len(text)).all()


@pytest.mark.parametrize("text", HOSTILE)
def test_byte_level_tokens_are_the_texts_own_bytes(tiny_gpt2: Path, text: str) -> None:
    tokenizer = load(str(tiny_gpt2), device="cpu").tokenizer
    joined = b"".join(bytes.fromhex(part) for part in pieces.table(tokenizer, text)["bytes"])
    assert joined == text.encode()  # this tokenizer adds nothing and drops nothing


@pytest.fixture(scope="module")
def byte_level(tiny_gpt2: Path) -> Any:
    return load(str(tiny_gpt2), device="cpu").tokenizer


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_byte_level_bytes_are_the_text_for_any_text(byte_level: Any, text: str) -> None:
    joined = b"".join(bytes.fromhex(part) for part in pieces.table(byte_level, text)["bytes"])
    assert joined == text.encode()


def test_what_the_tokenizer_adds_is_marked(tiny_bert: Path, tiny_llama: Path, tiny_t5: Path) -> None:
    for folder, added in ((tiny_bert, ["[CLS]", "[SEP]"]), (tiny_llama, ["<s>"]), (tiny_t5, ["</s>"])):
        table = pieces.table(load(str(folder), device="cpu").tokenizer, "value = 1")
        assert table[table["added"]]["token"].tolist() == added
        assert (table[table["added"]]["bytes"] == "").all()


def test_a_special_token_in_the_text_is_not_added_and_keeps_its_letters(tiny_llama: Path) -> None:
    table = pieces.table(load(str(tiny_llama), device="cpu").tokenizer, "a</s>b")
    typed = table[table["token"] == "</s>"]
    assert typed["added"].tolist() == [False]
    assert bytes.fromhex(typed["bytes"].iloc[0]) == b"</s>"


@pytest.mark.parametrize(
    ("token", "covered", "byte_level", "wanted"),
    [
        ("Ġdef", " def", True, b" def"),
        ("Ċ", "\n", True, b"\n"),
        ("ðŁ", "🙂", True, b"\xf0\x9f"),
        ("<0xE2>", "€", False, b"\xe2"),
        ("<0xE2>", "<0xE2>", False, b"<0xE2>"),  # typed as such
        ("##ing", "ing", False, b"ing"),
        ("▁return", " return", False, b" return"),
        ("[CLS]", "", False, b""),
        ("Ġ", "", True, b""),
    ],
)
def test_the_bytes_of_a_token(token: str, covered: str, byte_level: bool, wanted: bytes) -> None:
    assert pieces.bytes_of(token, covered, byte_level=byte_level) == wanted


# ---- words and leaves ------------------------------------------------------------------------------------------------


def test_words_are_letters_and_marks() -> None:
    text = "x1 += naïve(_a)"
    assert [text[a:b] for a, b in spans(text, "")] == ["x1", "+", "=", "naïve", "(", "_a", ")"]


def test_leaves_are_the_grammars_own_by_character() -> None:
    text = "def f(x):\n    return '面积' + x  # 🙂\n"
    words = [text[a:b] for a, b in spans(text, "python")]
    assert words[:6] == ["def", "f", "(", "x", ")", ":"]
    assert "面积" in words
    assert words[-1] == "# 🙂"


@pytest.mark.parametrize("code", ["def broken(:\n", "((((", "\0", "'" * 999, "(" * 5000])
def test_code_that_does_not_parse_still_has_leaves(code: str) -> None:
    found = spans(code, "python")
    assert all(0 <= a < b <= len(code) for a, b in found)
    assert found == sorted(found)


@pytest.mark.parametrize("language", ["", "python"])
def test_every_letter_of_a_word_is_in_a_token_of_that_word(cutter: tuple[str, Any], language: str) -> None:
    """The alignment against the slow way: compare every token with every word."""
    _, tokenizer = cutter
    text = "def total(values):\n    return sum(values) + len(values) * 2"
    words = spans(text, language)
    table = pieces.aligned(pieces.table(tokenizer, text), words)
    for row in table.itertuples():
        touched = [i for i, (a, b) in enumerate(words) if a < row.end and row.start < b and row.end > row.start]
        assert (row.word, row.words) == ((touched[0], len(touched)) if touched else (-1, 0))
    cut = pieces.cut(table, words)
    slow = [int(((table["start"] < b) & (table["end"] > a)).sum()) for a, b in words]
    assert cut == slow
    assert min(cut) >= 1


def test_tokens_of_one_letter_all_belong_to_its_word(tiny_gpt2: Path) -> None:
    text = "🙂"
    table = pieces.aligned(pieces.table(load(str(tiny_gpt2), device="cpu").tokenizer, text), spans(text, ""))
    assert len(table) == 4
    assert table["word"].tolist() == [0] * 4
    assert pieces.cut(table, spans(text, "")) == [4]
