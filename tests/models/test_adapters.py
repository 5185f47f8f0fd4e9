"""An adapter adds what PEFT says it adds, leaves the base as it was, and is refused when it would do anything else."""

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from lora import lora, peft_model

from probes.errors import StrataError
from probes.models import check, hidden_states, load


@pytest.fixture(scope="module")
def made(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lora(tiny_llama, tmp_path_factory.mktemp("adapters") / "lora")


@pytest.fixture
def adapter(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "adapter"))


def by_peft(base: Path, adapter: Path, ids: torch.Tensor, kind: str) -> Any:
    """What PEFT's own loader computes, with the head the adapter was trained under."""
    import peft
    import transformers

    net = getattr(transformers, kind).from_pretrained(base, attn_implementation="sdpa")
    whole = peft_model(peft.PeftModel.from_pretrained, net, adapter).eval()
    with torch.no_grad():
        return whole(input_ids=ids, output_hidden_states=True).hidden_states


def test_the_states_are_those_of_peft(tiny_llama: Path, adapter: Path) -> None:
    model, plain = load(str(tiny_llama), device="cpu", adapter=str(adapter)), load(str(tiny_llama), device="cpu")
    encoded = model.encode(["return value + value"])
    found, base = hidden_states(model, encoded), hidden_states(plain, encoded)
    said = by_peft(tiny_llama, adapter, encoded.ids, "AutoModelForCausalLM")
    for i, layer in enumerate(("0", "1", "2 + norm")):
        assert torch.allclose(found[layer], said[i], atol=1e-5)
    assert torch.equal(found["0"], base["0"])
    assert (found["1"] - base["1"]).abs().max() > 0.01
    assert model.check.passed
    assert not any(p.requires_grad for p in model.net.parameters())


KINDS = {
    "LoraConfig": {"use_dora": True},
    "LoHaConfig": {"lora_dropout": None},
    "LoKrConfig": {"lora_dropout": None},
    "IA3Config": {"r": None, "lora_dropout": None, "feedforward_modules": []},
}


@pytest.mark.parametrize("config", KINDS)
def test_other_kinds_of_adapters(config: str, tiny_llama: Path, tmp_path: Path) -> None:
    import peft
    import transformers

    options = {"r": 2, "target_modules": ["q_proj", "v_proj"], "lora_dropout": 0.0, **KINDS[config]}
    net = transformers.AutoModelForCausalLM.from_pretrained(tiny_llama)
    made = getattr(peft, config)(**{k: v for k, v in options.items() if v is not None})
    model = peft_model(peft.get_peft_model, net, made)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        for name, weights in model.named_parameters():
            if weights.requires_grad and "magnitude" not in name:
                weights.data = 0.3 * torch.randn_like(weights)
    model.save_pretrained(tmp_path / "adapter")
    ours = load(str(tiny_llama), device="cpu", adapter=str(tmp_path / "adapter"))
    encoded = ours.encode(["return value + value"])
    said = by_peft(tiny_llama, tmp_path / "adapter", encoded.ids, "AutoModelForCausalLM")
    found = hidden_states(ours, encoded)
    assert torch.allclose(found["1"], said[1], atol=1e-5)
    assert not torch.allclose(found["1"], hidden_states(load(str(tiny_llama), device="cpu"), encoded)["1"], atol=1e-3)


def test_an_encoder_and_a_saved_head(tiny_bert: Path, tmp_path: Path) -> None:
    """The classifier an adapter was trained under is no part of what is read; it is counted and left."""
    folder = lora(
        tiny_bert,
        tmp_path / "adapter",
        kind="AutoModelForSequenceClassification",
        target_modules=["query", "dense"],
        modules_to_save=["classifier"],
        task_type="SEQ_CLS",
    )
    model = load(str(tiny_bert), device="cpu", adapter=str(folder))
    encoded = model.encode(["return value"])
    said = by_peft(tiny_bert, folder, encoded.ids, "AutoModelForSequenceClassification")
    assert torch.allclose(hidden_states(model, encoded)["2"], said[2], atol=1e-5)
    assert "of its weights belong to parts that are not read" in model.notes[0]


def test_the_base_is_untouched_bit_for_bit(tiny_llama: Path, adapter: Path) -> None:
    from safetensors.torch import load_file

    model = load(str(tiny_llama), device="cpu", adapter=str(adapter))
    saved = load_file(tiny_llama / "model.safetensors")
    layer = model.net.layers[0].self_attn.q_proj
    assert torch.equal(layer.base_layer.weight, saved["model.layers.0.self_attn.q_proj.weight"])
    assert not model.net.training
    assert f"With the adapter {adapter} (files:" in model.notes[0]
    assert "not merged: the base's weights are untouched" in model.notes[0]
    assert check.check(model).passed


def test_the_random_twin_is_of_the_architecture_alone(tiny_llama: Path, adapter: Path) -> None:
    twin = load(str(tiny_llama), device="cpu", adapter=str(adapter), random_init=0)
    assert twin.identity == load(str(tiny_llama), device="cpu", random_init=0).identity
    assert twin.notes == (f"The random twin is of the architecture alone, without the adapter {adapter}.",)


def test_small_types(tiny_llama: Path, adapter: Path) -> None:
    model = load(str(tiny_llama), device="cpu", adapter=str(adapter), dtype="bfloat16")
    assert {p.dtype for p in model.net.parameters()} == {torch.bfloat16}
    assert model.check.passed


def refused(base: Path, adapter: Path | str, code: str, match: str) -> None:
    with pytest.raises(StrataError, match=match) as caught:
        load(str(base), device="cpu", adapter=str(adapter))
    assert caught.value.code == code


def change(adapter: Path, **values: Any) -> None:
    file = adapter / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"peft_type": "PREFIX_TUNING"}, "of the kind 'PREFIX_TUNING'; LORA, LOHA"),
        ({"peft_type": None}, "of the kind 'None'"),
        ({"init_lora_weights": "pissa"}, r"rewrites the base \('pissa'\)"),
        ({"megatron_config": {"a": 1}, "megatron_core": "os"}, "other classes"),
        ({"layer_replication": [[0, 1]]}, "other classes or layers"),
        ({"r": 3}, "cannot be put on this model"),
        ({"r": "many"}, "cannot be put on this model"),
    ],
)
def test_what_an_adapter_may_not_say(values: dict[str, Any], match: str, tiny_llama: Path, adapter: Path) -> None:
    change(adapter, **values)
    refused(tiny_llama, adapter, "E-ADAPTER", match)


def test_an_adapter_of_another_model(tiny_gpt2: Path, adapter: Path) -> None:
    refused(tiny_gpt2, adapter, "E-ADAPTER", "None of its 8 weights belongs to a module of this model")


def test_an_adapter_that_replaces_weights(tiny_llama: Path, adapter: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(adapter / "adapter_model.safetensors")
    weights["base_model.model.model.embed_tokens.weight"] = torch.zeros(4, 16)
    save_file(weights, adapter / "adapter_model.safetensors")
    refused(tiny_llama, adapter, "E-ADAPTER", r"replaces whole weights of the base \('embed_tokens\.weight'\)")


def test_a_half_of_an_adapter(tiny_llama: Path, adapter: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(adapter / "adapter_model.safetensors")
    del weights[next(name for name in weights if "lora_B" in name)]
    save_file(weights, adapter / "adapter_model.safetensors")
    refused(tiny_llama, adapter, "E-ADAPTER", "1 of its weights found no place")


def test_a_pickle_is_never_opened(tiny_llama: Path, adapter: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Canary:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (canary,)

    (adapter / "adapter_model.safetensors").unlink()
    (adapter / "adapter_model.bin").write_bytes(pickle.dumps(Canary()))
    refused(tiny_llama, adapter, "E-LOAD-PICKLE", r"adapter_model\.bin")
    assert not canary.exists()


def test_what_is_no_adapter(tiny_llama: Path, tiny_bert: Path, adapter: Path) -> None:
    refused(tiny_llama, tiny_bert, "E-ADAPTER", r"has no adapter_config\.json")
    refused(tiny_llama, "nowhere", "E-ADAPTER", "neither a folder of this machine nor a hub id")
    refused(tiny_llama, "owner/adapter", "E-HUB-OFFLINE", r"adapter_model\.safetensors")
    (adapter / "adapter_model.safetensors").write_bytes(b"")
    refused(tiny_llama, adapter, "E-LOAD-DAMAGED", "not a whole safetensors file")


def test_an_adapter_in_place_of_a_model(tiny_llama: Path, adapter: Path) -> None:
    """transformers would follow it to whatever model it names, on the hub if need be."""
    with pytest.raises(StrataError, match="this folder as the adapter") as caught:
        load(str(adapter))
    assert caught.value.code == "E-ADAPTER"
    shutil.copytree(tiny_llama, adapter, dirs_exist_ok=True)
    with pytest.raises(StrataError, match="holds one beside a model"):
        load(str(adapter))
