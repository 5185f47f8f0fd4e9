"""Cases 13, 14 and 16: room is made before a model comes, a failed load leaves nothing, two askers share one load."""

import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from probes import store
from probes.errors import StrataError
from probes.models import build, loading, warm
from probes.models.choice import ReadsModel
from probes.models.warm import Warm


class Memory:
    """A device whose free memory is what the living models leave of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.alive: list[weakref.ref[Any]] = []
        self.size, self.peak, self.loads = 1 << 40, 0, 0
        trained, random = build.trained, build.random

        def counted(make: Callable[..., Any]) -> Callable[..., Any]:
            def made(*arguments: Any) -> Any:
                net = make(*arguments)
                self.alive.append(weakref.ref(net))
                self.loads += 1
                self.peak = max(self.peak, self.used)
                return net

            return made

        monkeypatch.setattr(build, "trained", counted(trained))
        monkeypatch.setattr(build, "random", counted(random))
        monkeypatch.setattr(warm, "free_memory", lambda _device: self.size - self.used)

    @property
    def nets(self) -> list[Any]:
        return [net for ref in self.alive if (net := ref()) is not None]

    @property
    def used(self) -> int:
        return sum(p.numel() * p.element_size() for net in self.nets for p in net.parameters())


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    return Memory(monkeypatch)


@pytest.fixture
def kept(memory: Memory) -> Warm:
    return Warm()


def cpu(folder: Path, **more: Any) -> ReadsModel:
    return ReadsModel(model=str(folder), device="cpu", **more)


def names() -> list[str]:
    return sorted(Path(model.name).name for model in store.residents())


def test_a_model_and_its_twin_stay_while_there_is_room(tiny_bert: Path, memory: Memory, kept: Warm) -> None:
    one, twin = kept.get(cpu(tiny_bert), None), kept.get(cpu(tiny_bert), 0)
    assert kept.get(cpu(tiny_bert), None) is one
    assert kept.get(cpu(tiny_bert), 0) is twin
    assert kept.get(ReadsModel(model=str(tiny_bert), device="auto"), None) is one or one.device != "cpu"
    assert memory.loads == 2
    assert names() == ["tiny_bert", "tiny_bert"]
    assert {(r.bytes, r.dtype, r.device) for r in store.residents()} == {(one.bytes, "float32", "cpu")}


def test_where_one_fits_the_old_goes_before_the_new_comes(
    tiny_bert: Path, tiny_llama: Path, memory: Memory, kept: Warm
) -> None:
    """Case 14: the peak is that of the larger, never of both."""
    sizes = []
    for folder in (tiny_bert, tiny_llama):
        kept.get(cpu(folder), None)
        sizes.append(memory.used)
        kept.clear()
        assert memory.nets == []
    memory.size, memory.peak = int(1.3 * max(sizes)), 0
    for folder in (tiny_bert, tiny_llama, tiny_bert):
        kept.get(cpu(folder), None)
        assert len(memory.nets) == 1
        assert names() == [folder.name]
    assert memory.peak <= 1.1 * max(sizes)


def test_two_fit_though_they_fill_more_than_half_and_a_third_does_not(
    tiny_bert: Path, memory: Memory, kept: Warm
) -> None:
    one = kept.get(cpu(tiny_bert), None)
    memory.size = int(2.5 * one.bytes)
    twin = weakref.ref(kept.get(cpu(tiny_bert), 0).net)
    assert kept.get(cpu(tiny_bert), None) is one
    kept.get(cpu(tiny_bert), 1)  # the least recently asked for is the twin of seed 0
    assert kept.get(cpu(tiny_bert), None) is one
    assert twin() is None


def test_more_than_two_stay_under_half_of_the_memory(tiny_bert: Path, memory: Memory, kept: Warm) -> None:
    size = kept.get(cpu(tiny_bert), None).bytes
    memory.size = 10 * size + 1
    for seed in range(9):
        kept.get(cpu(tiny_bert), seed)
        assert memory.used <= memory.size / 2
    assert len(memory.nets) == 5
    assert sorted(key[-2] for key in kept.held) == [4, 5, 6, 7, 8]


def test_a_device_without_numbers_takes_nothing(tiny_bert: Path, memory: Memory, kept: Warm) -> None:
    one = kept.get(cpu(tiny_bert), None)
    memory.size = 0
    kept.get(ReadsModel(model=str(tiny_bert), device="meta"), 0)
    assert kept.get(cpu(tiny_bert), None) is one


SAID = {
    "cuda": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    "cpu": RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
    "python": MemoryError(),
}


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize("step", ["weights", "device", "check"])
def test_memory_that_runs_out_half_way_leaves_nothing(
    kind: str, step: str, tiny_bert: Path, tiny_llama: Path, memory: Memory, kept: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 13: no half-made model, no entry of a ghost, and the next try may work."""
    kept.get(cpu(tiny_llama), None)
    tries = []

    def fail(*_arguments: Any, **_options: Any) -> None:
        tries.append(len(memory.nets))
        raise SAID[kind]

    with monkeypatch.context() as patch:
        where = {"weights": "vetting.tokenizer_digest", "device": "placing.place", "check": "check.check"}[step]
        patch.setattr(f"probes.models.{where}", fail)
        with pytest.raises(StrataError, match=r"did not fit: .*GiB free.*bfloat16.*device all.*try again") as caught:
            kept.get(cpu(tiny_bert), None)
    assert caught.value.code == "E-MEMORY"
    assert tries == [2, 1]  # once beside what was there, and once more with everything else given up
    assert memory.nets == []
    assert kept.held == {}
    assert store.residents() == []
    assert kept.get(cpu(tiny_bert), None).check.passed


def test_only_what_takes_the_same_memory_is_given_up(
    tiny_bert: Path, tiny_llama: Path, memory: Memory, kept: Warm
) -> None:
    shapes = kept.get(ReadsModel(model=str(tiny_bert), device="meta"), 0)  # the oldest, and of no use to the CPU
    kept.get(cpu(tiny_bert), None)
    memory.size = 0
    kept.get(cpu(tiny_llama), None)
    assert kept.get(ReadsModel(model=str(tiny_bert), device="meta"), 0) is shapes
    assert names() == ["tiny_bert", "tiny_llama"]
    assert {r.device for r in store.residents() if r.name.endswith("bert")} == {"meta"}


def test_another_error_is_told_as_it_is_and_costs_nothing(
    tiny_bert: Path, tiny_llama: Path, kept: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = kept.get(cpu(tiny_llama), None)
    with monkeypatch.context() as patch:
        patch.setattr("probes.models.check.check", lambda _: (_ for _ in ()).throw(RuntimeError("planned")))
        with pytest.raises(RuntimeError, match="planned"):
            kept.get(cpu(tiny_bert), None)
    assert kept.get(cpu(tiny_llama), None) is one
    assert names() == ["tiny_llama"]


def test_what_is_refused_pushes_nothing_out(tiny_bert: Path, memory: Memory, kept: Warm) -> None:
    one = kept.get(cpu(tiny_bert), None)
    memory.size = 0
    with pytest.raises(StrataError, match="There is no model called"):
        kept.get(ReadsModel(model="nothing-like-it", device="cpu"), None)
    assert kept.get(cpu(tiny_bert), None) is one


def test_two_who_ask_at_once_share_one_load(tiny_bert: Path, memory: Memory, kept: Warm) -> None:
    """Case 16."""
    together, found = threading.Barrier(4), []

    def ask() -> None:
        together.wait()
        found.append(kept.get(cpu(tiny_bert), None))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({id(model) for model in found}) == 1
    assert memory.loads == 1


def test_a_study_gives_its_model_up_where_the_twin_needs_the_room(
    tiny_bert: Path, memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from small import code_folder, small_spec

    from probes import engine

    warm.forget()
    size = loading.load(str(tiny_bert), device="cpu").bytes
    memory.size, memory.peak = int(1.5 * size), 0
    spec = small_spec(tiny_bert, code_folder(tmp_path / "code"), control=False, device="cpu")
    assert engine.run(spec).headline().startswith("Syntax")
    assert memory.peak <= 1.1 * size
    warm.forget()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("cpu", "cpu", True),
        ("cpu", "cuda", False),
        ("cuda", "cuda:0", True),
        ("cuda:1", "cuda:0", False),
        ("all", "cuda:1", True),
        ("all", "cpu", False),
    ],
)
def test_devices_that_share_their_memory(one: str, other: str, same: bool) -> None:
    assert warm._same_memory(one, other) is warm._same_memory(other, one) is same
