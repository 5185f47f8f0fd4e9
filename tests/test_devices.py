"""Counting GPUs without starting CUDA, and what each worker process is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from probes import devices

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("", []),
        ("0", ["0"]),
        ("2, 0", ["2", "0"]),
        ("GPU-ab,GPU-cd", ["GPU-ab", "GPU-cd"]),
        ("1,-1,0", ["1"]),
        ("-1", []),
    ],
)
def test_what_the_environment_allows_is_what_there_is(
    given: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert devices.gpus() == names


def test_each_worker_gets_one_gpu_and_without_any_there_is_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    order = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}  # as the driver counts them; CUDA's own order puts the fastest first
    assert devices.environments() == [{"CUDA_VISIBLE_DEVICES": name, **order} for name in ("3", "1")]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert devices.environments() == [{}]


def test_counting_imports_no_torch() -> None:
    code = "import sys; from probes import devices; devices.gpus(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.gpu
def test_the_drivers_count_is_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert len(devices.gpus()) == torch.cuda.device_count()
