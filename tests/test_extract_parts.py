"""States of attention, MLP and heads: stored like those of the residual stream, and under names of their own."""

from pathlib import Path

import numpy as np
import pytest

from probes import store
from probes.errors import StrataError
from probes.extract import extract
from probes.models import Model, hidden_states, load
from probes.models.provenance import source_of

TEXTS = ["return value", "for item in values"]
SPANS = [np.array([[0, 6], [7, 12]]), np.array([[0, 3], [4, 8], [12, 18]])]


@pytest.fixture
def model(tiny_llama: Path) -> Model:
    return load(str(tiny_llama), device="cpu")


def stored(model: Model, part: str) -> store.States:
    return extract(model, TEXTS, SPANS, source=source_of(model, corpus="two", texts=TEXTS, seed=0), part=part)


@pytest.mark.parametrize(("part", "width"), [("attention", 16), ("mlp", 16), ("heads", 16), ("head:1", 8)])
def test_states_of_a_part_are_what_is_read_there(part: str, width: int, model: Model) -> None:
    states = stored(model, part)
    assert states.layers == model.labels(part) == (f"1 {part}", f"2 {part}")
    assert states.at(f"2 {part}").shape == (5, width)
    alone = hidden_states(model, model.encode(TEXTS[:1]), [f"2 {part}"])[f"2 {part}"][0].numpy()
    offsets = model.encode(TEXTS[:1]).offsets[0]
    inside = [i for i, (a, b) in enumerate(offsets.tolist()) if a < 6 and b > 0]
    np.testing.assert_allclose(states.at(f"2 {part}")[0], alone[inside].mean(0), atol=1e-6)


def test_parts_do_not_stand_in_for_each_other(model: Model) -> None:
    folders = {stored(model, part).folder for part in ("residual", "attention", "mlp", "head:0", "head:1")}
    assert len(folders) == 5
    assert stored(model, "residual").layers == model.layers


def test_a_part_the_model_lacks_is_refused(model: Model) -> None:
    with pytest.raises(StrataError, match="no 'head:2'"):
        stored(model, "head:2")
