import os
from pathlib import Path

import psutil
import pytest
from tables import name_of, refusal, texts

from probes import corpora
from probes.errors import StrataError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "a data.csv"
    path.write_text("id;code;topic\n1;x = 1;a\n2;y = 2;b\n")
    return path


# ---- columns ---------------------------------------------------------------------------------------------------------


def test_the_usual_column_is_the_text(data: Path) -> None:
    assert texts(f"table:{data}") == ["x = 1", "y = 2"]
    data.write_text("anything\nx\n")
    assert texts(f"table:{data}") == ["x"]


def test_a_column_that_is_not_there_names_the_nearest_and_all(data: Path) -> None:
    error = refusal(name_of(data, text="cod"))
    assert (error.code, error.what) == ("E-TABLE-COLUMN", "'a data.csv' has no column 'cod'.")
    assert error.why == "Did you mean 'code'? There are: id, code, topic."
    assert "?text=COLUMN" in error.fix
    for choice in ({"language": "x"}, {"labels": ("x",)}):
        assert refusal(name_of(data, **choice)).code == "E-TABLE-COLUMN"  # type: ignore[arg-type]


def test_a_column_must_be_named_when_several_may_be_meant(data: Path) -> None:
    data.write_text("a,b\nx,y\n")
    error = refusal(f"table:{data}")
    assert (error.code, error.what) == ("E-TABLE-COLUMN", "'a data.csv' has 2 columns; which one holds the text?")
    data.write_text(",".join(f"c{i}" for i in range(100)) + "\n")
    assert refusal(f"table:{data}").why.endswith("c39 and 60 more.")


# ---- files -----------------------------------------------------------------------------------------------------------


def test_a_missing_file_names_its_neighbour(data: Path) -> None:
    error = refusal(f"table:{data.parent}/a dta.csv")
    assert (error.code, error.why) == ("E-TABLE-FILE", "There is no such file.")
    assert "'a data.csv'" in error.fix
    assert refusal(f"table:{data.parent}/nothing-like-it").fix.startswith("Name an existing file")
    assert "No file is named" in refusal("table:").what


def test_a_folder_and_a_pipe_are_no_files(data: Path) -> None:
    error = refusal(f"table:{data.parent}")
    assert error.code == "E-TABLE-FILE"
    assert f"code:{data.parent.resolve()}" in error.fix
    os.mkfifo(data.parent / "pipe")
    assert refusal(f"table:{data.parent}/pipe").what.endswith("is no ordinary file.")


def test_a_file_that_may_not_be_read_says_so(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    error = refusal(f"table:{data}")
    assert (error.code, error.why) == ("E-TABLE-FILE", "Permission denied.")


@pytest.mark.parametrize("place", ["//host/share/a.csv", r"\\host\share\a.csv", "file:///a.csv", "a%00.csv", "%0A"])
def test_what_is_no_path_of_this_machine_is_refused(place: str) -> None:
    """Case 8, for corpora."""
    assert refusal(f"table:{place}").code == "E-PATH"


@pytest.mark.parametrize("kind", ["table", "code", "hub"])
def test_only_the_roots_are_read(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Case 8: neither by dots nor through a link."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(data if kind == "table" else tmp_path)
    monkeypatch.setenv("STRATA_ROOTS", str(root))
    for place in (data, f"{root}/../a data.csv", f"{root}/link"):
        assert refusal(f"{kind}:{place}").code == "E-PATH-OUTSIDE"
        with pytest.raises(StrataError, match="E-PATH-OUTSIDE"):
            corpora.preview(f"{kind}:{place}")
        with pytest.raises(StrataError, match="E-PATH-OUTSIDE"):
            corpora.pin(f"{kind}:{place}")
    (root / "b.csv").write_text("text\nx\n")
    assert texts(f"table:{root}/b.csv") == ["x"]


# ---- pins ------------------------------------------------------------------------------------------------------------


def test_a_pin_says_everything_and_holds_until_the_bytes_change(data: Path) -> None:
    name = f"table:{data}"
    pinned = corpora.pin(name)
    written = f"table:{data.resolve()}".replace(" ", "%20")
    assert pinned.startswith(f"{written}?text=code&as=csv&encoding=utf-8&sep=;&header=yes@")
    assert corpora.pin(pinned) == corpora.pin(corpora.unpinned(pinned)) == pinned
    assert texts(pinned) == texts(name)

    before = data.stat()
    data.touch()
    assert texts(pinned) == ["x = 1", "y = 2"]  # the same bytes at another time
    data.write_bytes(data.read_bytes().replace(b"x = 1", b"x = 3"))
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
    error = refusal(pinned)
    assert error.code == "E-CORPUS-MOVED"
    assert corpora.pin(name).rpartition("@")[2] in error.why
    assert corpora.pin(name) != pinned
    assert texts(corpora.unpinned(pinned)) == ["x = 3", "y = 2"]


def test_choices_move_the_pin(data: Path) -> None:
    names = [f"table:{data}", name_of(data, text="id"), name_of(data, labels=("topic",)), name_of(data, skip="yes")]
    assert len({corpora.pin(name) for name in names}) == len(names)


def test_a_change_between_two_passes_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.corpora.table_file.SLICE", 8)
    stream = corpora.stream(f"table:{data}")
    next(stream)
    data.write_text("id;code;topic\n1;z;a\n")
    with pytest.raises(StrataError, match="E-CORPUS-MOVED"):
        list(stream)


def test_pinning_what_cannot_be_read_is_refused_then(data: Path) -> None:
    with pytest.raises(StrataError, match="E-TABLE-COLUMN"):
        corpora.pin(name_of(data, text="nope"))
    with pytest.raises(StrataError, match="E-TABLE-FILE"):
        corpora.pin("table:nope.csv")


# ---- size ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("form", "many"), [("csv", 400_000), ("parquet", 300_000)])
def test_a_long_table_streams_in_flat_memory(tmp_path: Path, form: str, many: int) -> None:
    """Case 33."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / f"a.{form}"
    rows = (f"row {i}, of a table of many rows that isn't all held at once" for i in range(many))
    if form == "csv":
        with path.open("w") as out:
            out.write("text,label\n")
            out.writelines(f'"{row}",{i % 7}\n' for i, row in enumerate(rows))
    else:
        labels = [i % 7 for i in range(many)]
        pq.write_table(pa.table({"text": [*rows], "label": labels}), path, row_group_size=50_000)
    name = name_of(path, text="text", labels=("label",))
    process = psutil.Process()
    before, most, total = process.memory_info().rss, 0, 0
    for i, text in enumerate(corpora.stream(name)):
        total += int(text.text.split(",")[0].split()[1])
        if i % 50_000 == 0:
            most = max(most, process.memory_info().rss - before)
    assert total == (many - 1) * many // 2
    assert most < 200 << 20
    seen = corpora.preview(name)
    assert seen.looked_at <= 20_000
    assert seen.exact == (form == "parquet")
    assert seen.count is not None
    assert abs(seen.count - many) < (many / 10 if form == "csv" else 1)
