"""Why does a probe give a token its class, a span its label? The margin is the probe's own, and is shared out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small import code_folder, small_spec

from probes import engine
from probes.attribution import AttributionSpec
from probes.attribution.probed import labelled
from probes.attribution.targets import Asked, question
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import hidden_states, load
from probes.probing import ProbingSpec, margins
from probes.probing.answers import answered
from probes.probing.learning import Task, kept, read_off
from probes.probing.reading import read
from probes.syntax import SyntaxSpec
from probes.syntax import margins as spans

CODE = "def total(values, count):\n    return values + count * 3\n"
PLAIN: dict[str, Any] = dict.fromkeys(("control", "random_init", "extras"), False)


@pytest.fixture
def probed(tiny_bert: Path, tmp_path: Path) -> ProbingSpec:
    corpus = f"code:{code_folder(tmp_path / 'code')}"
    spec = ProbingSpec(model=str(tiny_bert), corpus=corpus, n=300, per_text=10, seeds=2, **PLAIN).pinned()
    engine.run(spec)
    return spec


@pytest.fixture
def parsed(tiny_bert: Path, tmp_path: Path) -> SyntaxSpec:
    plain = dict.fromkeys(("control", "controls", "dimensions", "random_init"), False)
    spec: SyntaxSpec = small_spec(tiny_bert, code_folder(tmp_path / "other"), **plain).pinned()
    engine.run(spec)
    return spec


def test_the_kept_probe_says_what_the_run_said(probed: ProbingSpec) -> None:
    run = engine.run(probed)
    assert run.weights.shape == (17, len(run.said))
    places, answers, _ = answered(read(probed, Progress()), probed.label, probed.task)
    task = Task(*places.masks(0, 2), len(answers.names), "linear", 0)
    rows = places.at("trained model", run.best)
    first = read_off(task.features(rows), [answers.values], task)[0]
    probe = kept(rows, answers, task, float(first.penalty[0]))
    assert np.allclose(probe, run.weights, atol=1e-5)
    assert ((rows @ probe[:-1] + probe[-1]).argmax(1) == first.said[0]).mean() > 0.99


def test_a_class_has_its_own_margin_and_it_is_shared_out(probed: ProbingSpec) -> None:
    run = engine.run(probed)
    model = load(probed.model, device="cpu")
    given: dict[str, Any] = {"model": probed.model, "text": CODE, "target": "a class", "run": probed.digest}
    at = 5
    values = {}
    for name in run.said:
        asked = question(model, Asked(CODE, "a class", position=at, run=probed.digest, label=name))
        with torch.no_grad():
            values[name] = float(asked.read(asked.encoded)[0])
    assert sum(value > 0 for value in values.values()) == 1  # the class that is said
    said = max(values, key=lambda name: values[name])
    start, end = asked.encoded.offsets[0, at]
    first, last = margins.where(probed, CODE, (start, end))
    inside = (asked.encoded.offsets[0, :, 0] < last) & (asked.encoded.offsets[0, :, 1] > first)
    state = hidden_states(model, asked.encoded, [run.best])[run.best][0][torch.from_numpy(inside)].mean(0).numpy()
    scores = state @ run.weights[:-1] + run.weights[-1]
    assert run.said[int(scores.argmax())] == said
    assert values[said] == pytest.approx(np.sort(scores)[-1] - np.sort(scores)[-2], abs=1e-4)
    found = engine.run(AttributionSpec(**given, position=at, method="integrated gradients", steps=256, draws=0))
    assert f"“{said}”" in found.headline()
    assert found.score == pytest.approx(values[said], abs=1e-4)
    assert found.error is not None
    assert found.error < 2


def test_a_place_is_what_the_run_read_there(probed: ProbingSpec) -> None:
    text = 'print("two words", total_1)'
    quote = (text.index("two"), text.index("two") + 3)
    leaf = margins.where(probed, text, quote)
    assert text[slice(*leaf)] in ('"two words"', "two words")
    for unit, said in (("word", "two"), ("token", "two"), ("text", text)):
        asked = probed.model_copy(update={"unit": unit})
        assert text[slice(*margins.where(asked, text, quote))] == said
    assert margins.where(probed, "def (", (1, 2)) == (0, 3)  # not whole: by words


def test_a_span_has_the_label_that_the_snippet_view_gives_it(parsed: SyntaxSpec) -> None:
    run = engine.run(parsed)
    model = load(parsed.model, device="cpu")
    text = spans.text_of(parsed.digest, CODE)
    at = 6
    values = {}
    for name in run.constituents:
        asked = question(model, Asked(text, "a span", position=at, run=parsed.digest, label=name))
        with torch.no_grad():
            values[name] = float(asked.read(asked.encoded)[0])
    assert sum(value > 0 for value in values.values()) == 1
    said = max(values, key=lambda name: values[name])
    given: dict[str, Any] = {"model": parsed.model, "text": CODE, "target": "a span", "run": parsed.digest}
    found = engine.run(AttributionSpec(**given, position=at, method="feature ablation", draws=0))
    assert f"“{said}”" in found.headline()
    assert found.score == pytest.approx(values[said], abs=1e-4)
    commented = engine.run(AttributionSpec(**{**given, "text": f"# why\n{CODE}"}, position=at, draws=0))
    assert commented.score == pytest.approx(found.score, abs=1e-4)
    assert any("Comments" in note for note in commented.source.notes)


def test_leaves_joined_by_blanks_are_read_as_the_run_read_them(parsed: SyntaxSpec) -> None:
    joined = parsed.model_copy(update={"input": "leaves"})
    run = engine.run(joined)
    code = f"# why\n{CODE}"
    given: dict[str, Any] = {"model": joined.model, "text": code, "target": "a span", "run": joined.digest, "draws": 0}
    found = engine.run(AttributionSpec(**given, method="feature ablation", position=6))
    text = spans.text_of(joined.digest, code)
    assert text.startswith("def total ( values , count ) :")
    assert found.tokens["token"].tolist()[1:8] == ["def", "total", "(", "values", ",", "count", ")"]
    assert any(f"the probe's margin for “{name}”" in found.headline() for name in run.constituents)
    assert any("joined by blanks" in note for note in found.source.notes)
    with pytest.raises(StrataError, match="nodes are of the code as written") as caught:
        engine.run(AttributionSpec(**given, method="occlusion by node", language="python"))
    assert caught.value.code == "E-TARGET"


def test_what_has_no_class_is_refused(probed: ProbingSpec, parsed: SyntaxSpec, tiny_llama: Path) -> None:
    mlp = probed.model_copy(update={"probe": "centroid"})
    engine.run(mlp)
    given: dict[str, Any] = {"model": probed.model, "text": CODE, "target": "a class", "draws": 0}
    for more, said in (
        ({}, "not said"),
        ({"target": "a span"}, "not said"),
        ({"run": "0" * 32}, "no probing run"),
        ({"run": parsed.digest}, "no probing run"),
        ({"run": probed.digest, "target": "a span"}, "no syntax run"),
        ({"run": probed.digest, "label": "nonsense"}, "no class"),
        ({"run": probed.digest, "position": 0}, "Token 0 of this text is none of its words'. Its own tokens are 1 to"),
        ({"run": parsed.digest, "target": "a span", "label": "nonsense"}, "no label"),
        ({"run": mlp.digest}, "no classes with a margin"),
        ({"run": probed.digest, "model": str(tiny_llama)}, "other weights"),
    ):
        with pytest.raises(StrataError, match=said):
            engine.run(AttributionSpec(**{**given, **more}))


def test_a_token_that_stands_for_no_character_has_no_class(probed: ProbingSpec) -> None:
    model = load(probed.model, device="cpu")
    encoded = model.encode([CODE])
    offsets = encoded.offsets.copy()
    offsets[0, 2] = CODE.index(" ")  # some tokenizers cut a blank into a token of no width
    asked = Asked(CODE, "a class", position=2, run=probed.digest)
    assert labelled(model, encoded, asked, 2)
    with pytest.raises(StrataError, match="stands for no character") as caught:
        labelled(model, replace(encoded, offsets=offsets), asked, 2)
    assert caught.value.code == "E-TARGET"
