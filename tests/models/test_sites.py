"""Every family is read where its own `output_hidden_states` says, and hooks never outlive the reading."""

from pathlib import Path
from typing import Any

import pytest
import torch

from probes.errors import StrataError
from probes.models import Model, hidden_states, load, loaded, parts, reading, sites
from probes.models.choice import ReadsModel

COMMON = "roberta distilbert albert modernbert gpt_neox qwen3 opt bloom bart switch_transformers"
QUICK = set(COMMON.split())
SIZES = {
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "dim", "embedding_size", "word_embed_proj_dim"), 16),
    **dict.fromkeys(("num_hidden_layers", "num_layers", "n_layer", "n_layers", "encoder_layers", "decoder_layers"), 3),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "num_key_value_heads"), 2),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads", "num_experts_per_tok"), 2),
    **dict.fromkeys(("head_dim", "d_kv", "moe_intermediate_size"), 8),
    **dict.fromkeys(("intermediate_size", "d_ff", "ffn_dim", "n_inner", "hidden_dim", "encoder_ffn_dim"), 32),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"), 64),
    **dict.fromkeys(("rotary_dim", "num_experts", "num_local_experts"), 4),
}
LATENT = {"n_routed_experts": 4, "n_group": 1, "topk_group": 1, "q_lora_rank": 8, "kv_lora_rank": 8, "v_head_dim": 8}
LATENT |= {"qk_rope_head_dim": 4, "qk_nope_head_dim": 4, "first_k_dense_replace": 1, "head_dim": None}
OWN: dict[str, dict[str, Any]] = {  # what a family needs besides small sizes
    "gpt_neo": {"attention_types": [[["global", "local"], 1], [["global"], 1]]},
    "codegen": {"num_attention_heads": 4, "hidden_size": 32},
    "big_bird": {"attention_type": "original_full"},
    "deepseek_v2": LATENT,
    "deepseek_v3": LATENT,
}


def tiny(family: str, like: Path, folder: Path) -> str:
    """Save a configuration of that family, three layers deep, with GPT-2's tiny tokenizer beside it."""
    from transformers import CONFIG_MAPPING, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(like)
    plain = CONFIG_MAPPING[family]()
    shadowed = {own for common, own in plain.attribute_map.items() if common in SIZES}
    known = (set(plain.to_dict()) | set(plain.attribute_map)) - shadowed
    values = {name: size for name, size in SIZES.items() if name in known} | OWN.get(family, {})
    ids = {"vocab_size": len(tokenizer), "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    CONFIG_MAPPING[family](**{k: v for k, v in values.items() if v is not None}, **ids).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def families() -> list[Any]:
    return [pytest.param(f, marks=() if f in QUICK else pytest.mark.slow) for f in sites.PATHS]


@pytest.mark.parametrize("family", families())
def test_every_family_passes_its_check_and_has_its_parts(family: str, tiny_gpt2: Path, tmp_path: Path) -> None:
    model = load(tiny(family, tiny_gpt2, tmp_path / family), random_init=0, device="cpu")
    assert model.check.passed
    assert model.sites.paths == sites.PATHS[family]
    norm = sites.PATHS[family][1]
    assert model.layers == ("0", "1", "2", "3", *(["3 + norm"] if norm else []))
    assert model.labels("mlp") == ("1 mlp", "2 mlp", "3 mlp")
    assert model.parts.paths == parts.INSIDE[family]


@pytest.mark.parametrize("family", ["bert", "gpt2", "llama", "t5", "opt", "distilbert", "modernbert"])
def test_a_family_that_is_not_in_the_table_is_found_by_shape(
    family: str, tiny_gpt2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = sites.PATHS[family]
    monkeypatch.setattr(sites, "PATHS", {})
    model = load(tiny(family, tiny_gpt2, tmp_path / family), random_init=0, device="cpu")
    assert model.sites.paths == expected
    assert model.check.passed


def test_a_family_without_one_list_of_blocks_is_refused(tiny_gpt2: Path, tmp_path: Path) -> None:
    with pytest.raises(StrataError, match="Strata does not know where the layers of a 'xlm' model are") as caught:
        load(tiny("xlm", tiny_gpt2, tmp_path / "xlm"), random_init=0, device="cpu")
    assert caught.value.code == "E-SITES"


@pytest.mark.parametrize("family", ["mamba", "longformer"])
def test_a_family_that_would_be_misread_is_caught_by_the_check(family: str, tiny_gpt2: Path, tmp_path: Path) -> None:
    with pytest.raises(StrataError, match="failed its self-check") as caught:
        load(tiny(family, tiny_gpt2, tmp_path / family), random_init=0, device="cpu")
    assert caught.value.code == "E-SELF-CHECK"


@pytest.fixture
def model(tiny_gpt2: Path) -> Model:
    return loaded(ReadsModel(model=str(tiny_gpt2), device="cpu"))


def hooks(model: Model) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.net.modules())


def test_layer_zero_is_what_enters_the_first_block(model: Model) -> None:
    encoded = model.encode(["return value"])
    states = hidden_states(model, encoded)
    positions = torch.arange(encoded.ids.shape[1])
    assert torch.equal(states["0"], model.net.wte(encoded.ids) + model.net.wpe(positions))
    assert torch.equal(states["1"], model.net.h[0](states["0"]))
    assert torch.equal(states["2 + norm"], model.net.ln_f(states["2"]))
    assert not torch.allclose(states["2 + norm"], states["2"])


def test_only_the_wanted_layers_are_taken_in_order(model: Model) -> None:
    taken: list[str] = []
    with torch.no_grad(), reading(model, ["2", "0"], lambda label, _: taken.append(label)):
        model.forward(model.encode(["x"]))
        model.forward(model.encode(["x"]))
    assert taken == ["0", "2", "0", "2"]


def test_hooks_are_gone_after_success_and_after_an_error(model: Model) -> None:
    before = hooks(model)

    def fail(_label: str, _states: torch.Tensor) -> None:
        raise RuntimeError("planned")

    with reading(model, ["1"], lambda *_: None):
        assert hooks(model) > before
        model.forward(model.encode(["x"]))
    assert hooks(model) == before
    with pytest.raises(RuntimeError, match="planned"), reading(model, ["1"], fail):
        model.forward(model.encode(["x"]))
    assert hooks(model) == before


def test_a_forward_that_failed_half_way_does_not_shift_the_next(tiny_gpt2: Path, tmp_path: Path) -> None:
    # ALBERT runs one block three times: layers are told apart by counting
    model = load(tiny("albert", tiny_gpt2, tmp_path / "albert"), random_init=0, device="cpu")
    encoded, expected = model.encode(["return value"]), {}
    expected = hidden_states(model, encoded)
    taken: dict[str, torch.Tensor] = {}
    fail = True

    def take(label: str, states: torch.Tensor) -> None:
        if fail and label == "2":
            raise MemoryError
        taken[label] = states.clone()

    with torch.no_grad(), reading(model, model.layers, take):
        with pytest.raises(MemoryError):
            model.forward(encoded)
        fail = False
        model.forward(encoded)
    assert all(torch.equal(taken[label], expected[label]) for label in model.layers)
    assert len(model.sites.blocks) == 1


def test_an_unknown_layer(model: Model) -> None:
    with pytest.raises(StrataError, match=r"no layer '7'\. Its layers are 0, 1, 2, 2 \+ norm") as caught:
        hidden_states(model, model.encode(["x"]), ["7"])
    assert caught.value.code == "E-LAYER-UNKNOWN"


def test_positions_spent_on_padding_are_not_context(tiny_gpt2: Path, tmp_path: Path) -> None:
    # RoBERTa's positions start after its padding index: 64 rows leave 62 for text
    model = load(tiny("roberta", tiny_gpt2, tmp_path / "roberta"), random_init=0, device="cpu")
    assert model.context == 62
    assert model.forward(model.encode(["#" * 62])).last_hidden_state.shape[1] == 62
    with pytest.raises(StrataError, match="the model has 62 positions"):
        model.encode(["#" * 63])
