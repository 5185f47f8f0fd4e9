"""One door: names, types, devices, seeds, and what a loaded model says about itself."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from probes.errors import StrataError
from probes.models import hidden_states, load
from probes.models.pin import state_of

TINY = ["tiny_bert", "tiny_gpt2", "tiny_llama", "tiny_t5"]


@pytest.fixture(params=TINY)
def folder(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def test_a_model_says_what_it_is(tiny_llama: Path) -> None:
    model = load(str(tiny_llama), device="cpu")
    assert (model.name, model.revision, model.family) == (str(tiny_llama), state_of(tiny_llama), "llama")
    assert (model.depth, model.width, model.context) == (2, 16, 512)
    assert model.layers == ("0", "1", "2", "2 + norm")
    assert (model.dtype, model.device, model.notes) == ("float32", "cpu", ())
    assert len(model.weights) == 64
    assert not model.net.training
    assert not any(p.requires_grad for p in model.net.parameters())


def test_an_encoder_decoder_is_its_encoder(tiny_t5: Path) -> None:
    model = load(str(tiny_t5), device="cpu")
    assert type(model.net).__name__ == "T5EncoderModel"
    assert not any("decoder" in name for name, _ in model.net.named_parameters())


def test_a_bigger_checkpoint_lends_its_base(tiny_gpt2: Path) -> None:
    from safetensors.numpy import load_file

    model = load(str(tiny_gpt2), device="cpu")
    saved = load_file(tiny_gpt2 / "model.safetensors")
    assert torch.equal(model.net.h[0].ln_1.weight, torch.from_numpy(saved["transformer.h.0.ln_1.weight"]))


def test_a_missing_weight_is_not_made_up(tiny_bert: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = Path(shutil.copytree(tiny_bert, tmp_path / "less"))
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(StrataError, match=r"lacks 1 weights .*encoder\.layer\.1\.output\.dense\.weight") as caught:
        load(str(folder))
    assert caught.value.code == "E-LOAD-MISSING"


def test_weights_of_another_shape(tiny_bert: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_bert, tmp_path / "other"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 48}))
    with pytest.raises(StrataError, match="do not fit its configuration") as caught:
        load(str(folder))
    assert caught.value.code == "E-LOAD-WEIGHTS"


def test_a_seed_decides_the_random_weights(folder: str) -> None:
    before = torch.random.get_rng_state()
    one, same, other = (load(folder, device="cpu", random_init=seed) for seed in (1, 1, 2))
    trained = load(folder, device="cpu")
    assert torch.equal(torch.random.get_rng_state(), before)
    states = [hidden_states(m, m.encode(["return value"]))["2"] for m in (one, same, other, trained)]
    assert torch.equal(states[0], states[1])
    assert not torch.allclose(states[0], states[2])
    assert not torch.allclose(states[0], states[3])
    assert one.weights == "random init, seed 1"
    assert one.identity == same.identity
    assert len({one.identity, other.identity, trained.identity}) == 3
    assert one.layers == trained.layers
    assert one.encode(["return value"]).ids.tolist() == trained.encode(["return value"]).ids.tolist()


def test_a_random_model_never_opens_the_checkpoint(tiny_bert: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_bert, tmp_path / "random"))
    (folder / "model.safetensors").write_bytes(b"not a checkpoint")
    assert load(str(folder), random_init=0).check.passed


def test_shapes_alone_live_on_the_meta_device(folder: str) -> None:
    model = load(folder, random_init=0, device="meta")
    assert all(p.is_meta for p in model.net.parameters())
    encoded = model.encode(["return value", "x"])
    assert encoded.ids.is_meta
    states = hidden_states(model, encoded)  # fails when any tensor on the way was left on another device
    assert tuple(states) == model.layers
    assert all(s.is_meta and s.shape == (2, encoded.ids.shape[1], 16) for s in states.values())
    assert model.check.passed


def test_meta_needs_a_seed(tiny_bert: Path) -> None:
    with pytest.raises(StrataError, match="Give random_init=0") as caught:
        load(str(tiny_bert), device="meta")
    assert caught.value.code == "E-DEVICE"


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "cpu:x", "", "tpu"])
def test_devices_that_are_not_there(device: str, tiny_bert: Path) -> None:
    with pytest.raises(StrataError, match="Choose auto, .*cpu") as caught:
        load(str(tiny_bert), device=device)
    assert caught.value.code == "E-DEVICE"


@pytest.mark.parametrize("dtype", ["fp32", "int8", ""])
def test_types_that_are_not_offered(dtype: str, tiny_bert: Path) -> None:
    with pytest.raises(StrataError, match="Choose float32, bfloat16, float16") as caught:
        load(str(tiny_bert), dtype=dtype)
    assert caught.value.code == "E-DTYPE"


def test_types_are_what_was_asked(tiny_llama: Path) -> None:
    model = load(str(tiny_llama), dtype="bfloat16")
    assert {p.dtype for p in model.net.parameters()} == {torch.bfloat16}
    assert model.identity != load(str(tiny_llama)).identity


def test_no_tokenizer(tiny_bert: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_bert, tmp_path / "mute"))
    (folder / "tokenizer.json").unlink()
    with pytest.raises(StrataError, match="has no tokenizer") as caught:
        load(str(folder))
    assert caught.value.code == "E-TOKENIZER-MISSING"


@pytest.mark.parametrize("text", ["{}", "", "{", '{"model": {"type": "BPE"}}', "[]"])
def test_a_broken_tokenizer(text: str, tiny_bert: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_bert, tmp_path / "broken"))
    (folder / "tokenizer.json").write_text(text)
    with pytest.raises(StrataError, match="tokenizer cannot be loaded") as caught:
        load(str(folder))
    assert caught.value.code == "E-TOKENIZER-MISSING"


def test_a_slow_tokenizer(tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import BertTokenizer

    monkeypatch.setattr(BertTokenizer, "is_fast", False, raising=False)
    monkeypatch.setattr("transformers.TokenizersBackend.is_fast", False, raising=False)
    with pytest.raises(StrataError, match="only a slow tokenizer .* no character offsets") as caught:
        load(str(tiny_bert))
    assert caught.value.code == "E-TOKENIZER-SLOW"


def test_the_tokenizer_is_part_of_the_identity(tiny_bert: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_bert, tmp_path / "other"))
    text = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(text.replace('"lowercase": false', '"lowercase": true'))
    one, other = load(str(tiny_bert)), load(str(folder))
    assert one.weights == other.weights
    assert one.identity != other.identity


def test_a_copy_has_the_same_identity(tiny_bert: Path, tmp_path: Path) -> None:
    assert load(str(shutil.copytree(tiny_bert, tmp_path / "copy"))).identity == load(str(tiny_bert)).identity
