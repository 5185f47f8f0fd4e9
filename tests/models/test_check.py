"""The self-check passes on sound models and notices each way of being wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from probes.errors import Cancelled, StrataError
from probes.models import Model, check, encoding, load, sites

TINY = ["tiny_bert", "tiny_gpt2", "tiny_llama", "tiny_t5"]


@pytest.fixture(params=TINY)
def model(request: pytest.FixtureRequest) -> Model:
    return load(str(request.getfixturevalue(request.param)), device="cpu")


@pytest.fixture
def llama(tiny_llama: Path) -> Model:
    return load(str(tiny_llama), device="cpu")


def failed(model: Model) -> set[str]:
    return {row.name for row in check.check(model).rows if not row.passed}


def test_a_sound_model_passes_every_row(model: Model) -> None:
    assert model.check.passed
    table = model.check.table()
    assert list(table.columns) == ["name", "passed", "detail", "difference", "warning", "limit"]
    assert table["passed"].all()
    always = {
        "padding right",
        "padding left",
        "batch order",
        "hooks after success",
        "hooks after an error",
        "parameters",
    }
    assert always <= set(table["name"])
    assert table["difference"].max() < 1e-5
    has_norm = model.family != "bert"
    assert ("final norm" in set(table["name"])) == has_norm


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_small_types_pass_within_their_tolerance(dtype: str, tiny_llama: Path) -> None:
    assert load(str(tiny_llama), device="cpu", dtype=dtype).check.passed


def test_an_empty_check_has_not_passed() -> None:
    assert not check.Check().passed


def test_blocks_off_by_one_are_noticed(llama: Model) -> None:
    wrong = replace(llama, sites=replace(llama.sites, blocks=llama.sites.blocks[1:]))
    assert failed(wrong) == {"hooks"}  # one label never comes
    swapped = replace(llama, sites=replace(llama.sites, blocks=(llama.sites.blocks[1],) * 2, depth=1))
    assert "hidden states" in failed(swapped)


def test_a_wrong_norm_is_noticed(llama: Model) -> None:
    other = llama.net.layers[1].input_layernorm
    assert "layer 2 + norm" in failed(replace(llama, sites=replace(llama.sites, norm=other)))


def test_a_norm_that_is_left_out_is_noticed(llama: Model) -> None:
    assert "layer 2" in failed(replace(llama, sites=replace(llama.sites, norm=None)))


@pytest.mark.parametrize(("value", "why"), [(float("nan"), "NaN or infinite"), (0.0, "all zero")])
def test_nan_and_zero_layers_are_named(llama: Model, value: float, why: str) -> None:
    with torch.no_grad():
        llama.net.norm.weight.fill_(value)
    result = check.check(llama)
    row = next(row for row in result.rows if row.name == "values 2 + norm")
    assert not row.passed
    assert why in row.detail
    with pytest.raises(StrataError, match=rf"values 2 \+ norm: {why}") as caught:
        check.require(llama, result)
    assert caught.value.code == "E-SELF-CHECK"


def forward_with(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], Any]) -> None:
    original = Model.forward

    def changed(self: Model, encoded: Any, **asked: Any) -> Any:
        output = original(self, encoded, **asked)
        return change(output) if asked else output

    monkeypatch.setattr(Model, "forward", changed)


@pytest.mark.parametrize("count", [None, 2])
def test_a_model_that_keeps_its_hidden_states_to_itself(
    llama: Model, monkeypatch: pytest.MonkeyPatch, count: int | None
) -> None:
    def without(output: Any) -> Any:
        output.hidden_states = None if count is None else output.hidden_states[:count]
        return output

    forward_with(monkeypatch, without)
    with pytest.raises(StrataError, match=f"the model gave {count or 'none'} where 3 were expected"):
        check.require(llama, check.check(llama))


def test_padding_that_leaks_is_noticed(llama: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    encode = Model.encode

    def unmasked(self: Model, texts: Any, **options: Any) -> Any:
        encoded = encode(self, texts, **options)
        return replace(encoded, mask=torch.ones_like(encoded.mask)) if len(texts) > 1 else encoded

    assert failed(llama) == set()
    monkeypatch.setattr(Model, "encode", unmasked)
    assert {"padding right", "padding left"} <= failed(llama)


def test_left_padding_alone_is_a_warning(tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_extra", lambda *_: {})  # GPT-2 then counts positions from the padding
    model = load(str(tiny_gpt2), device="cpu")
    assert model.check.passed
    row = next(row for row in model.check.rows if row.name == "padding left")
    assert (row.passed, row.warning) == (False, True)


def test_hooks_left_behind_are_counted(llama: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def leaky(model: Model, _layers: Any, _take: Any) -> Iterator[None]:
        model.net.layers[0].register_forward_hook(lambda *_: None)
        yield

    monkeypatch.setattr(sites, "reading", leaky)
    rows = list(check._hooks(llama))
    assert [row.passed for row in rows] == [False, False]
    assert rows[0].detail == "1 hooks left behind"


def test_a_changed_bit_changes_the_fingerprint(llama: Model) -> None:
    before = check.fingerprint(llama)
    assert check.fingerprint(llama) == before
    weight = llama.net.layers[1].mlp.up_proj.weight
    with torch.no_grad():
        weight[0, 0] = torch.nextafter(weight[0, 0], torch.tensor(9.0))
    assert check.fingerprint(llama) != before


POSITIONS = {
    "absolute": ["bert", "roberta", "gpt2", "opt", "distilbert"],
    "rotary": ["llama", "gpt_neox", "qwen2", "modernbert", "phi"],
    "ALiBi": ["bloom", "mpt", "falcon"],
    "relative": ["t5"],
}


@pytest.mark.parametrize(
    ("kind", "family"),
    [pytest.param(kind, name, id=f"{kind}-{name}") for kind in POSITIONS for name in POSITIONS[kind]],
)
def test_real_tokens_are_the_same_however_they_are_padded(
    kind: str, family: str, tiny_gpt2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases 19 and 20: the side of the padding, the number of rows and their order change nothing."""
    from test_sites import OWN, tiny

    if family == "falcon":  # which has both kinds of positions
        monkeypatch.setitem(OWN, "falcon", {"alibi": True})
    rows = {
        row.name: row for row in load(tiny(family, tiny_gpt2, tmp_path / kind), random_init=0, device="cpu").check.rows
    }
    for name in ("padding right", "padding left", "batch order"):
        assert rows[name].passed, rows[name]
        assert rows[name].difference < 1e-4


def test_rows_that_feel_their_neighbours_are_reported(llama: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = Model.forward

    def crowded(self: Model, encoded: Any, **asked: Any) -> Any:
        if len(encoded.ids) > 2:
            encoded = replace(encoded, ids=encoded.ids.roll(1, 0), mask=encoded.mask.roll(1, 0))
        return forward(self, encoded, **asked)

    monkeypatch.setattr(Model, "forward", crowded)
    result = check.check(llama)
    row = next(row for row in result.rows if row.name == "batch order")
    assert (row.passed, row.warning) == (False, True)
    assert row.difference > 1e-3
    assert result.passed


def test_numbers_beyond_float16_are_refused_with_the_way_out(tiny_llama: Path, tmp_path: Path) -> None:
    """Case 25."""
    import shutil

    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(tiny_llama, tmp_path / "large"))
    weights = load_file(folder / "model.safetensors")
    name = "model.layers.0.mlp.down_proj.weight"
    weights[name] = 1e7 * torch.sign(weights[name])
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(StrataError, match="NaN or infinite.*use bfloat16 or float32") as caught:
        load(str(folder), device="cpu", dtype="float16")
    assert caught.value.code == "E-SELF-CHECK"
    assert load(str(folder), device="cpu", dtype="bfloat16").check.passed


@pytest.mark.parametrize("family", ["bert", "gpt2", "llama", "t5", "bloom", "gpt_neox"])
def test_eager_attention_shows_its_weights(family: str, tiny_gpt2: Path, tmp_path: Path) -> None:
    from test_sites import tiny

    folder = tiny(family, tiny_gpt2, tmp_path / family)
    eager = {row.name: row for row in load(folder, random_init=0, device="cpu", attention="eager").check.rows}
    assert eager["attention weights"].passed
    assert eager["attention weights"].detail == "3 of 3 layers show theirs"


@pytest.mark.parametrize("given", [None, (None, None), ()])
def test_attention_that_is_not_shown_is_said(given: Any, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 21: never None drawn as zeros."""
    model = load(str(tiny_llama), device="cpu", attention="eager")

    def without(output: Any) -> Any:
        output.attentions = given
        return output

    forward_with(monkeypatch, without)
    row = next(row for row in check.check(model).rows if row.name == "attention weights")
    assert not row.passed
    assert row.detail == "0 of 2 layers show theirs"


@pytest.mark.parametrize("error", [Cancelled, KeyboardInterrupt, StopIteration, MemoryError])
def test_no_hook_outlives_any_way_of_ending(error: type[BaseException], llama: Model) -> None:
    """Case 24."""

    def stop(_label: str, _states: torch.Tensor) -> None:
        raise error

    before = check._count(llama), check.fingerprint(llama)
    with pytest.raises(error), sites.reading(llama, llama.layers, stop):
        llama.forward(llama.encode(["x"]))
    assert (check._count(llama), check.fingerprint(llama)) == before
