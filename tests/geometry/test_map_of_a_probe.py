"""Maps in a probe's own subspace, and snippets as points: planes against plain formulas, planted classes, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from small import code_folder, small_spec

from probes import analyses, engine, store
from probes.contract import Progress
from probes.errors import StrataError
from probes.export.script import needed
from probes.geometry import MapSpec, maps, projection
from probes.geometry.mapping import rank_of
from probes.geometry.methods import mapped as methods
from probes.geometry.reading import read
from probes.geometry.units import snippet
from probes.probing import ProbingSpec
from probes.probing.analysis import TRAINED
from probes.probing.directions import lent as directions
from probes.syntax.subspace import lent as subspace
from probes.ui import choices
from probes.values import Text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return code_folder(tmp_path_factory.mktemp("code"))


@pytest.fixture
def syntax(tiny_bert: Path, folder: Path, strata_home: Path) -> str:
    plain: dict[str, Any] = dict.fromkeys(("control", "controls", "dimensions", "random_init"), False)
    return _stored(small_spec(tiny_bert, folder, **plain))


@pytest.fixture
def probing(tiny_bert: Path, folder: Path, strata_home: Path) -> str:
    return _stored(_labels(tiny_bert, folder, "leaf-type"))


def _labels(model: Path, folder: Path, label: str) -> ProbingSpec:
    sizes: dict[str, Any] = {"n": 400, "per_text": 12, "seeds": 1, "control": False, "random_init": False}
    return ProbingSpec(model=str(model), corpus=f"code:{folder}", label=label, extras=False, **sizes)


def _stored(spec: Any) -> str:
    pinned = spec.pinned()
    engine.run(pinned)
    return str(pinned.digest)


def question(model: Path, folder: Path, **changes: Any) -> MapSpec:
    return MapSpec(**{"model": str(model), "corpus": f"code:{folder}", "n": 60, "per_text": 4, **changes})


def test_places_are_pca_of_what_the_syntax_probe_sees(tiny_bert: Path, folder: Path, syntax: str) -> None:
    spec = question(tiny_bert, folder, method="probe", run=syntax).pinned()
    result = maps.run(spec, Progress())
    run = store.load(syntax, analyses.find("syntax").result)
    rows = read(spec, Progress()).at("1")
    at = run.layers.index("1")
    seen = (rows - run.center[at]) * run.scale[at] @ run.basis[at] * np.exp(run.stretch[at])
    expected = projection.standard(projection.pca(seen)[0])
    found = result.xy[result.layers.index("1")]
    assert np.linalg.norm(found[:, None] - found[None], axis=-1) == pytest.approx(
        np.linalg.norm(expected[:, None] - expected[None], axis=-1), abs=1e-4
    )
    assert result.layers == run.layers
    assert f"PCA in the syntactic subspace of run {syntax[:12]}" in result.headline()
    assert "in a random subspace of that rank" in result.headline()
    assert result.quality.random.between(0, 1).all()
    assert "learnt from lie farther apart" in result.source.notes[-1]
    assert "PCA [@pearson-1901] of the states in the syntactic subspace" in methods(spec, result)[0]


def test_class_directions_tell_the_classes_apart_as_the_run_did(tiny_bert: Path, folder: Path, probing: str) -> None:
    found = directions(probing)
    run = store.load(probing, analyses.find("probing").result)
    assert found.layers == run.layers
    result = maps.run(question(tiny_bert, folder, method="probe", run=probing).pinned(), Progress())
    assert "the class directions of leaf type" in result.headline()
    rows = read(question(tiny_bert, folder).pinned(), Progress())
    logits = found.project(rows.at(run.best), run.best)
    np.testing.assert_allclose(logits.sum(1), 0, atol=1e-6)  # less what all classes share
    said = rows.at(run.best) @ run.weights[:-1] + run.weights[-1]
    np.testing.assert_allclose(logits, said - said.mean(1, keepdims=True), atol=1e-4)
    # points of one type lie nearer the middle of their own than of another type, about as often as the probe was right
    types = rows.frame.type.to_numpy()
    known = [t for t in np.unique(types) if (types == t).sum() > 2]
    middles = np.stack([logits[types == t].mean(0) for t in known])
    near = np.array(known)[np.linalg.norm(logits[:, None] - middles, axis=-1).argmin(1)]
    own = np.isin(types, known)
    assert (near == types)[own].mean() > run.row(TRAINED, run.best).score - 0.15


@pytest.mark.parametrize("kind", ["probing", "syntax"])
def test_a_run_of_an_earlier_version_is_to_be_asked_again_and_stays_where_it_is(
    kind: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    digest, of = request.getfixturevalue(kind), {"probing": directions, "syntax": subspace}[kind]
    assert digest in choices.NAMED["map_run"]()
    spec = analyses.find(kind).spec
    monkeypatch.setattr(spec, "version", spec.version + 1)
    with pytest.raises(StrataError, match="is of version 3; today's is 4"):
        of(digest)
    assert store.asked(digest)
    assert choices.NAMED["map_run"]() == [""]


def test_a_random_subspace_has_the_rank_of_what_the_probe_sees() -> None:
    draw = np.random.default_rng(0)
    rows, weights = draw.normal(size=(50, 8)), draw.normal(size=(8, 3))
    weights -= weights.mean(1, keepdims=True)
    assert rank_of(rows @ weights) == 2
    assert rank_of(rows @ weights[:, :1] @ np.array([[1, -1]])) == 1
    assert rank_of(rows) == 8
    assert rank_of(np.ones((5, 2))) == 1


def test_a_run_that_lends_nothing_is_refused(
    tiny_bert: Path, tiny_gpt2: Path, folder: Path, probing: str, strata_home: Path
) -> None:
    with pytest.raises(StrataError, match="is of another model than") as caught:
        maps.run(question(tiny_gpt2, folder, method="probe", run=probing).pinned(), Progress())
    assert caught.value.code == "E-MAP-MODEL"
    with pytest.raises(StrataError, match="no syntax or probing run") as caught:
        maps.run(question(tiny_bert, folder, method="probe", run="0" * 32).pinned(), Progress())
    assert caught.value.code == "E-RUN-UNKNOWN"
    number = _stored(_labels(tiny_bert, folder, "depth"))
    with pytest.raises(StrataError, match="tells no classes of single states apart"):
        directions(number)
    means = _labels(tiny_bert, folder, "leaf-type").model_copy(update={"probe": "centroid"})
    with pytest.raises(StrataError, match="The centroid probe of this run has no class directions"):
        directions(_stored(means))
    for of in (directions, subspace):
        with pytest.raises(StrataError, match=r"no \w+ run '1"):
            of("1" * 32)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"method": "probe"}, "needs the digest"),
        ({"run": "0" * 32}, "no other method takes one"),
        ({"method": "probe", "run": "0" * 32, "corpus": "matrix:/m.npy"}, "a matrix is of no model"),
    ],
)
def test_what_no_map_can_be_is_refused_before_anything_is_read(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(StrataError, match=said) as caught:
        maps.run(MapSpec(**{"model": "nothing", **fields}), Progress())
    assert caught.value.code == "E-MAP-RUN"


def test_a_run_is_named_by_its_digest() -> None:
    with pytest.raises(ValidationError, match="match pattern"):
        MapSpec(method="probe", run="x")
    with pytest.raises(ValidationError, match="maps at most 200,000 points"):
        MapSpec(method="probe", run="0" * 32, n=300_000)


def test_a_snippet_is_one_point_without_its_comments(tiny_bert: Path, folder: Path) -> None:
    piece = snippet(Text("def f(x):\n    # why\n    return x\n", "python", "pkg/a.py:3"))
    assert "why" not in piece.text
    assert piece.spans.tolist() == [[0, len(piece.text)]]
    assert (piece.kinds, piece.types) == (("pkg",), ("function_definition",))
    result = maps.run(question(tiny_bert, folder, unit="snippet", n=40).pinned(), Progress())
    assert result.count == 40
    assert len(set(result.points.text)) == 40
    assert "40 snippets of code" in result.headline()
    assert set(result.points.type) == {"function_definition"}


def test_only_code_has_snippets(tiny_bert: Path, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("\n".join(f"line {i}" for i in range(40)))
    spec = MapSpec(model=str(tiny_bert), corpus=f"table:{tmp_path / 't.txt'}", unit="snippet")
    with pytest.raises(StrataError, match="only code has leaves and snippets"):
        maps.run(spec.pinned(), Progress())


def test_a_script_of_such_a_map_trains_the_probe_first(tiny_bert: Path, folder: Path, probing: str) -> None:
    spec = question(tiny_bert, folder, method="probe", run=probing)
    assert [step.digest for step in needed(spec)] == [probing]
