"""Attention, heads and MLP of every family are read and edited where they are, and nowhere else."""

from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from headed import hooks
from test_sites import tiny

from probes.errors import StrataError
from probes.models import Model, Site, editing, editing_all, hidden_states, load, parts, sites
from probes.models.parts_check import check_parts


def test_every_family_that_is_read_is_in_the_table() -> None:
    assert set(parts.INSIDE) == set(sites.PATHS)


@pytest.fixture(params=["tiny_gpt2", "tiny_llama", "tiny_bert", "tiny_t5"])
def model(request: pytest.FixtureRequest) -> Model:
    return load(str(request.getfixturevalue(request.param)), device="cpu")


@pytest.fixture
def gpt2(tiny_gpt2: Path) -> Model:
    return load(str(tiny_gpt2), device="cpu")


def test_what_is_read_is_what_gpt2_computes(gpt2: Model) -> None:
    encoded = gpt2.encode(["return value + 1"])
    found = hidden_states(gpt2, encoded, ["0", "1", "1 attention", "1 mlp", "1 heads", "1 head:0", "1 head:1"])
    block = gpt2.net.h[0]
    normed = block.ln_1(found["0"])
    assert torch.allclose(found["1 attention"], block.attn(normed)[0], atol=1e-6)
    middle = found["0"] + found["1 attention"]
    assert torch.allclose(found["1 mlp"], block.mlp(block.ln_2(middle)), atol=1e-6)
    assert torch.allclose(found["1"], middle + found["1 mlp"], atol=1e-6)
    assert torch.equal(torch.cat([found["1 head:0"], found["1 head:1"]], -1), found["1 heads"])
    # by the book: softmax(q k' / sqrt(d)) v of the second head
    q, k, v = (part[..., 8:] for part in block.attn.c_attn(normed).split(16, -1))
    scores = (q @ k.mT / 8**0.5).masked_fill(torch.ones(q.shape[1], q.shape[1]).triu(1).bool(), -torch.inf)
    assert torch.allclose(found["1 head:1"], scores.softmax(-1) @ v, atol=1e-6)


def test_of_bert_it_is_the_projection_and_not_what_its_norm_gives(tiny_bert: Path) -> None:
    model = load(str(tiny_bert), device="cpu")
    found = hidden_states(model, model.encode(["return value"]), ["0", "1", "1 attention", "1 mlp"])
    block = model.net.encoder.layer[0]
    middle = block.attention.output.LayerNorm(found["0"] + found["1 attention"])
    assert torch.allclose(found["1"], block.output.LayerNorm(middle + found["1 mlp"]), atol=1e-6)


def test_query_heads_that_share_keys_are_heads_of_their_own(tiny_llama: Path) -> None:
    model = load(str(tiny_llama), device="cpu")
    assert model.net.config.num_key_value_heads == 1
    assert model.parts.heads == 2
    assert (model.width_of("heads"), model.width_of("head:1"), model.width_of("mlp")) == (16, 8, 16)


def test_an_edit_that_changes_nothing_leaves_every_bit(model: Model) -> None:
    encoded = model.encode(["return value", "x"])
    plain = model.forward(encoded).last_hidden_state
    for part in model.parts.names:
        with editing_all(model, dict.fromkeys(model.labels(part), torch.clone)):
            assert torch.equal(model.forward(encoded).last_hidden_state, plain)


def test_an_edit_reaches_what_follows_and_nothing_before(model: Model) -> None:
    encoded = model.encode(["return value + 1"])
    every = [*model.layers, *(label for part in ("attention", "mlp", "heads") for label in model.labels(part))]
    plain = hidden_states(model, encoded, every)
    with editing(model, "2 mlp", lambda states: states * 50):
        found = hidden_states(model, encoded, every)
    assert torch.equal(found["2 mlp"], plain["2 mlp"] * 50)
    changed = {label for label in every if not torch.equal(found[label], plain[label])}
    assert changed == {"2 mlp", *model.layers[2:]}


def test_one_head_is_edited_and_the_others_stay(model: Model) -> None:
    encoded = model.encode(["return value + 1"])
    plain = hidden_states(model, encoded, ["1 heads", "1"])
    with editing(model, "1 head:1", torch.zeros_like):
        found = hidden_states(model, encoded, ["1 heads", "1"])
    assert torch.equal(found["1 heads"][..., :8], plain["1 heads"][..., :8])
    assert not found["1 heads"][..., 8:].any()
    assert not torch.allclose(found["1"], plain["1"])


def test_edits_at_once_are_edits_one_in_the_other(model: Model) -> None:
    encoded = model.encode(["return value", "x"])
    labels = ["1 attention", "1 head:0", "2 mlp", "1", "2 head:1"]
    with editing_all(model, dict.fromkeys(labels, torch.neg)):
        together = model.forward(encoded).last_hidden_state
    with ExitStack() as stack:
        for label in labels:
            stack.enter_context(editing(model, label, torch.neg))
        assert torch.equal(model.forward(encoded).last_hidden_state, together)


def test_a_shared_block_is_edited_at_one_of_its_runs(tiny_gpt2: Path, tmp_path: Path) -> None:
    model = load(tiny("albert", tiny_gpt2, tmp_path / "albert"), random_init=0, device="cpu")
    encoded = model.encode(["return value"])
    plain = hidden_states(model, encoded, ["1", "2"])
    with editing(model, "2 attention", lambda states: states * 50):
        found = hidden_states(model, encoded, ["1", "2"])
    assert torch.equal(found["1"], plain["1"])
    assert not torch.allclose(found["2"], plain["2"])


def test_hooks_are_gone_after_success_and_after_an_error(gpt2: Model) -> None:
    before = hooks(gpt2)

    def fail(_states: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("planned")

    for label in ("1 attention", "1 mlp", "1 heads", "1 head:0"):
        with pytest.raises(RuntimeError, match="planned"), editing(gpt2, label, fail):
            gpt2.forward(gpt2.encode(["x"]))
        assert hooks(gpt2) == before


def test_a_family_that_is_not_in_the_table_is_found_by_shape(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = model.parts.paths
    monkeypatch.setattr(parts, "INSIDE", {})
    found = parts.parts_of(model.sites.blocks, "unheard-of", model.net.config)
    assert found.paths == expected


def test_blocks_without_attention_are_refused(gpt2: Model) -> None:
    with pytest.raises(StrataError, match="does not know where attention and MLP of a 'odd' model") as caught:
        parts.parts_of([torch.nn.Sequential(torch.nn.Linear(2, 2))], "odd", gpt2.net.config)
    assert caught.value.code == "E-SITE-INSIDE"


def test_heads_that_do_not_divide_what_is_mixed_are_refused(gpt2: Model) -> None:
    config = type("Config", (), {"num_attention_heads": 3})
    with pytest.raises(StrataError, match="says 3 heads; 16 numbers enter") as caught:
        parts.parts_of(gpt2.sites.blocks, "gpt2", config)
    assert caught.value.code == "E-SITE-HEADS"


@pytest.mark.parametrize(
    ("family", "wrong", "row"),
    [("gpt2", ("attn.c_proj", "ln_2"), "mlp"), ("gpt2", ("mlp.c_proj", "mlp"), "attention")],
)
def test_a_table_that_is_wrong_is_caught(
    family: str, wrong: tuple[str, str], row: str, gpt2: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(parts.INSIDE, family, wrong)
    assert [r.name for r in check_parts(gpt2).rows if not r.passed][0] == row
    with pytest.raises(StrataError, match="not where Strata takes them to be") as caught:
        gpt2.labels("mlp")
    assert caught.value.code == "E-SITE-CHECK"


@pytest.mark.parametrize("label", ["9 mlp", "0 mlp", "2 + norm mlp", "1 residual", "1  mlp", "1 mlpx", "mlp"])
def test_an_unknown_layer(label: str, gpt2: Model) -> None:
    with pytest.raises(StrataError, match="no layer") as caught:
        hidden_states(gpt2, gpt2.encode(["x"]), [label])
    assert caught.value.code == "E-LAYER-UNKNOWN"


def test_a_part_that_layers_do_not_have(gpt2: Model) -> None:
    with pytest.raises(
        StrataError, match=r"no 'head:2'\. There are residual, attention, mlp, heads, and head:0 to head:1"
    ):
        hidden_states(gpt2, gpt2.encode(["x"]), ["1 head:2"])


def test_a_model_of_shapes_alone(tiny_gpt2: Path) -> None:
    shapes = load(str(tiny_gpt2), device="meta", random_init=0)
    with editing_all(shapes, dict.fromkeys(shapes.labels("heads"), torch.neg)):
        assert shapes.forward(shapes.encode(["x"])).last_hidden_state.is_meta


def test_labels_name_a_layer_and_a_part() -> None:
    assert [Site(3).label, Site(3, "head:2").label] == ["3", "3 head:2"]
    assert [parts.split(label) for label in ("3", "3 head:2", "6 + norm")] == [
        ("3", "residual"),
        ("3", "head:2"),
        ("6 + norm", "residual"),
    ]
