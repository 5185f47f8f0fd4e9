"""A model that learnt to fill in a masked letter from the other half: it rests on its twin, the mask, and nothing else.

Without the mask there is nothing to fill in, so that it carries as much. The floor is the same architecture with random
weights, in which the twin is any token.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from copying import LETTERS, tokenizer
from filling import HALF, KEPT
from transformers import BertConfig, BertForMaskedLM

from probes.attribution import AttributionSpec, captumed
from probes.attribution.analysis import run
from probes.attribution.baselines import baseline
from probes.attribution.targets import Asked, question
from probes.contract import Progress
from probes.models import Model, load

PLACES = (0, 3, 7, 9, 14)
"""Masked places of both halves."""


def said_twice(seed: int) -> str:
    half = np.random.default_rng(seed).permutation(list(LETTERS))[:HALF].tolist()
    return " ".join(half + half)


def ranks(model: Model, method: str) -> list[int]:
    """Return how many tokens but the mask carry more of a masked letter than its twin does, text by text."""
    found = []
    for seed, place in enumerate(PLACES * 3):
        text = said_twice(seed)
        asked = question(model, Asked(text, target="masked token", position=place))
        x, base = asked.states(), baseline(asked, "mean")
        if method == "feature ablation":
            values = captumed.ablation(asked, x, base)
        else:
            values = captumed.integrated_gradients(asked, x, base, 64)
        values[place] = -np.inf
        found.append(int((values > values[(place + HALF) % (2 * HALF)]).sum()))
    return found


@pytest.fixture(scope="module")
def untaught(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder: Path = tmp_path_factory.mktemp("untaught")
    torch.manual_seed(0)
    BertForMaskedLM(BertConfig.from_pretrained(KEPT)).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return load(str(folder), device="cpu")


def test_the_model_fills_in_and_is_kept_as_it_learnt() -> None:
    model = load(str(KEPT), device="cpu")
    for seed, place in enumerate(PLACES * 3):
        asked = question(model, Asked(said_twice(seed), target="masked token", position=place))
        with torch.no_grad():
            assert asked.row is not None
            assert float(asked.read(asked.encoded)) > np.log(0.9)  # of the letter that stands there


@pytest.mark.parametrize("method", ["feature ablation", "integrated gradients"])
def test_a_masked_letter_rests_on_its_twin_and_not_where_nothing_was_learnt(method: str, untaught: Model) -> None:
    assert ranks(load(str(KEPT), device="cpu"), method) == [0] * (3 * len(PLACES))
    floor = ranks(untaught, method)
    assert sum(rank == 0 for rank in floor) <= 5  # of fifteen; one in sixteen by chance
    assert np.mean(floor) > 2


def test_the_twin_and_the_mask_carry_all_of_it_as_the_page_asks() -> None:
    text = said_twice(1)
    spec = AttributionSpec(model=str(KEPT), text=text, target="masked token", position=3, device="cpu")
    result = run(spec, Progress())
    values = result.tokens["value"]
    assert set(values.nlargest(2).index) == {3, 3 + HALF}
    assert values.drop([3, 3 + HALF]).abs().max() < 0.01 * values[3 + HALF]
    assert result.areas["deletion, ours"] < result.areas["deletion, random"] - 0.1
