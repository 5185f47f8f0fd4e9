"""Devices are asked of the driver's library, by CUDA's own rules of what is visible, and never by opening a card."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from probes import devices as room
from probes.devices import devices, environments

GIB = 1 << 30


class Refused(Exception):
    pass


class Driver:
    """Two cards, as NVIDIA's library tells of them."""

    NVMLError = Refused
    names = ("GPU-aaaa-1", "GPU-bbbb-2")

    def __init__(self, *, broken: str = "") -> None:
        self.broken, self.open = broken, 0

    def nvmlInit(self) -> None:
        if self.broken == "init":
            raise Refused
        self.open += 1

    def nvmlShutdown(self) -> None:
        self.open -= 1

    def nvmlDeviceGetCount(self) -> int:
        return len(self.names)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetUUID(self, handle: int) -> str:
        return self.names[handle]

    def nvmlDeviceGetName(self, handle: int) -> str:
        return f"Card {handle}"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        if self.broken == "memory":
            raise Refused
        return SimpleNamespace(free=(handle + 1) * GIB, total=80 * GIB)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    fake = Driver()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return fake


def test_every_card_is_told_with_its_free_memory(driver: Driver) -> None:
    first, second, cpu = devices()
    assert (first.name, first.title, first.free, first.total) == ("cuda:0", "Card 0", GIB, 80 * GIB)
    assert (second.name, second.free) == ("cuda:1", 2 * GIB)
    assert cpu.name == "cpu"
    assert driver.open == 0


@pytest.mark.parametrize(
    ("visible", "titles"),
    [
        ("1", ["Card 1"]),
        ("1,0", ["Card 1", "Card 0"]),
        ("GPU-bbbb", ["Card 1"]),
        ("", []),
        ("-1", []),
        ("0,7,1", ["Card 0"]),  # CUDA reads the list up to the first name that is no device
        ("GPU-", []),  # the beginning of both names is the name of neither
    ],
)
def test_only_visible_cards_count_in_their_order(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, visible: str, titles: list[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = devices()
    assert [d.title for d in found[:-1]] == titles
    assert [d.name for d in found] == [*(f"cuda:{i}" for i in range(len(titles))), "cpu"]


@pytest.mark.parametrize("broken", ["init", "memory"])
def test_a_driver_that_does_not_answer_is_no_card(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    fake = Driver(broken=broken)
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [d.name for d in devices()] == ["cpu"]
    assert fake.open == 0


def test_the_processor_has_what_the_system_says() -> None:
    cpu = devices()[-1]
    assert cpu.total == psutil.virtual_memory().total
    assert 0 < cpu.free <= cpu.total


def test_apples_gpu_shares_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(room.platform, "machine", lambda: "arm64")
    gpu, cpu = devices()
    assert (gpu.name, cpu.name) == ("mps", "cpu")
    assert gpu.free == cpu.free


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("", []),
        ("0", ["0"]),
        ("2, 0", ["2", "0"]),
        ("GPU-ab,MIG-cd", ["GPU-ab", "MIG-cd"]),
        ("1,-1,0", ["1"]),
        ("-1", []),
        (None, ["0", "1"]),
    ],
)
def test_each_worker_gets_one_gpu_and_without_any_there_is_one_worker(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, given: str | None, names: list[str]
) -> None:
    if given is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    order = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}  # as the driver counts them; CUDA's own order puts the fastest first
    assert environments() == ([{"CUDA_VISIBLE_DEVICES": name, **order} for name in names] or [{}])
    assert driver.open == 0


def test_asking_imports_no_torch() -> None:
    code = "import sys; from probes.devices import *; devices(); environments(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.gpu
def test_the_drivers_count_is_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert len(environments()) == torch.cuda.device_count()
