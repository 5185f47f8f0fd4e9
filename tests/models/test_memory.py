"""The estimate counts parameters exactly, without weights, and says whether they fit."""

import json
from pathlib import Path

import pytest
import torch

from probes.errors import StrataError
from probes.models import catalogue, estimate, load, memory

TINY = ["tiny_bert", "tiny_gpt2", "tiny_llama", "tiny_t5"]


@pytest.mark.parametrize("name", TINY)
def test_parameters_are_counted_from_the_configuration(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder: Path = request.getfixturevalue(name)
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())  # no weights beside it
    model = load(str(folder), device="cpu")
    found = estimate(str(tmp_path), device="cpu")
    assert found.parameters == model.parameters
    assert found.weights == 4 * model.parameters
    assert estimate(json.loads((folder / "config.json").read_text()), device="cpu").parameters == model.parameters
    assert estimate(str(tmp_path), device="cpu", dtype="bfloat16").weights == 2 * model.parameters


def test_a_published_size() -> None:
    # GPT-2 small has 124,439,808 parameters, its position table included (Radford et al. 2019)
    assert estimate({"model_type": "gpt2"}, device="cpu").parameters == 124_439_808


def test_tokens_and_kept_layers_cost_memory(tiny_bert: Path) -> None:
    base = estimate(str(tiny_bert), device="cpu", tokens=1000)
    assert estimate(str(tiny_bert), device="cpu", tokens=2000).activations == pytest.approx(2 * base.activations, abs=1)
    kept = estimate(str(tiny_bert), device="cpu", tokens=1000, layers=3)
    assert kept.activations - base.activations == pytest.approx(1000 * 3 * 16 * 4 * memory.SLACK, abs=1)


def test_a_model_that_is_not_here_is_judged_by_the_catalogue() -> None:
    assert estimate("smollm2", device="cpu").parameters == catalogue.entry("smollm2").parameters


def test_the_verdict_has_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda _device: 1 << 30)
    fits = estimate("minilm", device="cpu")
    assert fits.fits
    assert str(fits).startswith("Fits: 23 M parameters in float32 need about ")
    assert "of 1.0 GiB free on cpu" in str(fits)
    large = estimate({"model_type": "llama"}, device="cpu")  # Llama-7B
    assert not large.fits
    assert str(large).startswith("Does not fit: 6,607 M parameters in float32 need about 25.")
    assert "Choose bfloat16" in str(large)


def test_free_memory_is_of_this_machine() -> None:
    assert 1 << 20 < memory.free_memory("cpu") < 1 << 50


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no accelerator on this machine")
def test_free_memory_of_an_accelerator() -> None:
    assert memory.free_memory("cuda") > 0


@pytest.mark.parametrize("config", [{}, {"model_type": "bert", "auto_map": {"AutoModel": "x.Y"}}])
def test_a_configuration_that_is_none(config: dict[str, object]) -> None:
    with pytest.raises(StrataError, match="not the configuration of a model built into transformers"):
        estimate(config)
