"""Grafts: both ways of making them agree, a state put into its own place changes nothing, and nothing stays behind."""

from pathlib import Path

import pytest
import torch
from headed import hooks, saved

from probes.models import grafting, hidden_states, load
from probes.models.check import fingerprint
from probes.models.grafting import Graft, grafted, joining, plain
from probes.models.model import Model
from probes.models.sites import editing

ONE, OTHER = "def total(values)", "def count(values)"


def setting(folder: Path) -> tuple[Model, object, dict[str, torch.Tensor], list[Graft]]:
    model = load(str(folder), device="cpu")
    layers = [str(i) for i in range(model.depth + 1)]
    donor, encoded = hidden_states(model, model.encode([ONE]), layers), model.encode([OTHER])
    n = encoded.ids.shape[1]
    return model, encoded, donor, [Graft(layer, i, i) for layer in range(model.depth + 1) for i in range(n)]


@pytest.mark.parametrize("family", ["tiny_gpt2", "tiny_llama", "tiny_bert"])
def test_rows_that_join_late_are_the_rows_that_run_whole(family: str, request: pytest.FixtureRequest) -> None:
    model, encoded, donor, grafts = setting(request.getfixturevalue(family))
    before, at_rest = fingerprint(model), hooks(model)
    late, whole = (way(model, encoded, donor, grafts) for way in (joining, plain))
    assert late.shape == whole.shape == (len(grafts), *donor["0"].shape[1:])
    assert torch.allclose(late, whole, atol=1e-5)
    assert torch.allclose(torch.cat(list(grafted(model, encoded, donor, grafts))), whole, atol=1e-5)
    assert (late[0] - late[-1]).abs().max() > 1e-3
    assert fingerprint(model) == before
    assert hooks(model) == at_rest


def test_a_state_in_its_own_place_changes_nothing(tiny_gpt2: Path) -> None:
    model, encoded, _, grafts = setting(tiny_gpt2)
    own = hidden_states(model, encoded, [*("0", "1", "2"), "2 + norm"])
    found = torch.cat(list(grafted(model, encoded, own, grafts)))
    assert torch.allclose(found, own["2 + norm"].expand_as(found), atol=1e-6)


PARTS = ("attention", "mlp", "head:0", "head:1")


@pytest.mark.parametrize("family", ["tiny_gpt2", "tiny_llama", "tiny_bert"])
@pytest.mark.parametrize("part", PARTS)
def test_parts_of_blocks_joined_late_run_whole_and_by_hand_are_the_same(
    family: str, part: str, request: pytest.FixtureRequest
) -> None:
    model, encoded, _, _ = setting(request.getfixturevalue(family))
    n = encoded.ids.shape[1]
    grafts = [Graft(layer, (0, n - 1), (1, n - 1), part) for layer in range(1, model.depth + 1)]
    donor = hidden_states(model, model.encode([ONE]), [g.label for g in grafts])
    before, at_rest = fingerprint(model), hooks(model)
    late, whole = (way(model, encoded, donor, grafts) for way in (joining, plain))
    assert torch.allclose(late, whole, atol=1e-5)
    assert grafting._grows(model, encoded, donor, grafts)
    for row, graft in zip(late, grafts, strict=True):
        share = hidden_states(model, model.encode([ONE]), [f"{graft.layer} {part}"])[f"{graft.layer} {part}"]

        def edit(states: torch.Tensor, share: torch.Tensor = share) -> torch.Tensor:
            states = states.clone()
            states[0, 0], states[0, n - 1] = share[0, 1], share[0, n - 1]
            return states

        with torch.inference_mode(), editing(model, f"{graft.layer} {part}", edit):
            assert torch.allclose(row, model.forward(encoded).last_hidden_state[0], atol=1e-5)
    assert fingerprint(model) == before
    assert hooks(model) == at_rest
    own = hidden_states(model, encoded, [*(g.label for g in grafts), model.layers[-1]])
    same = [Graft(g.layer, (0, n - 1), (0, n - 1), part) for g in grafts]
    found = joining(model, encoded, own, same)
    assert torch.allclose(found, own[model.layers[-1]].expand_as(found), atol=1e-5)


def test_grafts_of_the_residual_stream_and_of_parts_do_not_mix(tiny_gpt2: Path) -> None:
    model, encoded, donor, _ = setting(tiny_gpt2)
    with pytest.raises(ValueError, match="made apart"):
        list(grafted(model, encoded, donor, [Graft(1, 0, 0), Graft(1, 0, 0, "mlp")]))


def test_grafts_are_made_some_at_a_time_in_their_order(tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, encoded, donor, grafts = setting(tiny_gpt2)
    whole = plain(model, encoded, donor, grafts)
    monkeypatch.setattr(grafting, "TOKENS", 3 * encoded.ids.shape[1])
    parts = list(grafted(model, encoded, donor, grafts))
    assert {len(part) for part in parts} <= {1, 2, 3}
    assert torch.allclose(torch.cat(parts), whole, atol=1e-5)
    with pytest.raises(ValueError, match="by layer"):
        list(grafted(model, encoded, donor, grafts[::-1]))


def test_a_model_that_shares_its_layers_is_run_the_plain_way(tiny_bert: Path, tmp_path: Path) -> None:
    model, encoded, donor, grafts = setting(saved("albert", tmp_path / "albert", tiny_bert, masked=True))
    assert not grafting._grows(model, encoded, donor, grafts)
    found = torch.cat(list(grafted(model, encoded, donor, grafts)))
    assert torch.allclose(found, plain(model, encoded, donor, grafts))


@pytest.mark.parametrize("way", [joining, plain])
def test_after_an_error_no_hook_is_left_and_no_weight_has_changed(way: grafting.Run, tiny_gpt2: Path) -> None:
    model, encoded, donor, grafts = setting(tiny_gpt2)
    before, at_rest, clean = fingerprint(model), hooks(model), hidden_states(model, encoded)
    with pytest.raises(KeyError):
        way(model, encoded, {"0": donor["0"]}, grafts)
    assert hooks(model) == at_rest
    assert fingerprint(model) == before
    assert all(torch.equal(a, b) for a, b in zip(clean.values(), hidden_states(model, encoded).values(), strict=True))
