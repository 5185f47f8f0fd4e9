"""Matrices that people bring: every format gives the same numbers, and what is hostile or ragged is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from probes import corpora
from probes.errors import StrataError

ROWS = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
WORDS = [f"word {i}" for i in range(30)]


@pytest.fixture(autouse=True)
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_ROOTS", str(tmp_path))


def refused(name: str) -> StrataError:
    with pytest.raises(StrataError) as found:
        corpora.matrix(name)
    return found.value


def as_npy(path: Path) -> str:
    np.save(path / "m.npy", ROWS)
    return f"matrix:{path / 'm.npy'}"


def as_safetensors(path: Path) -> str:
    save_file({"layer10": ROWS, "layer2": ROWS.astype(np.float16)}, path / "m.safetensors")
    return f"matrix:{path / 'm.safetensors'}"


def as_csv(path: Path) -> str:
    frame = pd.DataFrame(ROWS[:, ::-1], columns=["dim_10", "dim_2", "dim_1"]).assign(text=WORDS)
    frame.to_csv(path / "m.csv", index=False)
    return f"matrix:{path / 'm.csv'}"


def as_lists(path: Path) -> str:
    pq.write_table(pa.table({"text": WORDS, "vector": list(ROWS)}), path / "m.parquet")
    return f"matrix:{path / 'm.parquet'}"


@pytest.mark.parametrize("write", [as_npy, as_safetensors, as_csv, as_lists])
def test_every_format_gives_the_rows_that_were_written(write: Callable[[Path], str], tmp_path: Path) -> None:
    found = corpora.matrix(write(tmp_path))
    layer = list(found.layers.values())[-1]
    np.testing.assert_allclose(layer, ROWS, rtol=1e-6)
    if write is as_safetensors:
        assert list(found.layers) == ["layer2", "layer10"]
        np.testing.assert_array_equal(found.layers["layer2"], ROWS.astype(np.float16))
    if write in (as_csv, as_lists):
        assert (found.text, found.texts()) == ("text", WORDS)
    else:
        assert found.texts()[4] == "row 5"


def test_an_array_of_three_axes_is_layers_and_a_table_says_what_rows_are(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.stack([ROWS, -ROWS]))
    pd.DataFrame({"word": WORDS, "topic": ["a", "b"] * 15}).to_parquet(tmp_path / "about.parquet")
    name = f"matrix:{tmp_path / 'm.npy'}?about={tmp_path / 'about.parquet'}"
    found = corpora.matrix(name)
    assert (list(found.layers), found.text, found.kind) == (["0", "1"], "word", "topic")
    np.testing.assert_array_equal(found.layers["1"], -ROWS)
    pinned = corpora.pin(name)
    assert corpora.pin(pinned) == pinned
    assert corpora.matrix(pinned).texts() == WORDS
    assert sorted(text.text for text in corpora.stream(name)) == sorted(WORDS)
    assert corpora.preview(name, 3).headline() == "m.npy: 30 rows."
    pd.DataFrame({"word": WORDS[::-1], "topic": ["a", "b"] * 15}).to_parquet(tmp_path / "about.parquet")
    assert refused(pinned).code == "E-CORPUS-MOVED"


def test_rows_that_do_not_match_are_counted(tmp_path: Path) -> None:
    name = as_npy(tmp_path)
    pd.DataFrame({"word": WORDS[:29], "n": range(29)}).to_csv(tmp_path / "a.csv", index=False)
    error = refused(f"{name}?about={tmp_path / 'a.csv'}")
    assert (error.code, error.what) == ("E-MATRIX-ROWS", "'m.npy' has 30 rows, and the table about them 29.")
    save_file({"a": ROWS, "b": ROWS[:7].copy()}, tmp_path / "m.safetensors")
    error = refused(f"matrix:{tmp_path / 'm.safetensors'}")
    assert (error.code, error.what) == ("E-MATRIX-SHAPE", "The arrays of 'm.safetensors' have rows: a 30, b 7.")
    error = refused(f"{as_csv(tmp_path)}?text=txt")
    assert (error.code, error.why[:27]) == ("E-MATRIX-COLUMN", "Did you mean 'text'? There ")


class Harm:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("strata-was-harmed"),))


def test_python_objects_are_never_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "o.npy", np.array([[Harm()], [Harm()]], dtype=object), allow_pickle=True)
    assert refused(f"matrix:{tmp_path / 'o.npy'}").why.endswith("it is never opened.")
    assert not Path("strata-was-harmed").exists()
    (tmp_path / "p.npy").write_bytes(b"\x80\x04K\x01.")
    assert refused(f"matrix:{tmp_path / 'p.npy'}").what == "'p.npy' is no .npy file."


def test_arrays_of_other_shapes_and_kinds_are_refused(tmp_path: Path) -> None:
    for array in (ROWS[0], ROWS[:0], ROWS.astype(complex), np.array([["a"]]), ROWS > 0, np.zeros((2, 2, 2, 2))):
        np.save(tmp_path / "m.npy", array)
        assert refused(f"matrix:{tmp_path / 'm.npy'}").code == "E-MATRIX-SHAPE"


def test_files_that_say_more_than_they_hold_are_refused(tmp_path: Path) -> None:
    whole = Path(as_npy(tmp_path).removeprefix("matrix:")).read_bytes()
    (tmp_path / "short.npy").write_bytes(whole[:-40])
    huge = whole.replace(b"(30, 3)", b"(9999999999999, 3)").replace(b" " * 11 + b"\n", b"\n")
    (tmp_path / "huge.npy").write_bytes(huge)
    header = json.dumps({"a": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}}).encode()
    (tmp_path / "s.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 12)
    (tmp_path / "t.safetensors").write_bytes(b"\xff" * 30)
    for file in ("short.npy", "huge.npy", "s.safetensors", "t.safetensors"):
        assert refused(f"matrix:{tmp_path / file}").code == "E-MATRIX-FILE", file


def test_ragged_rows_and_words_among_numbers_are_found_by_row(tmp_path: Path) -> None:
    pq.write_table(pa.table({"v": [[1.0, 2.0], [1.0], [2.0, 3.0]]}), tmp_path / "m.parquet")
    assert refused(f"matrix:{tmp_path / 'm.parquet'}").what.startswith("'m.parquet', row 2: column 'v' holds 1 numbers")
    pq.write_table(pa.table({"v": [[1.0, 2.0], None]}), tmp_path / "m.parquet")
    assert refused(f"matrix:{tmp_path / 'm.parquet'}").code == "E-MATRIX-ROW"
    (tmp_path / "m.csv").write_text("d0,d1\n1,2\n3,x\n")
    assert "row 2: column 'd1' is 'x', which is no number" in refused(f"matrix:{tmp_path / 'm.csv'}").what
    (tmp_path / "m.csv").write_text("d0,d1\n1,2\n3\n")
    assert refused(f"matrix:{tmp_path / 'm.csv'}").code == "E-MATRIX-ROW"
    (tmp_path / "m.csv").write_text("a,b\n1,2\n3,4\n")
    assert refused(f"matrix:{tmp_path / 'm.csv'}").what == "'m.csv' has no columns of dimensions."


def test_vectors_without_texts_are_no_corpus_and_other_folders_no_place(tmp_path: Path) -> None:
    with pytest.raises(StrataError, match="holds vectors, and no column of texts"):
        corpora.load(as_npy(tmp_path), n=3)
    assert refused("matrix:/etc/passwd").code == "E-PATH-OUTSIDE"
    assert corpora.named(str(tmp_path / "m.npy")).startswith("matrix:")


def test_an_uploaded_array_is_kept_under_its_digest(strata_home: Path, tmp_path: Path) -> None:
    data = Path(as_npy(tmp_path).removeprefix("matrix:")).read_bytes()
    name = corpora.keep("../a b.npy", data)
    assert name.startswith("matrix:")
    np.testing.assert_array_equal(corpora.matrix(name).layers["values"], ROWS)
