"""An extraction that is stopped, asked twice, damaged, or asked of something a little different."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from probes import extract as at
from probes import store
from probes.contract import Progress
from probes.errors import Cancelled
from probes.models import Model, load
from probes.models.provenance import source_of
from probes.store import States

TEXTS = [f"{'a b ' * (1 + i % 7)}{chr(97 + i % 26)} {i}" for i in range(40)]


@pytest.fixture(scope="module")
def bert(tiny_bert: Path) -> Model:
    return load(str(tiny_bert), device="cpu")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at, "BLOCK_BYTES", 4 * 16 * 3 * 30)  # 30 rows of three layers of width 16
    monkeypatch.setattr(at.Packer, "__init__", _packer)


def _packer(self: at.Packer, lengths: np.ndarray) -> None:
    self.lengths, self.budget, self.shrunk = lengths, 40, []


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that went through the model, in order."""
    seen: list[str] = []
    real = at.pooled

    def noted(model: Model, texts: list[str], *rest: Any) -> tuple[dict[str, torch.Tensor], np.ndarray]:
        seen.extend(texts)
        return real(model, texts, *rest)

    monkeypatch.setattr(at, "pooled", noted)
    return seen


class Stop(Progress):
    """Cancels after so many batches."""

    def __init__(self, after: int) -> None:
        self.left, self.seen = after, list[tuple[float, float]]()

    def report(self, done: float, total: float, note: str = "") -> None:
        self.seen.append((done, total))
        self.left -= 1
        if not self.left:
            raise Cancelled


def spans_of(text: str) -> np.ndarray:
    return np.array([(i, i + 1) for i, c in enumerate(text) if not c.isspace()], np.int64)


def run(model: Model, texts: list[str] | None = None, progress: Progress | None = None, first: int = 0) -> States:
    texts = TEXTS if texts is None else texts
    source = source_of(model, corpus="ours", texts=texts, seed=0)
    return at.extract(model, texts, [spans_of(t)[first:] for t in texts], source=source, progress=progress)


def bits(states: States) -> bytes:
    return b"".join(states.at(label).tobytes() for label in states.layers) + states.tokens.tobytes()


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_HOME", str(store.home()) + "-2")


@pytest.mark.parametrize("after", [1, 3, 9, 14])
def test_a_stopped_extraction_resumes_at_the_last_whole_block_with_the_same_bits(
    after: int, bert: Model, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bits(run(bert))
    assert sorted(read) == sorted(TEXTS)
    elsewhere(monkeypatch)
    read.clear()
    with pytest.raises(Cancelled):
        run(bert, progress=Stop(after))
    before = list(read)
    assert 0 < len(before) < len(TEXTS)
    assert not [p for p in (store.home() / "states").iterdir() if p.is_dir() and p.suffix != ".part"]  # none is served
    read.clear()
    watch = Stop(0)
    assert bits(run(bert, progress=watch)) == whole
    again = set(before) & set(read)
    assert set(before) | set(read) == set(TEXTS)
    assert len(again) <= 15, "at most the block that was under way is read again"
    if after >= 9:
        assert len(again) < len(before), "whole blocks are not read again"
    done = [done for done, _ in watch.seen]
    assert done == sorted(done)
    assert watch.seen[-1][0] == watch.seen[-1][1] == bert.lengths(TEXTS).sum()


def test_asking_twice_reads_once(bert: Model, read: list[str]) -> None:
    first = run(bert)
    read.clear()
    second = run(bert)
    assert not read
    assert second.folder == first.folder
    assert bits(second) == bits(first)
    assert not second.at("1").flags.writeable


@pytest.mark.parametrize("name", ["layer-001.safetensors", "manifest.json", "plan.json", "tokens.i32"])
def test_damaged_states_are_made_again(name: str, bert: Model, read: list[str]) -> None:
    first = run(bert)
    whole, path = bits(first), first.folder / name
    data = bytearray(path.read_bytes())
    del first
    path.write_bytes(bytes(data[: len(data) // 2]))
    read.clear()
    assert bits(run(bert)) == whole
    assert len(read) == len(TEXTS)
    assert len(list((store.home() / "set-aside").iterdir())) == 1


def test_rows_are_in_the_order_of_the_corpus(bert: Model) -> None:
    there, back = run(bert), run(bert, TEXTS[::-1])
    assert there.folder != back.folder
    for i in range(len(TEXTS)):
        k = len(TEXTS) - 1 - i
        mine = there.at("2")[there.starts[i] : there.starts[i + 1]]
        assert len(mine) == len(spans_of(TEXTS[i]))
        assert np.abs(mine - back.at("2")[back.starts[k] : back.starts[k + 1]]).max() < 1e-5


@pytest.mark.parametrize(
    "other",
    [
        lambda model: run(model, [*TEXTS[:-1], TEXTS[-1] + "x"]),
        lambda model: run(model, first=1),
        lambda model: run(replace(model, weights="others")),
        lambda model: run(replace(model, dtype="bfloat16")),
        lambda model: run(replace(model, facts=(*model.facts[:-1], "another attention"))),
    ],
    ids=["text", "spans", "weights", "dtype", "facts"],
)
def test_what_decides_the_numbers_decides_where_they_are(other: Callable[[Model], States], bert: Model) -> None:
    assert other(bert).folder != run(bert).folder


def test_a_renamed_model_is_the_same_model(bert: Model, read: list[str]) -> None:
    run(bert)
    read.clear()
    run(replace(bert, name="a copy of it"))
    assert not read


def test_texts_without_spans_are_no_rows(bert: Model) -> None:
    source = source_of(bert, corpus="ours", texts=["a", "b c"], seed=0)
    spans = [np.zeros((0, 2), np.int64), np.array([[0, 1]])]
    assert at.extract(bert, ["a", "b c"], spans, source=source).starts.tolist() == [0, 0, 1]
    assert at.extract(bert, ["a"], spans[:1], source=source).at("0").shape == (0, 16)
