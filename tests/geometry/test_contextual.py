"""Static beside contextual: senses against scikit-learn, planted senses found, none for static vectors, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import f1_score, silhouette_score
from small import code_folder

from probes.contract import Progress
from probes.errors import StrataError
from probes.geometry import ContextualResult, ContextualSpec
from probes.geometry.comparing import _maps, _together
from probes.geometry.contextual import ALONE, COMMONEST, RANDOM, TABLE, run
from probes.geometry.methods import contextual as methods
from probes.geometry.reading_off import FOLDS, Judged, at_best, macro_f1, said, shares, shuffled
from probes.geometry.representations import forms_of, read
from probes.geometry.senses import ambiguous, apart, nearest_use, silhouette, told_apart


@pytest.fixture(scope="module")
def result(tiny_bert: Path) -> ContextualResult:
    return run(ContextualSpec(model=str(tiny_bert), label="living", draws=5, method="pca").pinned(), Progress())


def judged(answers: np.ndarray, seed: int = 0) -> Judged:
    draw = np.random.default_rng(seed)
    n = len(answers)
    return Judged(answers, np.arange(n), draw.integers(0, FOLDS, n), draw.integers(0, 4, n))


def test_the_silhouette_is_scikit_learns() -> None:
    draw = np.random.default_rng(0)
    rows, senses = draw.normal(size=(20, 6)), np.repeat([0, 1, 2], [5, 7, 8])
    expected = silhouette_score(rows, senses, metric="cosine")
    assert silhouette(apart(rows), senses) == pytest.approx(expected, abs=1e-9)


def test_the_nearest_use_is_a_loop_over_uses() -> None:
    draw = np.random.default_rng(1)
    rows, senses = draw.normal(size=(15, 4)), np.arange(15) % 3
    far = apart(rows)
    hits = []
    for i in range(15):
        others = [j for j in range(15) if j != i]
        hits.append(senses[min(others, key=lambda j: far[i, j])] == senses[i])
    assert nearest_use(far, senses) == pytest.approx(np.mean(hits))


def test_planted_senses_are_told_apart_and_equal_vectors_give_exactly_chance() -> None:
    labels = ["a"] * 6 + ["b"] * 6
    word = ambiguous(["w"] * 12, labels)
    rows = np.repeat(np.eye(3)[:2], 6, axis=0) + 0.01 * np.random.default_rng(0).normal(size=(12, 3))
    found, chance = told_apart(rows, word, draws=200, seed=0)
    assert found[0, 0] == 1
    assert found[0, 1] > 0.9
    assert chance[:, 0, 0].mean() == pytest.approx(5 / 11, abs=0.03)
    static, shuffled_static = told_apart(np.ones((12, 3)), word, draws=3, seed=0)
    np.testing.assert_allclose(static[0], [5 / 11, 0])
    np.testing.assert_allclose(shuffled_static[:, 0, 0], 5 / 11)


def test_only_words_of_two_senses_with_two_uses_each_are_ambiguous() -> None:
    words = ["x", "x", "x", "x", "y", "y", "y", "z", "z"]
    labels = ["1", "2", "1", "2", "1", "1", "2", "1", "1"]
    found = ambiguous(words, labels)
    assert [(one.word, one.rows.tolist(), one.senses.tolist()) for one in found] == [("x", [0, 2, 1, 3], [0, 0, 1, 1])]


def test_a_probe_reads_what_is_planted_and_nothing_of_shuffled_classes() -> None:
    draw = np.random.default_rng(0)
    answers = draw.integers(0, 3, 240)
    rows = draw.normal(size=(240, 20))
    rows[:, :3] += 6 * np.eye(3)[answers]
    at = judged(answers)
    right, penalties = said(rows, at)
    assert (right == answers).mean() > 0.97
    assert (said(rows, at, dimensions=3)[0] == answers).mean() > 0.97
    assert shuffled(rows, at, penalties, seed=0).mean() < 0.5
    noise = draw.normal(size=(240, 20))
    assert (said(noise, at)[0] == answers).mean() < 0.5
    assert (said(np.ones((240, 4)), at)[0] == answers).mean() < 0.5  # constant columns say nothing, and no more


def test_no_function_of_the_word_beats_the_word_at_its_best() -> None:
    draw = np.random.default_rng(0)
    words, answers = draw.integers(0, 5, 100), draw.integers(0, 3, 100)
    best = at_best(words.astype(str), answers).mean()
    for _ in range(50):
        guess = draw.integers(0, 3, 5)[words]
        assert (guess == answers).mean() <= best
    tables = [np.bincount(answers[words == w]).max() for w in range(5)]
    assert best == pytest.approx(sum(tables) / 100)


def test_forms_are_as_fine_as_what_the_vectors_see() -> None:
    table = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    assert forms_of(["May", "may", "may", "may"], table).tolist() == [0, 1, 1, 2]


def test_a_text_stands_once_for_each_of_its_words_and_is_one_text(tiny_bert: Path, tmp_path: Path) -> None:
    lines = ["text,word,topic"]
    for i in range(60):
        lines += [f"alpha {i} then Beta,{word},t{i % 2}" for word in ("alpha", "beta", "alpha")]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    corpus = f"table:{tmp_path / 't.csv'}?text=text&label=word&label=topic"
    given: dict[str, Any] = {"corpus": corpus, "label": "topic", "random_init": False, "n": 200, "method": "pca"}
    found = read(ContextualSpec(model=str(tiny_bert), **given).pinned(), Progress())
    frame, text = found.words.frame, found.words.judged.text
    assert len(frame) == 120
    assert set(frame.word) == {"alpha", "Beta"}
    assert set(np.unique(text, return_counts=True)[1]) == {2}
    assert found.left_out["repeats another text"] == 60
    assert len(found.layers) == 3


def test_a_map_of_points_that_are_all_one_is_not_trusted() -> None:
    draw = np.random.default_rng(0)
    spec = ContextualSpec(method="pca")
    one, two = np.ones((40, 4)), np.repeat(np.eye(4)[:2], 20, axis=0)
    mixed = draw.normal(size=(40, 4))
    assert np.isnan(_maps([one, two, mixed], np.arange(40) % 2, spec)[1]).tolist() == [True, True, False]


def test_scores_agree_with_other_code_and_a_text_is_resampled_whole() -> None:
    draw = np.random.default_rng(0)
    one, other = draw.integers(0, 4, 60), draw.integers(0, 4, 60)
    assert macro_f1(one, other) == pytest.approx(f1_score(other, one, average="macro"))
    values = np.repeat([0.0, 1.0], 30)
    narrow, wide = shares(values, np.arange(60), 0), shares(values, np.repeat([0, 1], 30), 0)
    assert narrow[0] == wide[0] == pytest.approx(0.5)
    assert wide[2] - wide[1] == pytest.approx(1)
    assert narrow[2] - narrow[1] < 0.4


def test_equal_rows_share_a_place() -> None:
    rows = np.array([[1.0, 0], [0, 1], [1, 0]])
    np.testing.assert_allclose(_together(np.array([[0.0, 0], [5, 5], [2, 4]]), rows), [[1, 2], [5, 5], [1, 2]])


def test_the_demo_on_a_tiny_model(result: ContextualResult) -> None:
    names = result.scores[result.scores.series != RANDOM]["name"].tolist()
    assert names == [TABLE, "0", "1", "2"]
    table = result.sense("nearest use", TABLE)
    assert table.value == pytest.approx(5 / 11)
    assert result.sense("silhouette", TABLE).value == pytest.approx(0, abs=1e-6)
    base = result.baselines.set_index("name").accuracy
    assert base[COMMONEST] == base[ALONE] == pytest.approx(0.5)
    assert (result.scores.accuracy[result.scores["name"] == TABLE] <= 0.5).all()
    assert result.mapped[0] == TABLE
    assert result.xy.shape == (len(result.mapped), 144, 2)
    assert result.classes == 2
    assert "living (2 labels)" in " ".join(methods(ContextualSpec(), result))


def test_static_vectors_of_ones_own_stand_beside_and_unknown_words_leave_all(tiny_bert: Path, tmp_path: Path) -> None:
    words = ["bat", "crane", "seal", "mouse", "ruler", "star", "plant", "bug"]
    rows = np.random.default_rng(0).normal(size=(8, 6))
    lines = [f"{word} {' '.join(map(str, row))}" for word, row in zip(words, rows, strict=True)]
    (tmp_path / "v.txt").write_text("\n".join(lines))
    spec = ContextualSpec(
        model=str(tiny_bert), static=str(tmp_path / "v.txt"), label="living", random_init=False, draws=5, method="pca"
    ).pinned()
    found = run(spec, Progress())
    assert found.scores["name"].tolist() == ["v.txt", TABLE, "0", "1", "2"]
    assert len(found.points) == 96
    assert found.left_out == {"uses of words without a static vector": 48}
    assert set(found.points.type) == set(words)
    assert found.sense("nearest use", "v.txt", "static vectors").value == pytest.approx(5 / 11)
    assert found.scores.accuracy.iloc[0] <= 0.5
    assert spec.unpinned().static == str(tmp_path / "v.txt")


def test_every_leaf_of_code_is_a_word_when_none_is_named(tiny_bert: Path, tmp_path: Path) -> None:
    fields: dict[str, Any] = {"corpus": f"code:{code_folder(tmp_path)}", "language": "python", "word": "", "n": 120}
    found = run(
        ContextualSpec(model=str(tiny_bert), label="kind", random_init=False, method="pca", **fields), Progress()
    )
    assert "identifier" in set(found.points.kind)
    assert found.senses.empty
    assert "nearest use" not in found.headline()
    assert (found.points.word == found.points.type).all()


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"label": "topic"}, "E-LABEL-COLUMN", "The corpus has no column 'topic'"),
        ({"word": "nothing"}, "E-LABEL-COLUMN", "Its columns are: word, sense, living"),
        ({"word": "sense"}, "E-CORPUS-SMALL", "0 of 0 labels"),
        ({"label": "sense", "n": 40}, "E-CORPUS-SMALL", "labels have at least 5 uses"),
    ],
)
def test_what_cannot_be_compared_is_refused(tiny_bert: Path, fields: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(StrataError) as caught:
        run(ContextualSpec(model=str(tiny_bert), random_init=False, **fields), Progress())
    assert caught.value.code == code
    assert said in f"{caught.value.what} {caught.value.why}"


def test_too_many_labels_are_refused(tiny_bert: Path, tmp_path: Path) -> None:
    lines = ["text,word,topic"] + [f"item {i} {'x' * (i % 7)} name,name,t{i % 110}" for i in range(660)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    corpus = f"table:{tmp_path / 't.csv'}?text=text&label=word&label=topic"
    with pytest.raises(StrataError, match="There are 110 labels") as caught:
        run(ContextualSpec(model=str(tiny_bert), corpus=corpus, label="topic", random_init=False), Progress())
    assert caught.value.code == "E-LABEL-MANY"


def test_the_question_refuses_what_means_nothing() -> None:
    for wrong in ({"n": 10}, {"method": "umap"}, {"draws": 1}, {"dimensions": -1}):
        with pytest.raises(ValidationError):
            ContextualSpec(**wrong)


@pytest.mark.weights
def test_minilm_pulls_the_senses_of_homonyms_apart(minilm: str) -> None:
    found = run(ContextualSpec(model=minilm, random_init=False, draws=20, method="pca").pinned(), Progress())
    table, first, last = (found.sense("nearest use", name) for name in (TABLE, "0", "6"))
    assert table.value == pytest.approx(5 / 11, abs=1e-6)
    assert first.value < first.chance_high + 0.05
    assert last.value > 0.8
    assert last.low > last.chance_high
    assert found.beyond[1] > 0
