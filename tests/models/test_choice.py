"""Case 15: change any field of a choice and it is another model, with other states and another place in memory."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from lora import lora

from probes.errors import StrataError
from probes.models import Model, hidden_states, load, loading, placing, warm
from probes.models.choice import ReadsModel
from probes.syntax import SyntaxSpec


@pytest.fixture
def adapter(tiny_llama: Path, tmp_path: Path) -> Path:
    return lora(tiny_llama, tmp_path / "adapter")


@pytest.fixture
def changes(tiny_llama: Path, tiny_gpt2: Path, adapter: Path, tmp_path: Path) -> dict[str, dict[str, Any]]:
    other = Path(shutil.copytree(tiny_llama, tmp_path / "other"))
    from safetensors.torch import load_file, save_file

    weights = load_file(other / "model.safetensors")
    save_file({n: t * 1.01 for n, t in weights.items()}, other / "model.safetensors", metadata={"format": "pt"})
    return {
        "model": {"model": str(tiny_gpt2)},
        "weights": {"model": str(other)},
        "dtype": {"dtype": "bfloat16"},
        "attention": {"attention": "eager"},
        "adapter": {"adapter": str(adapter)},
    }


@pytest.mark.parametrize("change", ["model", "weights", "dtype", "attention", "adapter"])
def test_another_choice_is_another_model(change: str, tiny_llama: Path, changes: dict[str, Any]) -> None:
    plain = ReadsModel(model=str(tiny_llama), device="cpu", attention="sdpa")
    other = plain.model_copy(update=changes[change])
    warm.forget()
    one, two = warm.loaded(plain), warm.loaded(other)
    assert one is not two
    assert one.identity != two.identity
    assert warm.loaded(plain) is one  # both are kept, each under its own name
    assert warm.loaded(other) is two
    assert load(**other.model_dump()).identity == two.identity  # the door a notebook uses leads to the same


def test_the_device_is_part_of_the_choice(tiny_llama: Path) -> None:
    here, nowhere = (ReadsModel(model=str(tiny_llama), device=device) for device in ("cpu", "meta"))
    one, two = warm.loaded(here, random_init=0), warm.loaded(nowhere, random_init=0)
    assert one.identity != two.identity
    assert warm.loaded(ReadsModel(model=str(tiny_llama), device="cpu"), random_init=0) is one
    assert warm.loaded(here, random_init=1) is not one


@pytest.mark.parametrize("field", [*ReadsModel.model_fields])
def test_every_field_is_part_of_the_place_in_memory(
    field: str, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that cannot be had on this machine, and those that will be added."""
    registry, asked = warm.Warm(), []

    def remember(key: Any, choice: ReadsModel, _insert: object) -> None:
        asked.append(choice)
        registry.held[key] = warm._Held(object(), None)  # type: ignore[arg-type]

    monkeypatch.setattr(loading, "prepare", lambda choice, _random_init: choice)  # which would look for them
    monkeypatch.setattr(registry, "_load", remember)
    plain = ReadsModel(model=str(tiny_llama), device="cpu")
    values = {"dtype": "float16", "attention": "eager", "quantise": "8bit", "device": "meta"}
    other = plain.model_copy(update={field: values.get(field, "another")})
    first = registry.get(plain, None)
    assert registry.get(other, None) is not first
    assert registry.get(plain, None) is first
    assert len(asked) == 2
    # what else a Spec asks does not make it another model
    assert registry.get(SyntaxSpec(**plain.model_dump(), n_train=7), None) is first


def test_eager_and_fast_attention_agree_within_rounding(tiny_llama: Path) -> None:
    eager, fast = (load(str(tiny_llama), device="cpu", attention=kind) for kind in ("eager", "sdpa"))
    assert (eager.attention, fast.attention) == ("eager", "sdpa")
    text = ["return value + value"]
    one, two = (hidden_states(m, m.encode(text)) for m in (eager, fast))
    assert all(torch.allclose(one[layer], two[layer], atol=1e-5) for layer in eager.layers)
    assert load(str(tiny_llama), device="cpu").identity == fast.identity  # what auto means here


def test_attention_weights_are_shown_only_where_they_exist(tiny_llama: Path) -> None:
    """Case 22: never an empty answer drawn as zeros."""
    eager, fast = (load(str(tiny_llama), device="cpu", attention=kind) for kind in ("eager", "sdpa"))
    encoded = eager.encode(["return value + value"])
    with torch.no_grad():
        weights = eager.forward(encoded, output_attentions=True).attentions
    assert len(weights) == eager.depth
    assert all(torch.allclose(w.sum(-1), torch.ones(w.shape[:-1])) for w in weights)
    with pytest.raises(StrataError, match="Load it with attention='eager'") as caught:
        fast.forward(encoded, output_attentions=True)
    assert caught.value.code == "E-ATTENTION"


def test_attention_that_a_model_does_not_have(tiny_t5: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import GPT2Model

    monkeypatch.setattr(GPT2Model, "_supports_sdpa", False)
    for random_init in (None, 0):
        with pytest.raises(StrataError, match="no attention of the kind 'sdpa'.*Choose eager") as caught:
            load(str(tiny_gpt2), device="cpu", attention="sdpa", random_init=random_init)
        assert caught.value.code == "E-ATTENTION"
    assert load(str(tiny_gpt2), device="cpu").attention == "eager"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("attention", "flash", "Choose auto, eager, sdpa"),
        ("quantise", "2bit", "Choose none, 8bit, 4bit"),
        ("dtype", "int8", "Choose float32, bfloat16, float16"),
        ("adapter", 7, "valid string"),
    ],
)
def test_a_value_there_is_none_of(field: str, value: Any, said: str, tiny_bert: Path) -> None:
    with pytest.raises(StrataError, match=f"no {field} a model.*{said}") as caught:
        load(str(tiny_bert), **{field: value})
    assert caught.value.code == f"E-{field.upper()}"


def test_an_option_that_does_not_exist_is_a_programmers_mistake(tiny_bert: Path) -> None:
    with pytest.raises(TypeError, match=r"load\(\) takes no 'colour'; it takes model, revision, dtype"):
        load(str(tiny_bert), colour="red")  # type: ignore[call-arg]


# ---- fewer bits, more devices ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", ["8bit", "4bit"])
def test_few_bits_want_a_gpu_and_then_the_package(bits: str, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(StrataError, match=f"cannot be kept in {bits} here.*CUDA.*Choose bfloat16") as caught:
        load(str(tiny_bert), quantise=bits, device="cpu")
    assert caught.value.code == "E-QUANTISE"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(StrataError, match="bitsandbytes is not installed.*pip install"):
        load(str(tiny_bert), quantise=bits, device="cpu")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    with pytest.raises(StrataError, match="does not run on 'cpu'"):
        load(str(tiny_bert), quantise=bits, device="cpu")


def test_few_bits_are_asked_of_bitsandbytes_on_the_device_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    one, spread = placing.options("8bit", "cuda:1"), placing.options("8bit", "all")
    assert (one["device_map"], spread["device_map"]) == ({"": "cuda:1"}, "auto")
    assert one["quantization_config"].load_in_8bit is True
    assert one["quantization_config"].load_in_4bit is False
    assert placing.options("none", "cuda:1") == {}
    assert placing.options("none", "all") == {"device_map": "auto"}
    assert placing.notes(object(), "8bit") == ("Weights kept in 8bit (bitsandbytes): not the original numbers.",)


def test_all_is_the_cpu_where_there_is_no_gpu(tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    model = load(str(tiny_bert), device="all")
    assert (model.device, model.notes) == ("cpu", ())
    assert model.identity == load(str(tiny_bert), device="cpu").identity


SPREAD = {"embeddings": "cpu", "encoder.layer.0": "cpu", "encoder.layer.1": "disk"}


def test_a_model_that_is_spread_is_read_like_one_that_is_not(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No two GPUs here: a part is put on disk instead, from where accelerate's hooks bring it when it is its turn."""
    whole = load(str(tiny_bert), device="cpu")
    given = {"device_map": SPREAD, "offload_folder": str(tmp_path / "away")}
    monkeypatch.setattr(placing, "options", lambda *_: given)
    spread: Model = load(str(tiny_bert), device="cpu")
    assert spread.net.hf_device_map == SPREAD
    assert any(p.is_meta for p in spread.net.parameters())
    assert spread.check.passed
    assert spread.device == "cpu"
    assert (
        "Of 3 parts of the model the GPUs could not hold all: 2 in the machine's memory, 1 on disk" in spread.notes[0]
    )
    encoded = whole.encode(["return value", "x"])
    one, two = (hidden_states(m, encoded) for m in (whole, spread))
    assert all(torch.equal(one[layer], two[layer]) for layer in whole.layers)


def test_the_first_gpu_of_a_spread_model_takes_the_input() -> None:
    class Net:
        hf_device_map = {"a": "cpu", "b": 1, "c": 0, "d": "disk"}

    assert placing.place(Net(), "all") == placing.place(Net(), "all", placed=True) == "cuda:1"


def test_what_its_loader_has_placed_is_not_moved(tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """transformers keeps no map of a model that is whole on one GPU: moving it would bring it back to the CPU."""
    net = load(str(tiny_bert), device="meta", random_init=0).net
    monkeypatch.setattr(type(net), "to", lambda *_: pytest.fail("it was moved"))
    assert placing.place(net, "all", placed=True) == "meta"
    assert placing.place(net, "cuda:1", placed=True) == "meta"


def test_a_random_twin_is_spread_by_accelerate(tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import accelerate

    whole = load(str(tiny_bert), device="cpu", random_init=0)
    other = load(str(tiny_bert), device="cpu", random_init=0)
    asked = []

    def infer(net: Any, **options: Any) -> dict[str, str]:
        asked.append(options["no_split_module_classes"])
        return dict.fromkeys(SPREAD, "cpu")

    monkeypatch.setattr(accelerate, "infer_auto_device_map", infer)
    assert placing.place(other.net, "all") == "cpu"
    assert set(asked[0]) == set(other.net._no_split_modules)
    encoded = whole.encode(["return value"])
    assert torch.equal(hidden_states(whole, encoded)["2"], hidden_states(other, encoded)["2"])


def test_pinning_names_the_adapter_as_it_is_today(tiny_llama: Path, adapter: Path) -> None:
    spec = SyntaxSpec(model=str(tiny_llama), adapter=str(adapter)).pinned()
    assert spec.adapter_revision is not None
    assert spec.adapter_revision.startswith("files:")
    assert spec.pinned() == spec
    assert spec.unpinned().adapter_revision is None
    given = SyntaxSpec(model="owner/model", adapter="owner/adapter", adapter_revision="abc").pinned()
    assert (given.adapter_revision, given.unpinned().adapter_revision) == ("abc", "abc")
    config = adapter / "adapter_config.json"
    config.write_text(config.read_text() + " ")
    assert SyntaxSpec(model=str(tiny_llama), adapter=str(adapter)).pinned().digest != spec.digest
    with pytest.raises(StrataError, match="have changed since") as caught:
        loading.prepare(spec)
    assert caught.value.code == "E-MODEL-MOVED"
