import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from entries import DIGEST, LAYERS, SOURCE, STARTS, WIDTH, begin, check, fill, made, numbers

from probes import store
from probes.errors import StrataError
from probes.store import folders, states

# ---- written and read ------------------------------------------------------------------------------------------------


def test_rows_written_in_any_order_are_read_at_their_place(strata_home: Path) -> None:
    found = made()
    check(found)
    assert (found.layers, found.width, found.rows, found.starts.tolist()) == (LAYERS, WIDTH, 9, STARTS.tolist())
    assert found.source == SOURCE
    assert [p.name for p in (strata_home / "states").iterdir()] == [DIGEST]


def test_a_layer_is_a_read_only_memory_map() -> None:
    layer = made().at(1)
    assert isinstance(layer, np.memmap)
    assert layer.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        layer[0, 0] = 1


def test_other_tools_read_the_same_numbers() -> None:
    found = made()
    for i in range(len(LAYERS)):
        path = found.folder / f"layer-{i:03d}.safetensors"
        assert set(safetensors.numpy.load_file(path)) == {"states"}
        np.testing.assert_array_equal(safetensors.numpy.load_file(path)["states"], numbers(i))
        assert (8 + int.from_bytes(path.read_bytes()[:8], "little")) % 64 == 0  # the numbers start on a cache line


def test_an_unknown_layer_is_refused_with_the_choices() -> None:
    with pytest.raises(StrataError, match="no layer '7' here. Choose one of 0, 1, 1\\+norm") as refusal:
        made().at(7)
    assert refusal.value.code == "E-LAYER-UNKNOWN"


def test_no_row_at_all_is_fine() -> None:
    part = begin(np.array([0, 0]))
    part.commit(0)
    part.finish(SOURCE)
    found = store.open_states(DIGEST)
    assert found is not None
    assert (found.rows, found.at("0").shape, found.tokens.shape) == (0, (0, WIDTH), (0,))
    assert safetensors.numpy.load_file(found.folder / "layer-000.safetensors")["states"].shape == (0, WIDTH)


def test_nothing_is_none() -> None:
    assert store.open_states(DIGEST) is None


# ---- interrupted -----------------------------------------------------------------------------------------------------


def test_what_was_committed_is_kept_and_nothing_else_counts() -> None:
    part = begin()
    fill(part, 0)
    fill(part, 2)
    part.put(0, 5, numbers(0)[5:9])  # written, not committed
    part.close()
    assert store.open_states(DIGEST) is None
    again = begin()
    assert again.done == {0, 2}
    fill(again, 1)
    fill(again, 3)
    again.finish(SOURCE)
    check(store.open_states(DIGEST))


def test_a_commit_cut_short_does_not_count() -> None:
    part = begin()
    fill(part, 0)
    part.close()
    with (part.part / "done").open("a") as out:
        out.write("2\n1")  # the kill came before the newline of "12"
    again = begin()
    again.close()
    assert again.done == {0, 2}


def test_another_plan_under_the_same_digest_starts_anew() -> None:
    part = begin()
    fill(part, 0)
    part.close()
    again = begin(np.array([0, 9]))
    again.close()
    assert again.done == set()


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["checksum", "write_file", "sync", "rename"])
def test_a_kill_while_finishing_costs_nothing(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    part = begin()
    for text in range(4):
        fill(part, text)

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path if step == "rename" else states, step, kill)
        with pytest.raises(Killed):
            part.finish(SOURCE)
    assert store.open_states(DIGEST) is None
    again = begin()
    assert again.done == {0, 1, 2, 3}
    again.finish(SOURCE)
    check(store.open_states(DIGEST))


# ---- damage ----------------------------------------------------------------------------------------------------------


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "layer cut": lambda p: cut(p / "layer-001.safetensors"),
    "layer flipped": lambda p: flip(p / "layer-002.safetensors"),
    "layer gone": lambda p: (p / "layer-000.safetensors").unlink(),
    "counts flipped": lambda p: flip(p / "tokens.i32"),
    "plan cut": lambda p: cut(p / "plan.json"),
    "plan gone": lambda p: (p / "plan.json").unlink(),
    "manifest gone": lambda p: (p / "manifest.json").unlink(),
    "manifest cut": lambda p: cut(p / "manifest.json"),
    "manifest is a list": lambda p: (p / "manifest.json").write_text("[]"),
    "other schema": lambda p: (p / "manifest.json").write_text(
        json.dumps({**json.loads((p / "manifest.json").read_bytes()), "schema": 0})
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_states_are_set_aside_and_made_again(
    damage: str, strata_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    part = begin()
    for text in range(4):
        fill(part, text)
    part.finish(SOURCE)
    DAMAGE[damage](part.path)
    with caplog.at_level(logging.WARNING, "strata.store"):
        assert store.open_states(DIGEST) is None
    assert "set aside" in caplog.text
    assert not part.path.exists()
    assert len(list((strata_home / "set-aside").iterdir())) == 1
    check(made())


def test_a_layer_cut_after_it_was_opened_once_is_seen() -> None:
    cut(made().folder / "layer-000.safetensors")
    assert store.open_states(DIGEST) is None


def test_a_finished_folder_has_no_trace_of_the_making() -> None:
    found = made()
    names = {p.name for p in found.folder.iterdir()}
    assert names == {*(f"layer-{i:03d}.safetensors" for i in range(3)), "plan.json", "tokens.i32", folders.MANIFEST}
