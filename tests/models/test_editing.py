"""Editing a layer during the forward: exactly there, exactly that, and gone afterwards."""

from pathlib import Path

import pytest
import torch
from headed import hooks
from test_sites import tiny

from probes.errors import StrataError
from probes.models import Model, editing, hidden_states, load


@pytest.fixture
def model(tiny_gpt2: Path) -> Model:
    return load(str(tiny_gpt2), device="cpu")


def test_an_edit_that_changes_nothing_leaves_every_bit(model: Model) -> None:
    encoded = model.encode(["return value", "x"])
    plain = model.forward(encoded).last_hidden_state
    for layer in model.layers:
        with editing(model, layer, lambda states: states.clone()):
            assert torch.equal(model.forward(encoded).last_hidden_state, plain)


@pytest.mark.parametrize("name", ["tiny_gpt2", "tiny_llama", "tiny_bert", "tiny_t5"])
def test_layers_before_an_edit_stay_and_those_after_it_go_on_from_it(name: str, request: pytest.FixtureRequest) -> None:
    model = load(str(request.getfixturevalue(name)), device="cpu")
    encoded = model.encode(["return value + 1"])
    plain = hidden_states(model, encoded)
    for at, layer in enumerate(model.layers):
        with editing(model, layer, lambda states: -states):
            found = hidden_states(model, encoded)
        for i, other in enumerate(model.layers):
            if i < at:
                assert torch.equal(found[other], plain[other])
            else:
                assert not torch.allclose(found[other], plain[other])
        assert torch.equal(found[layer], -plain[layer])


def test_what_follows_is_the_block_of_what_was_given(model: Model) -> None:
    encoded = model.encode(["return value"])
    given = torch.randn(1, encoded.ids.shape[1], model.width, generator=torch.Generator().manual_seed(0))
    with editing(model, "1", lambda _: given):
        found = hidden_states(model, encoded)
    assert torch.equal(found["1"], given)
    assert torch.allclose(found["2"], model.net.h[1](given), atol=1e-6)


def test_a_shared_block_is_edited_at_one_of_its_runs(tiny_gpt2: Path, tmp_path: Path) -> None:
    model = load(tiny("albert", tiny_gpt2, tmp_path / "albert"), random_init=0, device="cpu")
    encoded = model.encode(["return value"])
    plain = hidden_states(model, encoded)
    with editing(model, "2", lambda states: states * 2):
        found = hidden_states(model, encoded)
    assert torch.equal(found["1"], plain["1"])
    assert torch.equal(found["2"], plain["2"] * 2)
    assert not torch.allclose(found["3"], plain["3"])


def test_hooks_are_gone_after_success_and_after_an_error(model: Model) -> None:
    encoded, before = model.encode(["x"]), hooks(model)
    plain = model.forward(encoded).last_hidden_state

    def fail(_states: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("planned")

    with editing(model, "1", lambda states: states * 0):
        assert hooks(model) > before
        assert not torch.equal(model.forward(encoded).last_hidden_state, plain)
    with pytest.raises(RuntimeError, match="planned"), editing(model, "1", fail):
        model.forward(encoded)
    assert hooks(model) == before
    assert torch.equal(model.forward(encoded).last_hidden_state, plain)


@pytest.mark.parametrize(
    "edit",
    [lambda s: s[:, :1], lambda s: s.double(), lambda s: s.to("meta")],
    ids=["shape", "type", "device"],
)
def test_an_edit_of_another_kind_is_refused(model: Model, edit: "type[torch.Tensor]") -> None:
    before = hooks(model)
    with pytest.raises(ValueError, match="must give torch.float32"), editing(model, "1", edit):
        model.forward(model.encode(["x y"]))
    assert hooks(model) == before


def test_an_unknown_layer_and_a_model_of_shapes_alone(model: Model, tiny_gpt2: Path) -> None:
    with pytest.raises(StrataError, match="no layer '9'") as caught, editing(model, "9", lambda s: s):
        pass
    assert caught.value.code == "E-LAYER-UNKNOWN"
    shapes = load(str(tiny_gpt2), device="meta", random_init=0)
    with editing(shapes, "1", lambda states: states * 2):
        assert shapes.forward(shapes.encode(["x"])).last_hidden_state.is_meta
