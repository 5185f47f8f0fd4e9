"""A label that is planted at a layer is found there and not before; controls stay at chance; bad labels are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import code_folder

from probes import analyses
from probes.contract import Progress
from probes.errors import StrataError
from probes.probing import ProbingSpec, analysis
from probes.probing.analysis import CONTROL, RANDOM, TRAINED
from probes.probing.answers import answered, control
from probes.probing.learning import Task, read_off, right
from probes.probing.reading import Examples
from probes.probing.scoring import Resampling, bounds, calibration, macro_f1
from probes.values import Source

SOURCE = Source("m", "", "0" * 64, "float32", "cpu", "c", "0" * 32, 0)


class Planted:
    """States of three layers, of which the last two hold the answer of each place in one direction."""

    def __init__(self, answers: np.ndarray, seed: int = 0) -> None:
        draw = np.random.default_rng(seed)
        noise = draw.normal(size=(3, len(answers), 12)).astype(np.float32)
        direction = draw.normal(size=12)
        for layer in (1, 2):
            noise[layer] += 3 * np.outer(2 * answers - 1, direction / np.linalg.norm(direction))
        self.rows = dict(zip("012", noise, strict=True))

    def at(self, layer: str) -> np.ndarray:
        return self.rows[layer]


def examples(answers: list[Any], words: list[str] | None = None) -> Examples:
    n = len(answers)
    frame = pd.DataFrame({"answer": pd.Series(answers, dtype=object), "word": words or [f"w{i}" for i in range(n)]})
    frame = frame.assign(before="", at="x", after="", origin="o", text=np.arange(n) // 4)
    families = tuple(f"text {i}" for i in range(n // 4 + 1))
    codes = pd.factorize(frame["answer"])[0]
    states: Any = {TRAINED: Planted(np.minimum(codes, 1))}
    return Examples(frame, families, families, states, np.arange(n), False, ("0", "1", "2"), 2, SOURCE, {})


def task_of(data: Examples, classes: int) -> Task:
    return Task(*data.masks(0, 2), classes, "linear", 0)


def test_a_planted_direction_is_found_at_its_layer_and_not_before() -> None:
    coin = np.random.default_rng(3).integers(0, 2, 800)
    data, answers, _ = answered(examples(["yes" if c else "no" for c in coin]), "x", "auto")
    task = task_of(data, 2)
    fake = control(data, answers, 0)
    where = np.tile(task.test, (2, 1))
    score = {}
    for layer in data.layers:
        real, other = read_off(task.features(data.at(TRAINED, layer)), [answers.values, fake], task)
        score[layer] = right(real, answers, where)
        assert abs((other.said == fake)[:, task.test].mean() - 0.5) < 0.12  # every word is new: chance
    assert abs(score["0"] - 0.5) < 0.12
    assert score["1"] > 0.98
    assert score["2"] > 0.98


@pytest.mark.parametrize(("value", "says"), [(0.0, "knows none of the words"), (np.nan, "read in float32")])
def test_states_of_which_nothing_can_be_learnt_are_refused_with_the_reason(value: float, says: str) -> None:
    data = examples(["a", "b"] * 100)
    planted: Any = data.states[TRAINED]
    planted.rows["1"][:] = value
    with pytest.raises(StrataError, match=says) as caught:
        data.at(TRAINED, "1")
    assert caught.value.code == "E-STATES-NAN"


def test_equal_texts_never_sit_on_two_sides() -> None:
    data = examples(["a", "b"] * 100)
    twice = Examples(**{**vars(data), "families": data.families[:25] * 3})
    train, valid, test = twice.masks(0, 2)
    text = twice.frame["text"].to_numpy()
    for side in (*train, *valid, test):
        inside = {twice.families[t] for t in text[side]}
        assert not inside & {twice.families[t] for t in text[~side]}
    assert (train.astype(int) + valid + test == 1).all()


def test_a_control_label_depends_on_the_word_alone_and_keeps_the_shares() -> None:
    words = [f"word {i % 150}" for i in range(600)]
    data, answers, _ = answered(examples((["a"] * 3 + ["b"]) * 150, words), "x", "auto")
    fake = control(data, answers, 5)
    assert all(len(set(fake[np.array(words) == word])) == 1 for word in set(words))
    assert abs(fake.mean() - 0.25) < 0.12
    assert (control(data, answers, 5) == fake).all()
    assert (control(data, answers, 6) != fake).any()


def test_classes_numbers_and_refusals() -> None:
    assert answered(examples([float(i) for i in range(80)]), "x", "auto")[1].numeric
    assert answered(examples([i % 3 for i in range(80)]), "x", "auto")[1].names == ("0", "1", "2")
    rare, known, left = answered(examples(["a", "b"] * 40 + ["c"] * 4), "x", "classes")
    assert (len(rare.frame), known.names, left) == (80, ("a", "b"), {"an answer among the 1 rarest": 4})
    for bad, task, code in (
        (["a"] * 80, "auto", "E-LABEL-ONE"),
        (["a"] * 76 + ["b"] * 4, "auto", "E-LABEL-ONE"),
        ([1.0] * 80, "numbers", "E-LABEL-ONE"),
        ([1.0, "two"] * 40, "numbers", "E-LABEL-NUMBER"),
    ):
        with pytest.raises(StrataError) as refusal:
            answered(examples(bad), "x", task)
        assert refusal.value.code == code


def test_scores_are_those_of_the_definition() -> None:
    true, said = np.array([0, 0, 0, 1]), np.array([[0, 0, 1, 1], [0, 0, 0, 0]])
    again = Resampling.over(np.array([0, 0, 1, 1]), 2, 0)
    hits = (said == true).astype(float)
    value, low, high = bounds(again.ratio(hits, np.ones(4)))
    assert (value, low <= value <= high) == (0.75, True)
    assert bounds(again.ratio(hits, np.ones(4), true))[0] == pytest.approx((5 / 6 + 1 / 2) / 2)
    # tp, fp, fn over both seeds: 5, 1, 1 of class 0 and 1, 1, 1 of class 1
    assert macro_f1(true, said, 2) == pytest.approx((10 / 12 + 2 / 4) / 2)
    error, bins = calibration(np.array([[1, 0, 1, 1]]), np.array([[0.95, 0.95, 0.55, 0.55]]))
    assert error == pytest.approx((0.45 + 0.45) / 2)
    assert bins.n.tolist() == [2, 2]


@pytest.fixture(scope="module")
def asked(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = code_folder(tmp_path_factory.mktemp("code"))
    return {"model": str(tiny_bert), "corpus": f"code:{folder}", "n": 400, "per_text": 12, "seeds": 2}


@pytest.mark.parametrize("label", ["role", "depth", "misuse"])
def test_a_run_says_its_numbers_and_draws_its_figures(asked: dict[str, Any], label: str) -> None:
    more = {"corpus": "python-stdlib", "n": 120, "random_init": False} if label == "misuse" else {"n": 240}
    spec = ProbingSpec(**{**asked, **more}, label=label)
    result = analysis.run(spec, Progress())
    assert set(result.scores.series) | {RANDOM} == {TRAINED, CONTROL, RANDOM}
    row = result.row(TRAINED, result.best)
    assert f"at layer {result.best} of 2: {result.measure} {row.score:.2f}" in result.headline()
    best = result.scores[result.scores.series == TRAINED].set_index("layer").valid
    assert best[result.best] == best.max()
    gains = result.baselines
    assert np.allclose(gains.gain, row.score - gains.score)
    assert ((result.scores.low <= result.scores.score) & (result.scores.score <= result.scores.high)).all()
    for draw in analyses.of(spec).figures.values():
        assert draw(result).to_dict()
    assert all(analyses.of(spec).methods(spec, result))


def test_what_cannot_be_asked_is_refused(asked: dict[str, Any], tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("text,topic\n" + "".join(f"a text number {i},{'ab'[i % 2]}\n" for i in range(80)))
    plain = {"corpus": f"table:{table}?label=topic", "language": ""}
    for changes, code in (
        ({"label": "rolle"}, "E-LABEL-UNKNOWN"),
        ({**plain, "label": "role"}, "E-CORPUS-LANGUAGE"),
        ({**plain, "label": "topics", "unit": "text"}, "E-LABEL-UNKNOWN"),
        ({"label": "exception"}, "E-CORPUS-SMALL"),
    ):
        with pytest.raises(StrataError) as refusal:
            analysis.run(ProbingSpec(**{**asked, **changes}), Progress())
        assert refusal.value.code == code


def test_a_column_of_a_table_is_a_label(asked: dict[str, Any], tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text(
        "text,topic\n" + "".join(f"{'value' if i % 2 else 'print'} {i},{'ab'[i % 2]}\n" for i in range(160))
    )
    plain = {"corpus": f"table:{table}?label=topic", "label": "topic", "language": "", "unit": "text"}
    result = analysis.run(ProbingSpec(**{**asked, **plain, "random_init": False, "extras": False}), Progress())
    assert result.row(TRAINED, result.best).score > 0.9
    assert result.row(CONTROL, result.best).score < 0.75
