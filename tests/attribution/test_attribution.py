"""Attributions against outside oracles: weight × input, exact Shapley values, a head that copies, written by hand."""

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from copying import KEPT
from headed import hooks

from probes.attribution import AttributionSpec, captumed, faithful, looks
from probes.attribution.asking import _notes, asking, missed, pieces
from probes.attribution.baselines import baseline
from probes.attribution.nodes import scores
from probes.attribution.targets import Asked, Question, question
from probes.contract import Progress
from probes.corpora.trees import parse
from probes.errors import StrataError
from probes.models import Model, hidden_states, load
from probes.models.check import fingerprint

TEXT = "def total(values): return values"
COMPLETE = ["integrated gradients", "layer integrated gradients", "layer conductance", "Shapley sampling"]


def asked_of(folder: Path, **changes: Any) -> Question:
    return question(load(str(folder), device="cpu"), Asked(TEXT, **changes))


def answer(folder: Path, **changes: Any) -> Any:
    return asking(AttributionSpec(model=str(folder), device="cpu", **{"text": TEXT, **changes}), Progress())


class Linear(Question):
    """A question whose score is known: a weighted sum of what enters the first block."""

    def value(self, states: torch.Tensor, layer: str = "0") -> torch.Tensor:
        return (states * self.weights).sum((1, 2))

    @property
    def weights(self) -> torch.Tensor:
        draw = torch.Generator().manual_seed(3)
        return torch.randn(self.encoded.ids.shape[1], self.model.width, generator=draw)


def linear(folder: Path) -> tuple[Linear, torch.Tensor, torch.Tensor]:
    whole = asked_of(folder)
    asked = Linear(whole.model, whole.encoded, whole.read, "a sum", "")
    return asked, asked.states(), baseline(asked, "mean")


def test_on_a_linear_model_every_method_is_weight_times_input(tiny_gpt2: Path) -> None:
    asked, x, base = linear(tiny_gpt2)
    expected = (asked.weights * (x - base)).sum(-1)[0]
    found = {
        "ig": captumed.integrated_gradients(asked, x, base, 2),
        "ablation": captumed.ablation(asked, x, base),
        "shapley": captumed.shapley(asked, x, base, 3, 0),
        "deep lift": captumed.deep_lift(asked, x, base),
    }
    for name, values in found.items():
        assert torch.allclose(values, expected, atol=1e-6, rtol=1e-5), name
    assert torch.allclose(captumed.kernel_shap(asked, x, base, 60, 0), expected, atol=1e-4)
    no_baseline = (asked.weights * x).sum(-1)[0]
    assert torch.allclose(captumed.gradient_input(asked, x), no_baseline, atol=1e-6)
    assert not torch.allclose(no_baseline, expected, atol=1e-2)


@pytest.mark.parametrize("method", COMPLETE)
@pytest.mark.parametrize("family", ["tiny_gpt2", "tiny_llama", "tiny_bert"])
def test_attributions_add_up_on_real_architectures(family: str, method: str, request: pytest.FixtureRequest) -> None:
    target = {"target": "similarity", "other": "list of items"} if family == "tiny_bert" else {}
    result = answer(request.getfixturevalue(family), method=method, samples=2, draws=0, steps=32, **target)
    whole = result.score - result.without
    assert abs(whole) > 1e-4
    assert result.whole == whole
    assert result.error == pytest.approx(100 * abs(result.tokens["value"].sum() - whole) / abs(whole))
    assert result.error < 1
    if method == "layer integrated gradients":  # at every layer by itself
        sums = result.layers.groupby("order")["value"].sum()
        assert np.allclose(sums, whole, rtol=0.01)
        assert result.layers["order"].nunique() == 3


def test_shapley_values_are_the_mean_over_all_orders(tiny_gpt2: Path) -> None:
    """Outside oracle: every order of four tokens, one by one."""
    model = load(str(tiny_gpt2), device="cpu")
    asked = question(model, Asked("def value name list"))
    x, base = asked.states(), baseline(asked, "zero")
    n = x.shape[1]
    assert n <= 5
    expected = np.zeros(n)
    orders = list(permutations(range(n)))
    for order in orders:
        steps = np.array([[k in order[:i] for k in range(n)] for i in range(n + 1)])
        expected[list(order)] += np.diff(scores(asked, x, base, steps).numpy())
    sampled = captumed.shapley(asked, x, base, 80, 1).numpy()
    exact = expected / len(orders)
    assert np.abs(sampled - exact).max() < 0.2 * np.abs(exact).max()
    assert np.abs(captumed.ablation(asked, x, base).numpy() - exact).max() > 1e-6  # another question


@pytest.mark.parametrize("source", [1, 4])
def test_what_a_copying_head_copies_carries_all_of_it(tiny_gpt2: Path, source: int) -> None:
    asked = asked_of(tiny_gpt2)
    blocks = asked.model.sites.blocks
    x, base = asked.states(), baseline(asked, "zero")

    def copy(states: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        out = states.clone()
        out[:, -1] = states[:, source]
        return out

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks[0], "forward", copy)
        patch.setattr(blocks[1], "forward", lambda states, *_, **__: states)
        for values in (captumed.integrated_gradients(asked, x, base, 24), captumed.ablation(asked, x, base)):
            rest = values.clone()
            rest[source] = 0
            assert values.abs()[source] > 1e-3
            assert rest.abs().max() < 1e-6


def test_a_decoder_rests_on_nothing_that_comes_later(tiny_gpt2: Path) -> None:
    result = answer(tiny_gpt2, target="a token", position=4, draws=0)
    assert (result.tokens["value"][4:] == 0).all()
    assert (result.tokens["value"][:4] != 0).all()


def test_added_tokens_get_nothing_and_random_attributions_are_worse(tiny_bert: Path) -> None:
    result = answer(tiny_bert, target="similarity", other="list", draws=20, method="feature ablation")
    assert (result.tokens["value"][result.tokens["added"]] == 0).all()
    assert set(result.curves["by"]) == {"ours", "random"}
    ends = result.curves[result.curves["way"] == "deletion"].groupby("by")["score"].agg(["first", "last"])
    assert (ends.to_numpy() == [1, 0]).all()


def test_curves_of_a_sum_are_known_and_beat_random_ones(tiny_gpt2: Path) -> None:
    asked, x, base = linear(tiny_gpt2)
    values = captumed.ablation(asked, x, base).double().numpy()
    random = np.random.default_rng(0).standard_normal((30, len(values)))
    found = faithful.curves(asked, x, base, values, random)
    whole = values.sum()
    order = np.sort(values if whole > 0 else -values)[::-1] * np.sign(whole)
    gone = [order[: max(1, round(s * len(order)))].sum() / whole for s in faithful.SHARES]
    assert np.allclose(found[0, 0, 1:-1], 1 - np.array(gone), atol=1e-4)
    assert np.allclose(found[0, 1, 1:-1], gone, atol=1e-4)
    areas = faithful.area(found)
    assert (areas[0, 0] < areas[1:, 0]).all()
    assert (areas[0, 1] > areas[1:, 1]).all()


def test_attention_is_the_models_own_and_rollout_the_product_of_layers(tiny_gpt2: Path) -> None:
    model = load(str(tiny_gpt2), device="cpu", attention="eager")
    asked = question(model, Asked(TEXT))
    with torch.no_grad():
        weights = model.net(asked.encoded.ids, output_attentions=True).attentions
    assert torch.allclose(looks.head(asked, 2, 1), weights[1][0, 1, -1])
    eye = torch.eye(weights[0].shape[-1])
    flow = (weights[1][0].mean(0) / 2 + eye / 2) @ (weights[0][0].mean(0) / 2 + eye / 2)
    assert torch.allclose(looks.rollout(asked), flow[-1], atol=1e-6)
    assert looks.rollout(asked).sum() == pytest.approx(1, abs=1e-5)


def test_nodes_cost_what_their_tokens_cost_together(tiny_gpt2: Path) -> None:
    code = "def total(values):\n    # a comment\n    return values\n"
    result = answer(tiny_gpt2, text=code, method="occlusion by node", language="python", target="a token", draws=0)
    assert any("Comments" in note for note in result.source.notes)
    node = result.nodes[result.nodes["type"] == "parameters"].iloc[0]
    asked = question(load(str(tiny_gpt2), device="cpu"), Asked(parse(code, "python").text, "a token"))
    text = "".join(pieces(asked)[node["first"] : node["last"] + 1])
    assert text == "(values):"[: len(text)]
    x, base = asked.states(), baseline(asked, "mean")
    kept = np.ones((2, x.shape[1]), bool)
    kept[1, node["first"] : node["last"] + 1] = False
    assert len(result.tokens) == x.shape[1]
    score, left = scores(asked, x, base, kept).tolist()
    assert node["value"] == pytest.approx(score - left, abs=1e-6)


def test_the_model_is_as_before_and_the_baseline_is_what_it_says(tiny_bert: Path) -> None:
    model: Model = load(str(tiny_bert), device="cpu")
    before, count = fingerprint(model), hooks(model)
    asked = question(model, Asked(TEXT, "similarity", other="x"))
    own = asked.own
    for kind in ("zero", "mean", "padding", "mask"):
        away = baseline(asked, kind)  # type: ignore[arg-type]
        assert torch.equal(away[:, ~own], asked.states()[:, ~own])
        if kind == "zero":
            assert not away[:, own].any()
    masked = asked.encoded.ids.clone()
    masked[:, own] = model.tokenizer.mask_token_id
    expected = model.net.embeddings(input_ids=masked)
    assert torch.allclose(baseline(asked, "mask")[:, own], expected[:, own], atol=1e-6)
    captumed.integrated_gradients(asked, asked.states(), baseline(asked, "zero"), 4)
    assert fingerprint(model) == before
    assert hooks(model) == count
    assert torch.equal(hidden_states(model, asked.encoded)["0"], asked.states())


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("tiny_gpt2", {"token": "Parisian"}, "E-TARGET", "is no token of this model"),
    ("tiny_gpt2", {"method": "DeepLift"}, "E-DEEPLIFT", "Choose integrated gradients"),
    ("tiny_gpt2", {"method": "attention"}, "E-ATTENTION", "attention='eager'"),
    ("tiny_gpt2", {"method": "attention", "attention": "eager", "head": 9}, "E-HEAD-UNKNOWN", "heads 0 to 1"),
    ("tiny_gpt2", {"target": "masked token"}, "E-TARGET", "Ask for next token"),
    ("tiny_gpt2", {"target": "a token", "position": 0}, "E-TARGET", "cannot be predicted"),
    ("tiny_gpt2", {"target": "a token", "position": 500}, "E-TARGET", "cannot be predicted"),
    ("tiny_gpt2", {"target": "similarity"}, "E-TARGET", "second text"),
    ("tiny_gpt2", {"target": "whole text", "text": "def"}, "E-TARGET", "predicts nothing"),
    ("tiny_gpt2", {"baseline": "mask"}, "E-BASELINE", "mean or zero"),
    ("tiny_gpt2", {"method": "occlusion by node"}, "E-LANGUAGE", "python"),
    ("tiny_gpt2", {"method": "occlusion by node", "language": "python", "text": "def ("}, "E-SYNTAX", ""),
    ("copying", {"text": "the cat sat"}, "E-TEXT-UNKNOWN", "All 3 of its tokens"),
    ("copying", {"text": "a b c", "token": "zebra"}, "E-TARGET", "is no token"),
    ("tiny_bert", {}, "E-HEAD", "Or ask for similarity"),
    ("tiny_bert", {"text": " ", "target": "similarity", "other": "x"}, "E-TEXT-EMPTY", "Type more"),
]


@pytest.mark.parametrize(("family", "changes", "code", "says"), REFUSED)
def test_what_cannot_be_asked_is_refused_with_the_way_out(
    family: str, changes: dict[str, Any], code: str, says: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(StrataError, match=code) as refusal:
        answer(KEPT if family == "copying" else request.getfixturevalue(family), **changes)
    assert says in str(refusal.value)


def test_a_share_that_is_missed() -> None:
    assert missed(np.array([1.0, 2.0]), 4.0) == pytest.approx(0.25)
    assert np.isnan(missed(np.array([1.0]), 0.0))


def test_on_a_quantised_model_a_note_warns(tiny_gpt2: Path) -> None:
    model = load(str(tiny_gpt2), device="cpu")
    [said] = _notes(AttributionSpec(text=TEXT, quantise="8bit"), model, changed=False)
    assert "Weights in 8 bits" in said
    assert "rounded weights" in said
    assert _notes(AttributionSpec(text=TEXT), model, changed=False) == ()
