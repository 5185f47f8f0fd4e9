"""Cases 35 and 36: what somebody uploads is kept under a name no system trips over, within limits."""

import io
import os
import pickle
import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probes import corpora
from probes.corpora import uploads
from probes.errors import StrataError
from probes.store import home

CSV = b"text,n\nhello,1\n"

NAMES = {
    "../../x.csv": "x.csv",
    "..\\..\\x.csv": "x.csv",
    "/etc/passwd": "passwd",
    "con": "file_con",
    "NUL.csv": "file_NUL.csv",
    "com1.tar.csv": "file_com1.tar.csv",
    "x" * 300 + ".csv": "x" * 76 + ".csv",
    "😀😀.csv": "upload.csv",
    "a😀b.csv": "a_b.csv",
    "a/b/c.csv": "c.csv",
    ".csv": "upload.csv",
    "..": "upload",
    "": "upload",
    ".hidden": "upload.hidden",
    "Größe 1.csv": "Größe_1.csv",
    "a\u202ecsv.exe": "a_csv.exe",
    "a\0b\nc.csv": "a_b_c.csv",
    "manifest.json": "file_manifest.json",
    "x.csv. . ": "x.csv",
    "<script>.csv": "script.csv",
    "$(rm -rf).csv": "rm_-rf.csv",
}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_made_safe_and_the_file_is_read(name: str) -> None:
    assert uploads.safe_name(name) == NAMES[name]
    corpus = corpora.keep(name, CSV)
    (path,) = [p for p in (home() / "uploads").rglob("*") if p.is_file() and p.name != "manifest.json"]
    assert path.name == NAMES[name]
    assert path.read_bytes() == CSV
    assert path.parent.parent == home() / "uploads"
    assert corpora.load(f"{corpus}?text=text&as=csv", n=5).texts == ("hello",)


@given(st.text(max_size=400))
@example("0:.0:")
def test_any_name_is_one_plain_part_of_a_path(name: str) -> None:
    safe = uploads.safe_name(name)
    assert safe
    assert len(safe) <= uploads.LONGEST_NAME + len("file_")
    assert len(safe.encode()) <= 255
    assert Path(safe).name == safe
    assert not set(safe) & set('/\\:*?"<>| \0\n')
    assert safe.isprintable()
    assert safe[-1] not in ". "
    assert uploads.safe_name(safe) == safe or safe.startswith("file_")


def test_only_its_owner_may_read_what_is_kept() -> None:
    corpora.keep("a.csv", CSV)
    (path,) = (home() / "uploads").glob("*/a.csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_the_same_file_is_kept_once_and_another_beside_it() -> None:
    one = corpora.keep("a.csv", CSV)
    assert corpora.keep("a.csv", io.BytesIO(CSV)) == one
    assert corpora.keep("b.csv", CSV) != one
    assert corpora.keep("a.csv", CSV + b"x,2\n") != one
    assert len(list((home() / "uploads").iterdir())) == 3
    assert set(corpora.kept()) == {one, corpora.keep("b.csv", CSV), corpora.keep("a.csv", CSV + b"x,2\n")}


def test_source_code_is_a_folder_of_one_file() -> None:
    name = corpora.keep("../../x.py", b"def f(x):\n    return x\n")
    assert name.startswith("code:")
    assert corpora.kept() == [name]
    assert [t.origin for t in corpora.stream(corpora.pin(name), language="python")] == ["x.py:1"]


class Endless(io.RawIOBase):
    """Says that it is large, and must not be read."""

    def seek(self, offset: int, whence: int = 0) -> int:
        return uploads.LARGEST + 1 if whence == os.SEEK_END else offset

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("it was read")


def test_a_file_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(StrataError) as caught:
        corpora.keep("a.csv", Endless())  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.what) == ("E-UPLOAD-LARGE", "'a.csv' has 50 MB.")
    assert "table:/path/to/file" in caught.value.fix
    assert not (home() / "uploads").exists()


@pytest.mark.parametrize("data", [b"PK\x03\x04xxxx", b"\x1f\x8bxxxx", pickle.dumps([1])])
def test_what_is_no_table_is_refused_and_not_kept(data: bytes) -> None:
    with pytest.raises(StrataError) as caught:
        corpora.keep("a.csv", data)
    assert caught.value.code == "E-TABLE-FORMAT"
    assert not (home() / "uploads").exists()
    with pytest.raises(StrataError, match="is empty"):
        corpora.keep("a.csv", b"")


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 53, for uploads."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STRATA_HOME", str(tmp_path / "file"))
    with pytest.raises(StrataError) as caught:
        corpora.keep("a.csv", CSV)
    assert caught.value.code == "E-STORE-WRITE"
    assert corpora.kept() == []


def test_an_upload_is_read_wherever_the_roots_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_ROOTS", str(tmp_path / "elsewhere"))
    assert corpora.load(corpora.keep("a.csv", CSV) + "?text=text", n=1).texts == ("hello",)


def test_a_translation_memory_is_a_parallel_corpus_when_uploaded_and_by_its_path(tmp_path: Path) -> None:
    unit = '<tu><tuv xml:lang="{}"><seg>{} one.</seg></tuv><tuv xml:lang="{}"><seg>{} eins.</seg></tuv></tu>'
    body = "".join(unit.format("en", f"Sentence {i}", "de", f"Satz {i}") for i in range(3))
    data = f'<?xml version="1.0"?><tmx version="1.4"><header/><body>{body}</body></tmx>'.encode()
    name = corpora.keep("Memory.TMX", data)
    assert name.startswith("parallel:")
    assert corpora.kept() == [name]
    found = corpora.load(name, language="de", n=3)
    assert sorted(found.texts) == [f"Satz {i} eins." for i in range(3)]
    (tmp_path / "here.tmx").write_bytes(data)
    assert corpora.named(str(tmp_path / "here.tmx")) == f"parallel:{tmp_path / 'here.tmx'}"
