"""The estimate counts parameters exactly, without weights, and says whether they fit."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.devices import Device
from probes.errors import StrataError
from probes.models import catalogue, estimate, load, memory
from probes.models.memory import Shape, Work, need, needs, remedies

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


# ---- by precision and by work ----------------------------------------------------------------------------------------

# 1,000 parameters, of which 800 in linear layers; everything below follows by hand
SMALL = Shape("bert", 1000, 800, 2, 10, 40, 5, 20, 100, "by hand")


@pytest.mark.parametrize(
    ("precision", "bits"),
    [
        ("float32", 1000 * 32),
        ("bfloat16", 1000 * 16),
        ("float16", 1000 * 16),
        ("8bit", 800 * 8 + 200 * 16),
        ("4bit", 800 * 4.5 + 200 * 16),
    ],
)
def test_weights_follow_from_the_bits(precision: str, bits: float) -> None:
    assert need(SMALL, Work(), precision).weights == int(bits) // 8


def test_activations_follow_from_the_work() -> None:
    one = need(SMALL, Work(tokens=10), "float32").activations
    assert one == int(10 * (40 + 6 * 10) * 4 * memory.SLACK)
    assert need(SMALL, Work(tokens=10, batch=3), "float32").activations == pytest.approx(3 * one, abs=2)
    assert need(SMALL, Work(tokens=10), "4bit").activations == pytest.approx(one / 2, abs=1)
    kept = need(SMALL, Work(tokens=10, layers=2), "float32").activations
    assert kept == int(10 * (2 * 10 + 40 + 6 * 10) * 4 * memory.SLACK)


def test_eager_attention_costs_the_square_of_a_text_and_no_more_for_a_batch_of_short_ones() -> None:
    def square(work: Work) -> int:
        return (
            need(SMALL, replace(work, attention="eager"), "float32").activations
            - need(SMALL, work, "float32").activations
        )

    assert square(Work(tokens=64)) == 2 * 5 * 64**2 * 4
    assert square(Work(tokens=128)) == 4 * square(Work(tokens=64))
    assert square(Work(tokens=32, batch=2)) == square(Work(tokens=64)) / 2


def test_the_table_has_every_precision() -> None:
    table = needs(SMALL, Work())
    assert table["precision"].tolist() == list(memory.BITS)
    assert (table["needed"] == table["weights"] + table["activations"]).all()
    assert table["gib"].tolist() == (table["needed"] / 2**30).tolist()


def test_quantised_sizes_are_those_of_a_real_quantisation() -> None:
    # Dettmers et al. (2023), table 6: LLaMA-7B in NF4 takes 5 GB at most beside what training adds; 8 bits about 7
    llama = Shape("llama", 6_607_343_616, 6_476_005_376, 32, 4096, 11008, 32, 32000, 2048, "")
    assert need(llama, Work(tokens=1), "4bit").weights / 1e9 == pytest.approx(3.9, abs=0.1)
    assert need(llama, Work(tokens=1), "8bit").weights / 1e9 == pytest.approx(6.7, abs=0.1)


# ---- what to do when it does not fit ---------------------------------------------------------------------------------

BIG = Shape("llama", 1 << 30, (1 << 30) - (1 << 20), 32, 1024, 4096, 16, 1024, 2048, "by hand")
WORK = Work(tokens=512, batch=64)


def place(name: str, gib: float) -> Device:
    return Device(name, name, int(gib * 2**30), 1 << 40)


def test_a_smaller_type_is_offered_when_it_fits() -> None:
    said = remedies(BIG, WORK, "float32", place("cpu", 3.9), ())
    assert said[0].startswith("Load it in bfloat16: 2.")
    assert not any("Quantise" in way for way in said)  # no GPU


def test_bits_are_offered_on_a_gpu_only() -> None:
    said = remedies(BIG, WORK, "bfloat16", place("cuda:0", 1.9), ())
    assert [way for way in said if way.startswith("Quantise it to 8 bits")]
    assert [way for way in said if way.startswith("Quantise it to 4 bits")]
    assert all("bitsandbytes" in way for way in said if way.startswith("Quantise"))  # which is not installed here


def test_another_device_and_all_of_them_are_offered() -> None:
    cards = (place("cuda:1", 3), place("cpu", 100))
    said = remedies(BIG, Work(tokens=1), "float32", place("cuda:0", 3), cards)
    assert "Load it on cpu: 100.0 GiB are free there." in said
    assert any(way.startswith("Spread it over 2 GPUs, device 'all': 6.0 GiB") for way in said)


def test_fewer_layers_and_fewer_texts_are_offered() -> None:
    kept = replace(WORK, layers=30)
    free = need(BIG, replace(kept, layers=0), "float32").needed / 2**30 + 0.1
    assert any(way.startswith("Keep no layer whole") for way in remedies(BIG, kept, "float32", place("cpu", free), ()))
    free = need(BIG, replace(WORK, batch=16), "float32").needed / 2**30 + 0.001
    assert any(
        way.startswith("Read 16 texts at a time") for way in remedies(BIG, WORK, "float32", place("cpu", free), ())
    )
    one = Work(tokens=4096)
    free = need(BIG, replace(one, tokens=1024), "float16").needed / 2**30 + 0.001
    said = remedies(BIG, one, "float16", place("cpu", free), ())
    assert any(way.startswith("Read texts of 1,024 tokens") for way in said)


def test_when_nothing_fits_the_least_is_said() -> None:
    said = remedies(BIG, WORK, "float32", place("cpu", 0.5), ())
    assert len(said) == 1
    assert said[0].startswith("Even in bfloat16, one text of 128 tokens at a time, 2.0 GiB: choose a smaller model")


@settings(max_examples=200, deadline=None)
@given(
    gib=st.floats(0.01, 40),
    precision=st.sampled_from(list(memory.BITS)),
    batch=st.integers(1, 300),
    layers=st.integers(0, 33),
    kind=st.sampled_from(["cpu", "cuda:0"]),
)
def test_no_remedy_promises_what_is_not_free(gib: float, precision: str, batch: int, layers: int, kind: str) -> None:
    here = place(kind, gib)
    work = Work(512, batch, layers)
    if need(BIG, work, precision).needed <= here.free:
        return
    for way in remedies(BIG, work, precision, here, ()):
        if way.startswith("Even"):
            continue
        value, unit = re.findall(r"([\d.]+) (GiB|MiB)", way)[-1]
        said = float(value) * (2**30 if unit == "GiB" else 2**20)
        assert said <= here.free * 1.06 + 2**20, way  # rounded to one decimal
