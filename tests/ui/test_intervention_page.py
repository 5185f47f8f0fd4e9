"""The Lens and Intervention pages: cold, the demos, each experiment, and answers with their figures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.contract import Progress, Spec
from probes.intervention import AblationSpec, ErasureSpec, LensSpec, PatchingSpec, SteeringSpec

LENS, PAGE = "pages/Lens.py", "pages/Intervention.py"
Open = Callable[..., AppTest]
KINDS = {
    "Exchange a state": PatchingSpec,
    "Leave a block out": AblationSpec,
    "Erase a concept": ErasureSpec,
    "Steer": SteeringSpec,
}


@pytest.fixture(scope="module")
def kept(tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Spec, Any]]:
    """Answers about the tiny model: of the lens, of patching and of steering."""
    model = {"model": str(tiny_gpt2)}
    prompts = {"prompt": "def path in values", "other": "def key in values", "answer": " path", "instead": " key"}
    specs = (
        LensSpec(**model, text="def total(values): <b>&"),
        PatchingSpec(**model, **prompts, control=False),
        SteeringSpec(**model, steps=1, texts=4, draws=1, tokens=2),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(tmp_path_factory.mktemp("home")))
        return {s.kind: (s.pinned(), analyses.of(s).run(s.pinned(), Progress())) for s in specs}


def test_the_lens_is_cold_until_asked_and_its_demo_is_one_click(page: Open, here: Any) -> None:
    at = page(LENS)
    assert not at.exception
    assert at.title[0].value == "What would the model say, if it stopped at this layer?"
    assert here.submitted == []
    at.button(key="lens_demo").click().run()
    assert here.submitted == [LensSpec()]


@pytest.mark.parametrize("experiment", list(KINDS))
def test_each_experiment_has_its_demo(page: Open, here: Any, experiment: str) -> None:
    at = page(PAGE)
    assert not at.exception
    at.segmented_control(key="experiment_Exchange a state").set_value(experiment).run()
    assert not at.exception
    assert here.submitted == []
    kind = KINDS[experiment]
    at.button(key=f"{kind.kind}_demo").click().run()
    assert here.submitted == [kind()]


@pytest.mark.parametrize(("path", "kind"), [(LENS, "lens"), (PAGE, "patching"), (PAGE, "steering")])
def test_an_answer_opens_with_its_sentence_and_figures(
    page: Open, kept: dict[str, tuple[Spec, Any]], strata_home: Path, path: str, kind: str
) -> None:
    spec, result = kept[kind]
    store.save(spec, result, 1.0)
    at = page(path, run=spec.digest)
    assert not at.exception
    assert len(at.get("vega_lite_chart")) == 1
    assert "font-size" in at.get("html")[0].body
    last = list(analyses.of(spec).figures)[-1]
    at.segmented_control(key=f"{kind}_view").set_value(last).run()
    assert not at.exception
    assert (kind == "steering") == ("What it writes then" in [s.value for s in at.subheader])
