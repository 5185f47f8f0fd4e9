"""Whole runs on the tiny model: what a point is, which texts take part, what is measured of them, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import code_folder

from probes.contract import Progress
from probes.errors import StrataError
from probes.geometry import GeometryResult, GeometrySpec, MapResult, MapSpec, analysis, maps, measure
from probes.geometry.reading import read
from probes.geometry.study import halves
from probes.geometry.units import leaves, tokens, words
from probes.values import Text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return code_folder(tmp_path_factory.mktemp("code"))


def question(kind: Any, model: Path, folder: Path, **changes: Any) -> Any:
    return kind(**{"model": str(model), "corpus": f"code:{folder}", "n": 80, "per_text": 5, **changes})


def test_points_of_a_piece_of_code_are_where_they_say() -> None:
    text = Text("def f(x):\n    return 'é' + x  # no\n", "python", "a.py:1")
    found = leaves(text)
    assert [found.text[a:b] for a, b in found.spans] == ["def", "f", "(", "x", ")", ":", "return", "'é'", "+", "x"]
    assert found.kinds[:3] == ("keyword", "identifier", "punctuation")
    assert found.around(7) == ("def f(x):\n    return ", "'é'", " + x\n")
    some = found.take(np.array([1, 7]))
    assert (some.around(1)[1], some.kinds) == ("'é'", ("identifier", "literal"))


def test_words_and_tokens_do_not_overlap() -> None:
    text = Text("Aña's 2 cats", "en", "t:1")
    assert [text.text[a:b] for a, b in words(text).spans] == ["Aña", "'", "s", "2", "cats"]
    offsets = np.array([[0, 3], [0, 3], [2, 4], [5, 5], [6, 7]])  # two tokens of one character, one astride, one empty
    assert tokens(text, offsets).spans.tolist() == [[0, 3], [6, 7]]


@pytest.mark.parametrize("unit", ["leaf", "word", "token", "text"])
def test_every_unit_gives_points_with_finite_states(tiny_bert: Path, folder: Path, unit: str) -> None:
    points = read(question(GeometrySpec, tiny_bert, folder, unit=unit, n=40), Progress())
    assert len(points.frame) == 40
    assert points.at("1").shape == (40, 16)
    whole = points.frame.text.map(lambda i: points.texts[i])
    assert all(w in t for w, t in zip(points.frame.word, whole, strict=True))
    assert points.frame.text.value_counts().max() <= (1 if unit == "text" else 5)


def test_what_is_measured_are_the_states_of_half_of_the_texts(tiny_bert: Path, folder: Path) -> None:
    spec = question(GeometrySpec, tiny_bert, folder)
    result: GeometryResult = analysis.run(spec, Progress())
    points = read(spec, Progress())
    mine = halves(points, spec.seed)
    assert 20 < mine.sum() == result.points < 60
    assert not set(points.frame.text[mine]) & set(points.frame.text[~mine])
    for layer in result.layers:
        rows = points.at(layer)
        for name in ("mean-cosine", "isoscore", "two-nn", "norm"):
            row = result.row(name, layer)
            assert row.value == pytest.approx(measure(name)(rows[mine]))
            assert row.low < row.value < row.high
        centred = rows[mine] - rows[~mine].astype(float).mean(0)
        assert result.row("mean-cosine", layer, treatment="centred").value == pytest.approx(
            measure("mean-cosine")(centred)
        )
        assert result.row("norm", layer, "isotropic, same norms").value == pytest.approx(
            result.row("norm", layer).value
        )
    assert result.row("mean-cosine", "1", "random init").value != result.row("mean-cosine", "1").value
    cosines = result.scores[(result.scores.measure == "mean-cosine") & (result.scores.series == "trained model")].query(
        "treatment == 'as they are'"
    )
    assert result.narrowest == cosines.layer[cosines.value.idxmax()]
    with pytest.raises(KeyError, match="No value of 'x' at layer '1'"):
        result.row("x", "1")


def test_without_random_weights_the_headline_does_not_speak_of_them(tiny_bert: Path, folder: Path) -> None:
    result = analysis.run(question(GeometrySpec, tiny_bert, folder, random_init=False, draws=1), Progress())
    assert "random weights" not in result.headline()
    assert "random init" not in set(result.scores.series)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_map_has_a_place_for_every_point_at_every_layer(tiny_bert: Path, folder: Path, method: str) -> None:
    result: MapResult = maps.run(question(MapSpec, tiny_bert, folder, method=method, n=60, neighbours=5), Progress())
    assert result.xy.shape == (3, 60, 2)
    assert result.near.shape == (3, 60, 10)
    np.testing.assert_allclose(np.square(result.xy).sum(2).mean(1), 1, rtol=1e-4)
    assert np.isfinite(result.explained).all() == (method == "pca")
    assert (result.quality.stability == 1).all() == (method == "pca")
    assert (result.quality.neighbours > 2 * result.quality.chance).all()
    for before, after in zip(result.xy[:-1], result.xy[1:], strict=True):
        gain = np.linalg.svd(after.T @ before, compute_uv=False).sum() - np.trace(after.T @ before)
        assert gain == pytest.approx(0, abs=1e-3)  # no turn brings it nearer
    assert len(result.around(3, "1")) == 10
    assert 3 not in result.near[:, 3]


def test_prose_has_no_leaves_and_few_points_are_said(tiny_bert: Path, folder: Path, tmp_path: Path) -> None:
    prose = tmp_path / "a.txt"
    prose.write_text("\n".join(f"line number {i} of some text" for i in range(40)))
    with pytest.raises(StrataError, match="holds no code, and only code has leaves") as found:
        read(question(GeometrySpec, tiny_bert, folder, corpus=f"table:{prose}"), Progress())
    assert found.value.code == "E-CORPUS-LANGUAGE"
    prose.write_text("one line of text\n")
    with pytest.raises(StrataError, match="The corpus gives too few points: word by word.") as found:
        read(question(GeometrySpec, tiny_bert, folder, corpus=f"table:{prose}", unit="word"), Progress())
    assert found.value.code == "E-CORPUS-SMALL"
    prose.write_text("\n".join(f"line number {i} of {i * i} text" for i in range(12)))
    points = read(question(MapSpec, tiny_bert, folder, corpus=f"table:{prose}", unit="word"), Progress())
    assert any("points of the 80 asked for" in note for note in points.source.notes)


def test_one_long_text_cannot_be_measured_on_itself(tiny_bert: Path, folder: Path, tmp_path: Path) -> None:
    prose = tmp_path / "a.txt"
    prose.write_text(" ".join(f"word{i}" for i in range(60)))
    with pytest.raises(StrataError, match="One half of the texts has 0 points") as found:
        analysis.run(
            question(GeometrySpec, tiny_bert, folder, corpus=f"table:{prose}", unit="word", per_text=60), Progress()
        )
    assert found.value.why == "What is fitted on a text is never measured on it."
