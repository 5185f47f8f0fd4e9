"""Minimal pairs: what is planted is told and no more, a pair differs in one thing, a decoder has its own choice."""

import ast
from collections import Counter
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import torch
from copying import KEPT, LETTERS
from headed import saved

from probes.contract import Progress
from probes.corpora import stream
from probes.errors import StrataError
from probes.extract.losses import log_probabilities
from probes.models import language_model, load
from probes.probing import PairsSpec, ProbingSpec
from probes.probing.analysis import RANDOM, TRAINED
from probes.probing.cutting import ALONE
from probes.probing.minimal import COINS, OWN, SHORTER, run
from probes.probing.minimal_fit import Pairs, features, over, tell
from probes.probing.minimal_study import coins
from probes.probing.pairing import MADE, RIGHT, WRONG, differences, differing, pairs
from probes.values import Text

WIDE = 100


@pytest.fixture(scope="module")
def functions() -> list[Text]:
    return list(islice(stream("python-stdlib", language="python", seed=0, skipped=Counter()), 600))


def planted(n: int, gain: float, seed: int = 0) -> tuple[np.ndarray, Pairs]:
    """Return states of pairs that share most of what they are; the right one has `gain` more along one direction."""
    draw = np.random.default_rng(seed)
    shared = np.repeat(6 * draw.normal(size=(n, 1, WIDE)), 2, axis=1)
    rows = shared + draw.normal(size=(n, 2, WIDE))
    rows[:, 0, 3] += gain
    test = np.arange(n) % 4 == 0
    valid = np.array([(np.arange(n) + k) % 5 == 1 for k in range(2)]) & ~test
    nothing: Any = object()
    data = Pairs(nothing, ~valid & ~test, valid, test, draw.random(n) < 0.5, seed)
    return rows.reshape(-1, WIDE).astype(np.float32), data


def told(rows: np.ndarray, data: Pairs, **how: Any) -> list[float]:
    where = np.tile(data.test, (len(data.train), 1))
    return [over(one.hits, where) for one in tell(features(rows, data), data, data.counts, **how)]


def test_a_planted_difference_is_told_from_pairs_where_single_texts_are_not_and_more_pairs_tell_more() -> None:
    rows, data = planted(400, 3.0)
    scores = told(rows, data)
    assert len(scores) == len(data.counts)
    assert scores[-1] > 0.9
    assert scores[0] < 0.8
    full = tell(features(rows, data), data, data.counts[-1:])[0]
    assert full.alone[:, data.test].mean() < full.hits[:, data.test].mean() - 0.15  # what a pair shares cancels


def test_nothing_is_told_where_nothing_is_planted_or_a_coin_has_turned_the_pairs() -> None:
    rows, data = planted(600, 0.0)
    assert abs(told(rows, data)[-1] - 0.5) < 0.1
    rows, data = planted(600, 4.0)
    assert abs(told(rows, data, turned=True)[-1] - 0.5) < 0.1


def test_equal_states_are_half_a_pair_each() -> None:
    rows, data = planted(200, 0.0)
    assert told(np.repeat(rows[::2], 2, axis=0), data) == [0.5] * len(data.counts)


def test_a_larger_part_holds_the_smaller_ones() -> None:
    _, data = planted(300, 1.0)
    parts = [data.portions(count) for count in data.counts]
    for small, large in zip(parts, parts[1:], strict=False):
        assert (large | ~small).all()
        assert (large <= data.train).all()
    assert (parts[0].sum(1) == 2).all()


@pytest.mark.parametrize("label", MADE)
def test_pairs_come_right_first_and_differ_in_one_place(label: str, functions: list[Text], tiny_bert: Path) -> None:
    model = load(str(tiny_bert), device="cpu")
    found = list(pairs(ProbingSpec(label=label), functions, model, Counter()))
    assert len(found) >= 8
    assert [piece.places[0].answer for piece in found] == [RIGHT, WRONG] * (len(found) // 2)
    for right, wrong in zip(found[::2], found[1::2], strict=True):
        assert right.family == wrong.family
        assert right.text != wrong.text
        if label != "docstring":
            for piece in (right, wrong):
                ast.parse(piece.text)
            (a, b), (c, d) = ((p.places[0].start, p.places[0].end) for p in (right, wrong))
            if label != "swapped":  # where the operator stays, and its sides change
                assert right.text[:a] + wrong.text[c:d] + right.text[b:] == wrong.text


def test_an_exception_is_right_as_often_as_it_is_wrong(functions: list[Text], tiny_bert: Path) -> None:
    model = load(str(tiny_bert), device="cpu")
    names: dict[str, Counter[str]] = {RIGHT: Counter(), WRONG: Counter()}
    for piece in pairs(ProbingSpec(label="exception"), functions, model, Counter()):
        place = piece.places[0]
        names[str(place.answer)][piece.text[place.start : place.end]] += 1
    assert names[RIGHT] == names[WRONG]
    assert len(names[RIGHT]) > 2


@pytest.mark.parametrize("label", ["exception", "docstring"])
def test_a_function_that_has_none_to_exchange_with_is_counted(label: str) -> None:
    code = 'def f{0}():\n    """Say what it does."""\n    try:\n        g{0}()\n    except KeyError:\n        pass\n'
    texts, left, model = (
        [Text(code.format(i), "python", str(i)) for i in range(4)],
        Counter[str](),
        cast(Any, object()),
    )
    assert not list(pairs(ProbingSpec(label=label), texts, model, left))
    assert left == {ALONE: 4}


def test_docstrings_are_read_as_whole_texts_where_that_is_asked(functions: list[Text]) -> None:
    model: Any = object()
    for unit, spans in (("text", 1), ("leaf", 2)):
        found = pairs(ProbingSpec(label="docstring", unit=unit), functions[:100], model, Counter())
        assert {len(piece.spans) for piece in found} == {spans}


def test_no_text_is_in_two_pairs_of_a_table_on_whichever_side() -> None:
    rows = [("a b", "a c"), ("d b", "a c"), ("a c", "e f"), ("g h", "a b"), ("i j", "i k"), ("i j", "i l")]
    texts = [Text(good, "", str(i), labels=(("bad", bad),)) for i, (good, bad) in enumerate(rows)]
    nothing, left = cast(Any, object()), Counter[str]()
    found = [piece.text for piece in pairs(ProbingSpec(label="bad", unit="leaf"), texts, nothing, left)]
    assert found == ["a b", "a c", "i j", "i k"]
    assert left == {"repeats a text of another pair": 4}


def test_a_coin_calls_the_same_word_right_wherever_two_words_meet() -> None:
    two = [(f"a{i}", f"b{i}") for i in range(60)]
    words = pd.DataFrame(two + [pair[::-1] for pair in two] + two, columns=["right", "wrong"])
    first, back, again = coins(words, 0).reshape(3, -1)
    assert (first == again).all()
    assert (first != back).all()
    assert 15 < first.sum() < 45
    assert (coins(words, 1)[:60] != first).any()


@pytest.mark.parametrize("label", ["docstring", "swapped", "misuse"])
def test_what_differs_is_shown_with_what_stands_around_it(label: str, functions: list[Text], tiny_bert: Path) -> None:
    model = load(str(tiny_bert), device="cpu")
    for unit, at in (("leaf", "edit"), ("text", "text")):
        found = list(pairs(ProbingSpec(label=label, unit=unit), functions[:200], model, Counter()))
        rows = [(*piece.around(piece.places[0]), i) for i, piece in enumerate(found)]
        frame = pd.DataFrame(rows, columns=["before", "at", "after", "text"])
        examples: Any = SimpleNamespace(frame=frame, texts=[piece.text for piece in found])
        shown = differences(examples, at)
        assert len(shown) >= 4
        assert (shown.right != shown.wrong).mean() > 0.9  # long ones may begin alike
        for row, piece in zip(shown.itertuples(), found[::2], strict=True):
            assert f"{row.before}{row.right}" in piece.text


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ("The keys are lost", "The keys is lost", ("are", "is")),
        ("She walks", "She walk", ("walks", "walk")),
        ("He did not go home", "He did go home", ("not", "go")),
        ("They left", "They left early", ("left", "early")),
        ("a b c", "c b a", ("a b c", "c b a")),
        ("!", "?", ("!", "?")),
    ],
)
def test_the_place_is_the_words_that_differ(one: str, other: str, places: tuple[str, str]) -> None:
    (a, b), (c, d) = differing(one, other)
    assert (one[a:b], other[c:d]) == places


def test_the_log_probability_of_a_text_is_the_sum_over_all_that_can_be_predicted(tiny_llama: Path) -> None:
    lm = language_model(load(str(tiny_llama), device="cpu"))
    texts = ["return value", "def total(values): return sum(values) + 1"]
    found = log_probabilities(lm, texts)
    for text, value in zip(texts, found, strict=True):
        encoded = lm.model.encode([text])
        with torch.inference_mode():
            logs = lm.logits(encoded)[0].log_softmax(-1)
        assert value == pytest.approx(float(sum(logs[i - 1, t] for i, t in enumerate(encoded.ids[0]) if i)), abs=1e-4)


def test_an_encoder_has_no_log_probability(tiny_bert: Path, tmp_path: Path) -> None:
    lm = language_model(load(str(saved("bert", tmp_path / "bert", tiny_bert, masked=True)), device="cpu"))
    with pytest.raises(ValueError, match="predicts masked tokens"):
        log_probabilities(lm, ["return value"])


def copies(path: Path, n: int = 120) -> str:
    """Write letters said twice, and the same with the last one wrong; return the name that reads them."""
    draw, lines = np.random.default_rng(0), ["good,bad"]
    for _ in range(n):
        pattern = draw.permutation(list(LETTERS))[:7].tolist()
        good = pattern + pattern[:5]
        lines.append(f"{' '.join(good)},{' '.join([*good[:-1], pattern[6]])}")
    path.write_text("\n".join(lines) + "\n")
    return f"table:{path}?text=good&label=bad"


def test_a_model_that_copies_prefers_right_copies_though_no_direction_of_its_states_says_so(tmp_path: Path) -> None:
    asked = {"model": str(KEPT), "corpus": copies(tmp_path / "pairs.csv"), "language": "", "label": "bad"}
    result = run(PairsSpec(**asked, device="cpu", seeds=2), Progress())
    rivals = result.baselines.set_index("name")
    assert rivals.score[OWN] > 0.9
    assert result.row(TRAINED, result.best).score < 0.7  # right is to agree with a place, not to be any letter
    assert {*result.beside.choice} <= {"right", "wrong"}
    assert result.beside.n.sum() == result.sizes[2]
    assert abs(rivals.score[SHORTER] - 0.5) < 1e-9  # as many letters each
    assert {RANDOM, COINS} <= {*rivals.index}
    assert (result.pairs["own"] > 0).mean() == pytest.approx(rivals.score[OWN])
    assert result.pairs["right"].str.len().eq(1).all()
    assert set(result.scores["pairs"]) >= {2, 4, 8, 16, 32}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"label": "role"}, "E-LABEL-PAIRS"),
        ({"label": "worse"}, "E-LABEL-UNKNOWN"),
        ({"label": "misuse"}, "E-CORPUS-LANGUAGE"),
    ],
)
def test_what_makes_no_pairs_is_refused(changes: dict[str, Any], code: str, tmp_path: Path) -> None:
    asked = {"model": str(KEPT), "corpus": copies(tmp_path / "pairs.csv"), "language": "", "device": "cpu"}
    with pytest.raises(StrataError) as caught:
        run(PairsSpec(**asked, **changes), Progress())
    assert caught.value.code == code


def test_too_few_pairs_are_refused_and_equal_texts_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "same.csv"
    path.write_text("good,bad\n" + "".join(f"a b {x},a b {x}\n" for x in LETTERS))
    asked = {"model": str(KEPT), "corpus": f"table:{path}?text=good&label=bad", "language": "", "label": "bad"}
    with pytest.raises(StrataError) as caught:
        run(PairsSpec(**asked, device="cpu"), Progress())
    assert caught.value.code == "E-CORPUS-SMALL"
    assert "two equal texts" in str(caught.value)
    assert "0 pairs labelled" in str(caught.value)
