"""Draws of the structural probe are judged on the same sentences, and pairs of words are found on any device."""

from pathlib import Path

import numpy as np
import pytest
import torch

from probes.contract import Progress
from probes.probing import StructuralSpec, structural
from probes.probing.scoring import Resampling
from probes.probing.structural import MEASURES, UUAS
from probes.probing.structural_fit import pairs_of
from probes.probing.structural_scores import Judged


def test_pairs_are_of_two_different_words_on_the_device_of_the_sentences() -> None:
    found = pairs_of(torch.tensor([[True, True, False]]))
    assert found.int().tolist() == [[[0, 1, 0], [1, 0, 0], [0, 0, 0]]]
    assert pairs_of(torch.ones(2, 3, dtype=torch.bool, device="meta")).is_meta


def test_draws_are_judged_on_the_same_sentences_and_the_first_is_that_of_one_draw(tiny_bert: Path) -> None:
    asked = StructuralSpec(model=str(tiny_bert), rank=4, steps=6, ranks=False, control=False, random_init=False)
    one, three = (structural.run(asked.model_copy(update={"seeds": n}), Progress()) for n in (1, 3))
    assert one.sizes[2] == three.sizes[2]
    assert one.sentences["text"].tolist() == three.sentences["text"].tolist()
    key = ["layer", "measure"]
    values = [run.scores.set_index(key)["value"] for run in (one, three)]
    assert not np.allclose(*values)  # others train, and other starts
    sums = Judged.joined([judged([1.0, 0.0]), judged([0.0, 0.0]), judged([1.0, 1.0])])
    assert sums.value(UUAS, 0) == pytest.approx(0.5)
    assert sums.draws(UUAS, 0, Resampling.over(np.arange(2), 3, 0))[0] == pytest.approx(0.5)


def judged(right: list[float]) -> Judged:
    """Return what one probe has right of two sentences of one edge each."""
    ones = np.ones((1, len(right)))
    return Judged(dict.fromkeys(MEASURES, np.array([[right]])), dict.fromkeys(MEASURES, ones), np.array([5, 6]))
