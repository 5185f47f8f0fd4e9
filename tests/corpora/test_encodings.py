from collections.abc import Iterator
from pathlib import Path

import pytest
from tables import name_of, numbered, refusal, texts

from probes.corpora import encodings
from probes.errors import StrataError

RUSSIAN = "Вещи стоят на своих местах, и никто их не трогает.\nСегодня идёт дождь, а завтра будет солнце.\n"
JAPANESE = "木は家の後ろに立っています。\n彼女は毎晩本を読みます。明日は雨が降るでしょう。\n"
CHINESE = "树在房子后面。她每天晚上读书。明天会下雨，我们待在家里。\n"
GERMAN = "Über den Wäldern liegt Schnee.\nDie Straße ist weiß, und es kostet 5 €.\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (CHINESE, "gb18030"),
        (GERMAN, "cp1252"),
        (GERMAN.replace("€", "Kronen"), "latin-1"),
        (RUSSIAN + GERMAN + JAPANESE, "utf-8"),
        ("x" * 10_000 + GERMAN, "cp1252"),
    ],
)
def test_a_text_is_read_in_the_encoding_it_was_written_in(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    assert texts(f"table:{path}") == text.splitlines()


def test_a_character_cut_in_two_at_the_end_of_the_sample_is_no_error() -> None:
    data = "日本".encode()
    assert {encodings.guess(data[:cut]) for cut in range(3, 7)} == {"utf-8"}


def test_nul_bytes_do_not_make_utf_16() -> None:
    assert encodings.guess(b"a\0b,c\n" * 20) == "utf-8"
    assert encodings.guess("a,b\nc,d\n".encode("utf-16-le")) == "utf-16-le"


def test_a_wrong_byte_spoils_its_own_row_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"good\n" + b"x" * (2 << 20) + b"\nb\xe9d\ngood again\n")
    error = refusal(f"table:{path}")
    assert error.what == "a.txt, line 3: byte 0xE9 is not utf-8."
    assert set(numbered(name_of(path, skip="yes"))) == {1, 2, 4}
    assert numbered(name_of(path, encoding="cp1252"))[3] == "béd"


def test_half_a_character_in_utf_16_is_a_problem_of_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("good\nb\ud800d\nmore\n".encode("utf-16", "surrogatepass"))
    assert refusal(f"table:{path}").what == "a.txt, line 2: half a character (U+D800)."
    assert numbered(name_of(path, skip="yes")) == {1: "good", 3: "more"}


def test_a_file_cut_short_says_where(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("one\ntwo\n".encode("utf-16")[:-1])
    error = refusal(f"table:{path}")
    assert error.code == "E-TABLE-ENCODING"
    assert error.why.startswith("It stops being so after line 1")


@pytest.mark.parametrize("encoding", ["utf-9", "base64", "", "../x"])
def test_what_is_no_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(StrataError, match="There is no encoding") as caught:
        encodings.known(encoding)
    assert caught.value.code == "E-TABLE-ENCODING"
    assert "cp1252" in caught.value.fix


def test_lines_come_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n\xff")
    found: Iterator[str] = encodings.lines(path, "utf-8")
    assert [*found] == ["a\r\n", "b\r", "c\n", "\udcff"]
