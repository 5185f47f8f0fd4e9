import numpy as np
import pytest

from probes.alignment.forensics import hits_behind, tells

FLORES_MAX = {
    "Mistral-7B": (0.8389, [0.8389, 0.8389, 0.8305, 0.8137, 0.8221]),
    "Llama-1-7B": (0.4156, [0.4114, 0.4156, 0.3408, 0.4073, 0.3907]),
    "OLMo-7B": (0.7711, [0.7017, 0.6323, 0.6477, 0.5629, 0.5552]),
}
"""Published adjusted scores of `flores-max-belebele`, and each model's English score."""
GEMMA = (0.8467, [0.8367, 0.8408, 0.8275, 0.8283, 0.8241])
"""The same of Gemma-7B, which were computed on the whole test set."""


@pytest.mark.parametrize("name", FLORES_MAX)
def test_published_maxima_are_whole_numbers_of_a_hundred_sentences(name: str) -> None:
    task, scores = FLORES_MAX[name]
    assert (hits_behind(np.array(scores), task, 100) >= 0).all()
    assert (hits_behind(np.array(scores), task, 97) < 0).sum() >= 3


def test_published_scores_of_another_number_of_sentences_are_found_out() -> None:
    task, scores = GEMMA
    assert (hits_behind(np.array(scores), task, 100) < 0).sum() >= 3
    assert (hits_behind(np.array(scores), task, 1012) >= 0).all()


@pytest.mark.parametrize(("n", "layers"), [(100, 1), (103, 1), (100, 33)])
def test_what_was_made_of_hits_is_read_back(n: int, layers: int) -> None:
    hits = np.arange(0, n * layers + 1, 7)
    made = np.round(0.8389 * hits / (n * layers), 4)
    assert tells(0.8389, n, layers=layers)
    np.testing.assert_array_equal(hits_behind(made, 0.8389, n, layers=layers), hits)


def test_finer_steps_than_the_rounding_tell_nothing() -> None:
    assert not tells(0.5, 1012, layers=29)
    anything = np.round(np.random.default_rng(0).uniform(0, 0.5, 50), 4)
    assert (hits_behind(anything, 0.5, 1012, layers=29) >= 0).all()


def test_no_share_is_above_one() -> None:
    assert hits_behind(np.array([0.9]), 0.8389, 100).tolist() == [-1]
