"""Case 36: a file is what its bytes are, whatever it is called."""

import gzip
import io
import json
import pickle
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables import name_of, refusal, texts

from probes.corpora import sniff
from probes.corpora.table_file import opened


class Canary:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * (100 << 20))
    return out.getvalue()


@pytest.mark.parametrize("name", ["data.csv", "data.parquet", "data.txt", "data", "data.jsonl"])
def test_a_zip_bomb_under_any_name_is_refused_unopened(tmp_path: Path, name: str) -> None:
    """Case 37: a hundred megabytes of zeros in a hundred kilobytes."""
    path = tmp_path / name
    path.write_bytes(zipped())
    assert path.stat().st_size < 200_000
    error = refusal(f"table:{path}")
    assert error.code == "E-TABLE-FORMAT"
    assert error.what.startswith(f"'{name}' is a zip archive")
    assert "Unpack it" in error.fix


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_named_csv_is_refused_and_never_opened(tmp_path: Path, protocol: int) -> None:
    path, canary = tmp_path / "data.csv", tmp_path / "canary"
    path.write_bytes(pickle.dumps(Canary(canary), protocol))
    error = refusal(f"table:{path}")
    assert (error.code, error.what) == ("E-TABLE-FORMAT", "'data.csv' is a Python pickle, which is never opened.")
    assert not canary.exists()


@pytest.mark.parametrize("protocol", [0, 1])
def test_an_old_pickle_is_text_like_any_other(tmp_path: Path, protocol: int) -> None:
    path, canary = tmp_path / "data.txt", tmp_path / "canary"
    path.write_bytes(pickle.dumps(Canary(canary), protocol))
    assert texts(name_of(path, encoding="latin-1"))
    assert not canary.exists()


@pytest.mark.parametrize(("magic", "what", "fix"), sniff.REFUSED)
def test_every_kind_that_is_no_table_is_named(tmp_path: Path, magic: bytes, what: str, fix: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(magic + b"\0" * 100)
    error = refusal(f"table:{path}")
    assert (error.code, error.what, error.fix) == ("E-TABLE-FORMAT", f"'data.csv' is {what}.", fix)


def test_words_that_start_like_a_magic_number_are_text(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    for head in ("ORCID", "BZhang", "ORC"):
        path.write_text(f"{head},text\n1,x\n")
        assert texts(name_of(path, text="text")) == ["x"]


def test_a_parquet_named_csv_is_read_as_parquet(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pq.write_table(pa.table({"text": ["x"]}), path)
    assert opened(f"table:{path}").table.facts == {"as": "parquet"}
    assert texts(f"table:{path}") == ["x"]
    assert refusal(name_of(path, **{"as": "csv"})).what == "'data.csv' is a Parquet file."


def test_a_csv_named_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    path.write_text("text\nx\n")
    assert refusal(f"table:{path}").what == "'data.parquet' is no Parquet file."
    assert refusal(name_of(path, **{"as": "parquet"})).what == "'data.parquet' is no Parquet file."
    assert texts(name_of(path, **{"as": "csv"})) == ["x"]


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("a.csv", json.dumps({"text": "x"}) + "\n", "jsonl"),
        ("a", json.dumps({"text": "x"}) + "\n", "jsonl"),
        ("a.txt", json.dumps({"text": "x"}) + "\n", "txt"),
        ("a.TSV", "a\tb\n", "csv"),
        ("a.dat", "a;b\n1;2\n", "csv"),
        ("a.dat", "hello there\n", "txt"),
        ("a.csv", "{not json\n", "csv"),
        ("a.md", "# a heading\n", "txt"),
        ("a.json", "{\n", "jsonl"),
    ],
)
def test_the_format_is_seen_in_the_bytes_then_in_the_name(name: str, text: str, form: str) -> None:
    assert sniff.format_of(text.encode(), name, text) == form


def test_a_gzip_says_how_to_unpack_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text\nx\n"))
    assert refusal(f"table:{path}").fix == "Unpack it first: gunzip FILE."
