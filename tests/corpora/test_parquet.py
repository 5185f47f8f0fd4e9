"""Parquet: against pyarrow's own reading; and cases 37 and 38, files made to grow or to run code."""

from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import name_of, numbered, refusal, texts

from probes import corpora
from probes.corpora import parquet_file
from probes.corpora.table_file import opened


def written(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


any_text = st.text(st.characters(exclude_categories=["Cs"])).filter(str.strip)


@given(st.lists(st.one_of(st.none(), any_text), min_size=1, max_size=20), st.integers(1, 5), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_texts_come_back_as_pyarrow_reads_them(
    tmp_path: Path, found: list[str | None], group: int, dictionary: bool
) -> None:
    path = tmp_path / "a.parquet"
    written(path, {"text": pa.array(found, pa.string())}, row_group_size=group, use_dictionary=dictionary)
    oracle = pq.read_table(path)["text"].to_pylist()
    wanted = {i: text for i, text in enumerate(oracle, 1) if text is not None}
    if wanted:
        assert numbered(f"table:{path}") == wanted
    else:
        assert refusal(f"table:{path}").why == f"Left out: row without a text ({len(found)})."


TYPES = {
    "string": pa.array(["a", "b"]),
    "large": pa.array(["a", "b"], pa.large_string()),
    "view": pa.array(["a", "b"], pa.string_view()),
    "dictionary": pa.array(["a", "b"]).dictionary_encode(),
    "binary": pa.array([b"a", b"b"]),
    "fixed": pa.array([b"a", b"b"], pa.binary(1)),
}


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_text_is_read(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / "a.parquet", {"n.m": [1, 2], "the text": TYPES[kind]})
    assert texts(name_of(path, text="the text")) == ["a", "b"]


def test_labels_keep_their_types_and_dates_become_text(tmp_path: Path) -> None:
    import datetime

    day = datetime.date(2024, 2, 29)
    columns = {"text": ["x", "y"], "n": [1, 2], "f": [0.5, None], "b": [True, False], "d": [day, day]}
    path = written(tmp_path / "a.parquet", columns)
    labels = corpora.load(name_of(path, labels=("n", "f", "b", "d")), n=5).labels.sort_values("origin")
    assert labels["n"].tolist() == [1, 2]
    assert labels["b"].tolist() == [True, False]
    assert labels["d"].tolist() == ["2024-02-29"] * 2


def test_columns_of_lists_are_said_and_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", {"text": ["x"], "l": [[1, 2]], "s": [{"a": 1}]})
    assert opened(f"table:{path}").table.columns == ("text",)
    assert "l, s" in corpora.preview(f"table:{path}").notes[0]
    error = refusal(name_of(path, text="l"))
    assert (error.code, error.what) == ("E-TABLE-COLUMN", "Column 'l' of 'a.parquet' holds lists or records.")


def test_a_number_is_no_text_and_a_wrong_byte_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", {"n": [1, 2], "text": [b"ok", b"\xff"]})
    assert refusal(name_of(path, text="n")).what == "a.parquet, row 1: its text is the number 1."
    skipped: Counter[str] = Counter()
    assert numbered(name_of(path, text="text", skip="yes"), skipped=skipped) == {1: "ok"}
    assert skipped == {"row that cannot be read": 1}


@pytest.mark.parametrize("cut", [8, 100, -1, -8])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    whole = written(tmp_path / "a.parquet", {"text": ["x"] * 100}).read_bytes()
    path = tmp_path / "b.parquet"
    path.write_bytes(whole[:cut])
    error = refusal(f"table:{path}")
    assert (error.code, error.what) == ("E-TABLE-FORMAT", "'b.parquet' cannot be read as Parquet.")


def test_damage_inside_is_refused_when_it_is_met(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", {"text": [f"text {i}" for i in range(10_000)]}, compression="zstd")
    data = bytearray(path.read_bytes())
    data[100:2000] = b"\xff" * 1900
    path.write_bytes(data)
    assert refusal(f"table:{path}").code == "E-TABLE-FORMAT"


# ---- case 37: bombs ------------------------------------------------------------------------------------------------


def test_a_chunk_that_unpacks_to_too_much_is_refused_before_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_file, "LARGEST_CHUNK", 50 << 20)
    text = "a" * (1 << 20)
    path = tmp_path / "bomb.parquet"
    table = pa.table({"text": pa.chunked_array([[text] for _ in range(60)])})
    pq.write_table(table, path, compression="zstd", use_dictionary=False, row_group_size=60)
    assert path.stat().st_size < 1 << 20
    before = psutil.Process().memory_info().rss
    error = refusal(f"table:{path}")
    assert error.code == "E-TABLE-LIMIT"
    assert "unpacks to 60 MB" in error.what
    assert (error.why, error.fix) == ("The limit is 50 MB.", "Write it again with smaller row groups.")
    assert psutil.Process().memory_info().rss - before < 30 << 20


def test_a_chunk_that_grows_a_thousand_times_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    table = pa.table({"text": pa.chunked_array([["\0" * (1 << 20)] for _ in range(100)])})
    pq.write_table(table, path, compression="zstd", use_dictionary=False, row_group_size=100)
    error = refusal(f"table:{path}")
    assert error.code == "E-TABLE-LIMIT"
    assert "times when unpacked" in error.what
    assert error.why == "The limit is 1,000 times."


def test_a_long_text_repeated_by_references_is_held_once(tmp_path: Path) -> None:
    """A million references to a text of a megabyte: a terabyte, were each of them unpacked."""
    path = tmp_path / "bomb.parquet"
    indices = pa.array([0] * 1_000_000, pa.int32())
    column = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * (1 << 20)]))
    pq.write_table(pa.table({"text": column}), path, row_group_size=1_000_000, store_schema=False)
    assert pq.read_schema(path).field(0).type == pa.string()  # nothing but the pages says that it is a dictionary
    assert path.stat().st_size < 2 << 20
    before = psutil.Process().memory_info().rss
    row_of = iter(opened(f"table:{path}").table.read((0,)))
    cells = [next(row_of).cells[0] for _ in range(5000)]  # type: ignore[union-attr]
    assert len({id(cell) for cell in cells}) <= 5  # one a batch
    assert psutil.Process().memory_info().rss - before < 100 << 20


def test_the_limits_say_what_they_are_for() -> None:
    assert parquet_file.LARGEST_CHUNK == 512 << 20
    assert parquet_file.LARGEST_RATIO == 1000


# ---- case 38: extension types --------------------------------------------------------------------------------------


def test_an_extension_type_that_carries_a_pickle_is_read_as_what_it_stores(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    # what pickle.dumps gives of an object whose __reduce__ is (open, (canary, "w")), written by hand
    code = b"cbuiltins\nopen\n(S'" + str(canary).encode() + b"'\nS'w'\ntR."
    metadata = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": code}
    schema = pa.schema([pa.field("text", pa.string(), metadata=metadata)])
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["x", "y"]}).cast(schema), path)
    assert pq.read_schema(path).field(0).metadata[b"ARROW:extension:metadata"] == code
    assert texts(f"table:{path}") == ["x", "y"]
    assert corpora.preview(f"table:{path}").rows["text"].tolist() == ["x", "y"]
    assert not canary.exists()


def test_a_registered_extension_type_is_read_as_what_it_stores(tmp_path: Path) -> None:
    class Tagged(pa.ExtensionType):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(pa.string(), "strata.test.tagged")

        def __arrow_ext_serialize__(self) -> bytes:
            return b""

        @classmethod
        def __arrow_ext_deserialize__(cls, _storage: Any, _data: bytes) -> "Tagged":
            return cls()

    pa.register_extension_type(Tagged())
    try:
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"text": pa.ExtensionArray.from_storage(Tagged(), pa.array(["x", "y"]))}), path)
        assert pq.ParquetFile(path).schema_arrow.field(0).type == Tagged()
        assert texts(f"table:{path}") == ["x", "y"]
    finally:
        pa.unregister_extension_type("strata.test.tagged")


def test_a_uuid_is_text(tmp_path: Path) -> None:
    import uuid

    found = [uuid.UUID(int=i) for i in range(2)]
    path = written(tmp_path / "a.parquet", {"text": ["x", "y"], "id": pa.array([u.bytes for u in found], pa.uuid())})
    assert texts(name_of(path, text="text")) == ["x", "y"]
    assert len(corpora.preview(f"table:{path}").rows) == 2
