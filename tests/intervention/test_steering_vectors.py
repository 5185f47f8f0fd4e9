"""Steering: a planted shift is recovered, a planted direction steers and a random one does not, refusals in words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from copying import KEPT
from emptied import emptied, saved
from headed import saved as whole

from probes.contract import Progress
from probes.errors import StrataError
from probes.intervention import SteeringSpec
from probes.intervention.adding import agreement, best_of, direction
from probes.intervention.steering import OURS, RANDOM, SteeringResult, run

SMALL = {"texts": 4, "draws": 3, "tokens": 3, "steps": 2, "layer": "2", "most": 1.0}


def steer(model: Path | str, **asked: Any) -> SteeringResult:
    return run(SteeringSpec(model=str(model), device="cpu", **{**SMALL, **asked}), Progress())


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("method", ["mean difference", "principal direction"])
def test_a_planted_shift_is_recovered_and_noise_is_not_called_one(method: str) -> None:
    draw = np.random.default_rng(0)
    shift = draw.normal(size=64)
    gaps = shift + 0.2 * draw.normal(size=(12, 64))
    assert cosine(direction(gaps, method), shift) > 0.99
    assert np.linalg.norm(direction(gaps, method)) == pytest.approx(np.linalg.norm(gaps.mean(0)))
    assert agreement(gaps) > 0.95
    assert abs(agreement(draw.normal(size=(12, 64)))) < 0.2


def test_the_pairs_of_a_planted_model_steer_it_and_random_directions_do_not(tiny_gpt2: Path, tmp_path: Path) -> None:
    net, tokenizer = emptied(tmp_path / "two", tiny_gpt2)
    up, down = (tokenizer(word)["input_ids"][0] for word in (" value", " name"))
    words = {"words": "value", "against": "name", "prompts": "in list | for key"}
    found = steer(
        saved(net, tmp_path / "two"), more="in value | for value", less="in name | for name", **words, keep_norm=False
    )
    rows = net.transformer.wte.weight.detach().numpy()
    assert cosine(found.vector["value"].to_numpy(), rows[up] - rows[down]) > 0.99
    ours = found.sweep[found.sweep["direction"] == OURS]["effect"].to_numpy()
    assert (np.diff(ours) > 0).all()
    random = found.sweep[found.sweep["direction"] == RANDOM]["effect"].to_numpy()
    assert ours[-1] - ours[0] > 3 * abs(random[-1] - random[0])
    still = found.row(OURS, 0.0)
    assert (still.change, still.low, still.high) == (0, 0, 0)
    assert found.row(RANDOM, 0.0).effect == pytest.approx(still.effect)
    assert found.agreement == pytest.approx(1)


def test_the_best_strength_is_one_that_can_be_afforded(tiny_gpt2: Path) -> None:
    sweep = steer(tiny_gpt2).sweep
    sweep["change"], sweep["effect"] = sweep["strength"].abs(), sweep["strength"]
    assert best_of(sweep) == 0.5
    sweep["change"] = sweep["change"] + 1
    assert best_of(sweep) == 0


def test_refusals(tiny_gpt2: Path, tiny_bert: Path, tmp_path: Path) -> None:
    masked = whole("bert", tmp_path / "bert", tiny_bert, masked=True)
    for code, model, asked in (
        ("E-STEER-TASK", masked, {}),
        ("E-STEER-PAIRS", tiny_gpt2, {"less": "one | two"}),
        ("E-STEER-PAIRS", tiny_gpt2, {"more": "one", "less": "two"}),
        ("E-STEER-TEXTS", tiny_gpt2, {"prompts": " | "}),
        ("E-STEER-WORDS", tiny_gpt2, {"words": "|"}),
        ("E-STEER-WORDS", KEPT, {"more": "a b | c d", "less": "e f | g h", "prompts": "a b", "words": "a | zebra"}),
        ("E-LAYER-UNKNOWN", tiny_gpt2, {"layer": "99"}),
    ):
        with pytest.raises(StrataError) as caught:
            steer(model, **asked)
        assert caught.value.code == code
        assert caught.value.fix
