"""Static word vectors: text and arrays against numpy, what is wrong in which line, pins that hold."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from probes import corpora
from probes.corpora import homonyms, word_vectors
from probes.errors import StrataError

WORDS = ["bank", "River", "new york", "zürich"]


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)


def written(path: Path, rows: np.ndarray, head: str = "") -> str:
    lines = [f"{word} {' '.join(repr(float(v)) for v in row)}" for word, row in zip(WORDS, rows, strict=True)]
    path.write_text(head + "\n".join(lines) + "\n", "utf-8")
    return str(path)


@pytest.mark.parametrize("head", ["", "4 5\n"])
def test_text_gives_each_word_its_row_whatever_its_case(tmp_path: Path, rows: np.ndarray, head: str) -> None:
    name = written(tmp_path / "v.txt", rows, head)
    found = word_vectors.look_up(name, ["zürich", "Bank", "river", "River", "new york"])
    assert found.known.tolist() == [True, True, False, True, True]
    np.testing.assert_array_equal(found.rows[[0, 1, 3, 4]], rows[[3, 0, 1, 2]])
    assert not found.rows[2].any()
    assert found.title == "v.txt"


def test_an_array_with_its_words_beside_it_gives_the_same(tmp_path: Path, rows: np.ndarray) -> None:
    np.save(tmp_path / "v.npy", rows)
    (tmp_path / "v.txt").write_text("\n".join(WORDS), "utf-8")
    found = word_vectors.look_up(str(tmp_path / "v.npy"), WORDS)
    np.testing.assert_array_equal(found.rows, rows)
    assert found.known.all()


def test_only_the_ends_of_lines_part_words(tmp_path: Path, rows: np.ndarray) -> None:
    words = ["a\u2028b", "c\x85", "d\x0ce", "f"]
    np.save(tmp_path / "v.npy", rows)
    (tmp_path / "v.txt").write_bytes("\r\n".join([*words, ""]).encode())
    np.testing.assert_array_equal(word_vectors.look_up(str(tmp_path / "v.npy"), words).rows, rows)


def test_a_wheel_is_read_as_a_zip(tmp_path: Path, rows: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    array, index = io.BytesIO(), io.BytesIO()
    np.save(array, rows)
    pd.DataFrame({"index": WORDS}).to_parquet(index)
    with zipfile.ZipFile(tmp_path / "w.whl", "w") as wheel:
        wheel.writestr("p/data/glove_6B_50d_emb.npy", array.getvalue())
        wheel.writestr("p/data/glove_6B_index.parquet", index.getvalue())
    monkeypatch.setattr(word_vectors.packages, "fetched", lambda _package: tmp_path / "w.whl")
    found = word_vectors.look_up("glove", ["bank", "none", "zürich"])
    np.testing.assert_array_equal(found.rows[[0, 2]], rows[[0, 3]])
    assert found.known.tolist() == [True, False, True]
    assert found.title == "GloVe 6B, 50 dimensions"


def test_a_pinned_file_that_changes_is_refused(tmp_path: Path, rows: np.ndarray) -> None:
    name = written(tmp_path / "v.txt", rows)
    pinned = word_vectors.pin(name)
    assert word_vectors.pin(pinned) == pinned
    assert word_vectors.unpinned(pinned) == name
    assert word_vectors.look_up(pinned, WORDS).known.all()
    written(tmp_path / "v.txt", rows + 1)
    with pytest.raises(StrataError, match="has changed since it was named"):
        word_vectors.look_up(pinned, WORDS)
    assert [word_vectors.pin(name) for name in ("", "glove")] == ["", "glove"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bank 1 2 3\nriver 1 2\n", "line 2: it has 2 numbers, and the others 3"),
        ("bank 1 2 nan\n", "line 1: it holds NaN"),
        ("bank 1 2 x\n", "line 1: not all that follows its word is numbers"),
        ("bank\0 1 2 3\n", "line 1: it is no text"),
        ("1 " + "9" * 5000 + "\n", "line 1: it has 1 numbers"),
        ("word\n", "line 1: it has 0 numbers"),
        ("other 1 2 3\n", "None of the 1 words has a vector in 'v.vec'"),
        ("", "None of the 1 words"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "v.vec").write_text(text)
    with pytest.raises(StrataError, match=said):
        word_vectors.look_up(str(tmp_path / "v.vec"), ["bank"])


def test_an_array_that_does_not_match_its_words_is_refused(tmp_path: Path, rows: np.ndarray) -> None:
    np.save(tmp_path / "v.npy", rows)
    with pytest.raises(StrataError, match=r"'v.npy' has no words beside it"):
        word_vectors.pin(str(tmp_path / "v.npy"))
    (tmp_path / "v.txt").write_text("bank\n")
    with pytest.raises(StrataError, match=r"'v.npy' has 4 rows, and 'v.txt' 1 words"):
        word_vectors.look_up(str(tmp_path / "v.npy"), ["bank"])
    (tmp_path / "v.txt").write_bytes("zürich\n".encode("latin-1"))
    with pytest.raises(StrataError, match=r"'v.txt' is not UTF-8: byte 0xFC at 1"):
        word_vectors.look_up(str(tmp_path / "v.npy"), ["bank"])
    (tmp_path / "v.txt").write_text("bank\n")
    np.save(tmp_path / "v.npy", np.full((1, 3), np.inf, np.float32))
    with pytest.raises(StrataError, match="it holds NaN or infinite"):
        word_vectors.look_up(str(tmp_path / "v.npy"), ["bank"])
    with pytest.raises(StrataError, match="There is no file of word vectors"):
        word_vectors.pin(str(tmp_path / "none.txt"))


def test_every_homonym_stands_once_in_its_sentence_and_its_senses_are_even() -> None:
    texts = list(corpora.stream("homonyms"))
    assert len(texts) == len({text.text for text in texts}) == 144
    senses: dict[tuple[str, str], int] = {}
    for text in texts:
        labels = dict(text.labels)
        assert text.text.lower().split().count(labels["word"]) <= 1
        assert labels["word"] in text.text
        senses[labels["word"], labels["living"]] = senses.get((labels["word"], labels["living"]), 0) + 1
    assert len(senses) == 24
    assert set(senses.values()) == {6}
    assert corpora.unpinned(homonyms.pin()) == "homonyms"
    assert next(corpora.stream(homonyms.pin())) == texts[0]
    assert next(corpora.stream("homonyms", seed=1)) != texts[0]
    assert corpora.preview("homonyms", 3).columns[:1] == ("text",)


def test_homonyms_of_another_state_or_language_are_refused() -> None:
    with pytest.raises(StrataError, match="holds other sentences than are here"):
        corpora.stream("homonyms@000000000000")
    with pytest.raises(StrataError, match="has no python"):
        corpora.stream("homonyms", language="python")
