"""The Likeness page: cold, the demo, measures chosen from a list, an answer with each of its figures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small import line_folder, small_likeness
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.alignment import LikenessSpec
from probes.contract import Progress

PAGE = "pages/Likeness.py"
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def kept(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[LikenessSpec, Any]:
    folder = line_folder(tmp_path_factory.mktemp("sentences"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(tmp_path_factory.mktemp("home")))
        spec = small_likeness(tiny_bert, "same", folder).pinned()
        return spec, analyses.of(spec).run(spec, Progress())


def test_cold_page_computes_nothing_and_the_demo_is_one_click(page: Open, here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "How alike are the layers of one model, or of two?"
    assert not at.get("vega_lite_chart")
    assert at.selectbox(key="likeness_other").options[0] == "same"
    assert here.submitted == []
    at.button(key="likeness_demo").click().run()
    assert not at.exception
    assert here.submitted == [LikenessSpec()]


def test_measures_are_chosen_from_a_list_in_their_order(page: Open, here: Any) -> None:
    at = page(PAGE)
    at.multiselect(key="likeness_measures").set_value(["mutual-knn", "cka"])
    at.selectbox(key="likeness_other").set_value("same")
    at.button(key="FormSubmitter:likeness_form-Run").click().run()
    assert not at.exception
    assert here.submitted == [LikenessSpec(measures=("mutual-knn", "cka"), other="same")]


@pytest.mark.parametrize("figure", ["all_pairs", "change_by_layer", "agreement_of_measures"])
def test_an_answer_shows_its_sentence_and_every_figure(
    page: Open, kept: tuple[LikenessSpec, Any], strata_home: Path, figure: str
) -> None:
    spec, result = kept
    store.save(spec, result, 1.0)
    at = page(PAGE, run=spec.digest)
    at.segmented_control(key="likeness_view").set_value(figure).run()
    assert not at.exception
    assert result.headline() in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 1
