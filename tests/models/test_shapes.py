"""A model is counted on its architecture, and nothing but a config.json is read or fetched for it."""

from pathlib import Path
from typing import Any

import pytest

from probes.errors import StrataError
from probes.models import catalogue, presets, shapes

ROBERTA: dict[str, Any] = {"model_type": "roberta", "vocab_size": 50265, "max_position_embeddings": 514}
ROBERTA |= {"type_vocab_size": 1, "pad_token_id": 1}
XLM = {**ROBERTA, "model_type": "xlm-roberta", "vocab_size": 250002}
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
T5: dict[str, Any] = {"model_type": "t5", "vocab_size": 32100, "d_kv": 64}
T5_BASE = {**T5, "d_model": 768, "d_ff": 3072, "num_heads": 12, "num_layers": 12}


def decoder(kind: str, *sizes: int, **more: int) -> dict[str, Any]:
    names = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    return {"model_type": kind, **dict(zip(names, sizes, strict=True)), **more}


def grouped(kind: str, *sizes: int, groups: int, **more: int) -> dict[str, Any]:
    return decoder(kind, *sizes, num_key_value_heads=groups, **more)


CONFIGS: dict[str, dict[str, Any]] = {
    # what decides the size in the config.json that each model was published with
    "microsoft/codebert-base": ROBERTA,
    "microsoft/codebert-base-mlm": ROBERTA,
    "microsoft/graphcodebert-base": ROBERTA,
    "microsoft/unixcoder-base": {
        **ROBERTA,
        "vocab_size": 51416,
        "max_position_embeddings": 1026,
        "type_vocab_size": 10,
    },
    "huggingface/CodeBERTa-small-v1": {**ROBERTA, "vocab_size": 52000, "num_hidden_layers": 6},
    "Salesforce/codet5-small": {**T5, "d_model": 512, "d_ff": 2048, "num_heads": 8, "num_layers": 6},
    "Salesforce/codet5-base": T5_BASE,
    "Salesforce/codet5p-220m": T5_BASE,
    "FacebookAI/roberta-base": ROBERTA,
    "Qwen/Qwen2.5-Coder-0.5B": grouped("qwen2", 151936, 896, 4864, 24, 14, groups=2),
    "Qwen/Qwen2.5-Coder-1.5B": grouped("qwen2", 151936, 1536, 8960, 28, 12, groups=2),
    "bigcode/starcoder2-3b": grouped(
        "starcoder2", 49152, 3072, 12288, 30, 24, groups=2, bos_token_id=0, eos_token_id=0
    ),
    "FacebookAI/xlm-roberta-base": XLM,
    "FacebookAI/xlm-roberta-large": {**XLM, **LARGE},
    "google-bert/bert-base-multilingual-cased": {"model_type": "bert", "vocab_size": 119547},
    "openai-community/gpt2": {"model_type": "gpt2"},
    "EleutherAI/pythia-70m-deduped": decoder("gpt_neox", 50304, 512, 2048, 6, 8),
    "EleutherAI/pythia-160m-deduped": decoder("gpt_neox", 50304, 768, 3072, 12, 12),
    "EleutherAI/pythia-410m-deduped": decoder("gpt_neox", 50304, 1024, 4096, 24, 16),
    "allenai/OLMo-1B-hf": decoder("olmo", 50304, 2048, 8192, 16, 16),
    "allenai/OLMo-1.7-7B-hf": decoder("olmo", 50304, 4096, 11008, 32, 32),
    "mistralai/Mistral-7B-v0.3": grouped("mistral", 32768, 4096, 14336, 32, 32, groups=8),
    "meta-llama/Llama-3.2-1B": grouped("llama", 128256, 2048, 8192, 16, 32, groups=8, head_dim=64),
    "meta-llama/Llama-3.1-8B": grouped("llama", 128256, 4096, 14336, 32, 32, groups=8),
    "google/gemma-2-2b": grouped("gemma2", 256000, 2304, 9216, 26, 8, groups=4, head_dim=256),
    "google/gemma-2-9b": grouped("gemma2", 256000, 3584, 14336, 42, 16, groups=8, head_dim=256),
}
UNTIED = {
    # published totals (the model cards), which count an output layer that Strata does not load
    "EleutherAI/pythia-70m-deduped": 70_426_624,
    "EleutherAI/pythia-160m-deduped": 162_322_944,
    "EleutherAI/pythia-410m-deduped": 405_334_016,
    "meta-llama/Llama-3.1-8B": 8_030_261_248,
    "mistralai/Mistral-7B-v0.3": 7_248_023_552,
}
TIED = {
    "google/gemma-2-2b": 2_614_341_888,
    "meta-llama/Llama-3.2-1B": 1_235_814_400,
    "openai-community/gpt2": 124_439_808,
}


@pytest.mark.parametrize("hub", presets.presets())
def test_the_numbers_written_down_are_those_of_the_architecture(hub: str) -> None:
    preset, found = presets.presets()[hub], shapes.counted(CONFIGS[hub])
    assert (preset.parameters, preset.layers, preset.width) == (found.parameters, found.layers, found.width)
    assert (preset.family, preset.vocabulary) == (found.family, found.vocabulary)
    assert 0 < found.linear < found.parameters


@pytest.mark.parametrize("hub", UNTIED)
def test_published_totals_with_their_output_layer(hub: str) -> None:
    found = shapes.counted(CONFIGS[hub])
    assert found.parameters + found.vocabulary * found.width == UNTIED[hub]


@pytest.mark.parametrize("hub", TIED)
def test_published_totals_of_models_that_share_it(hub: str) -> None:
    assert shapes.counted(CONFIGS[hub]).parameters == TIED[hub]


def test_linear_layers_are_counted_also_where_they_are_convolutions(tiny_gpt2: Path, tiny_bert: Path) -> None:
    # 2 blocks of width 16: queries, keys, values and output 4 × 16², the inner layers 2 × 16 × (4 × 16 or 32)
    assert shapes.shape_of(str(tiny_gpt2)).linear == 2 * (4 * 16**2 + 2 * 16 * 64)
    assert shapes.shape_of(str(tiny_bert)).linear == 2 * (4 * 16**2 + 2 * 16 * 32)


@pytest.mark.parametrize(("name", "context"), [("tiny_bert", 512), ("tiny_gpt2", 512), ("tiny_t5", 1 << 20)])
def test_the_context_is_known_before_loading(name: str, context: int, request: pytest.FixtureRequest) -> None:
    assert shapes.shape_of(str(request.getfixturevalue(name))).context == context


def test_a_preset_that_is_not_here_needs_no_hub() -> None:
    found = shapes.shape_of("meta-llama/Llama-3.1-8B")
    assert (found.parameters, found.counted) == (7_504_924_672, shapes.PUBLISHED)
    exact = shapes.counted(CONFIGS["meta-llama/Llama-3.1-8B"])
    assert found.linear == pytest.approx(exact.linear, rel=0.01)


def test_a_catalogue_model_that_is_not_here_is_not_fetched() -> None:
    found = shapes.shape_of("smollm2")
    assert (found.parameters, found.counted) == (catalogue.entry("smollm2").parameters, shapes.PUBLISHED)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"model_type": "no-such"},
        {"model_type": "bert", "auto_map": {"AutoModel": "x.Y"}},
        {"model_type": "bert", "hidden_size": "wide"},
    ],
)
def test_a_configuration_that_is_none_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(StrataError) as refused:
        shapes.counted(values)
    assert refused.value.code == "E-LOAD-CONFIG"
