import dataclasses
import io
import json
import zipfile
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy

from probes.store import pack, unpack
from probes.values import Source

SOURCE = Source("m", "r", "w", "float32", "cpu", "c", "d", 3, ("a note",), {"torch": "2"})


@dataclass(frozen=True)
class Toy:
    table: pd.DataFrame
    array: np.ndarray
    counts: np.ndarray
    best: str
    gain: dict[str, tuple[float, float]]
    names: tuple[str, ...]
    depth: int | None
    source: Source


@dataclass(frozen=True)
class Plain:
    number: float


def toy(**changes: object) -> Toy:
    table = pd.DataFrame(
        {"a": [1, 2], "b": [0.1, float("nan")], "c": ["x\u202e\x00", "</td>"], "d": [True, False], "e": [None, "x"]}
    )
    table["f"] = np.array([1, 2], np.float32)
    whole = Toy(
        table, np.array([[0.1, np.nan, -0.0, np.inf]], np.float32), np.arange(6).reshape(2, 3),
        "3", {"k": (0.1, 1e-300)}, ("ä", ""), None, SOURCE,
    )  # fmt: skip
    return dataclasses.replace(whole, **changes)  # type: ignore[arg-type]


def test_a_result_comes_back_exactly() -> None:
    before = toy()
    after = unpack(Toy, pack(before))
    pd.testing.assert_frame_equal(after.table, before.table, check_exact=True)
    for name in ("array", "counts"):
        a, b = getattr(before, name), getattr(after, name)
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    for name in ("best", "gain", "names", "depth", "source"):
        assert getattr(after, name) == getattr(before, name)
    assert type(after.names) is tuple
    assert type(after.gain["k"]) is tuple


@pytest.mark.parametrize(
    "array",
    [np.zeros((0, 4), np.float32), np.array(3.5), np.arange(24).reshape(2, 3, 4)[:, ::2].T, np.array([True, False]),
     np.arange(3, dtype=np.int8), np.array([1e-45], np.float32)],
    ids=["empty", "scalar", "strided", "bool", "int8", "subnormal"],
)  # fmt: skip
def test_any_array_comes_back_with_its_shape_and_bits(array: np.ndarray) -> None:
    after = unpack(Toy, pack(toy(array=array))).array
    assert (after.dtype, after.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(after, array)


@pytest.mark.parametrize("table", [pd.DataFrame({"a": []}), pd.DataFrame({"a": pd.Series([], dtype=str)})])
def test_an_empty_table_comes_back(table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(unpack(Toy, pack(toy(table=table))).table, table)


def test_packing_twice_gives_the_same_bytes() -> None:
    assert pack(toy()) == pack(toy())


def test_the_files_are_open_formats_and_hold_no_pickle() -> None:
    files = pack(toy())
    assert set(files) == {"table.parquet", "values.json", "arrays.safetensors"}
    assert not any(zipfile.is_zipfile(io.BytesIO(data)) for data in files.values())
    assert set(safetensors.numpy.load(files["arrays.safetensors"])) == {"array", "counts"}
    assert json.loads(files["values.json"])["best"] == "3"
    assert pd.read_parquet(io.BytesIO(files["table.parquet"])).shape == (2, 6)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_json_cannot_hold_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        pack(Plain(number))


def test_files_of_another_shape_are_refused() -> None:
    files = pack(toy())
    with pytest.raises((ValueError, KeyError, TypeError)):
        unpack(Plain, files)
    for name in files:
        with pytest.raises((ValueError, KeyError, TypeError)):
            unpack(Toy, {other: data for other, data in files.items() if other != name})
    with pytest.raises((ValueError, KeyError, TypeError)):
        unpack(Toy, {**files, "arrays.safetensors": b"\x08" + bytes(7) + b"notjson!"})
    with pytest.raises((ValueError, KeyError, TypeError)):
        unpack(Toy, {**files, "table.parquet": b"PAR1"})
