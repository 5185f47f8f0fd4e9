"""The Alignment page: cold, the demo, an answer with its curve and its sentences, hostile addresses and codes."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import line_folder, small_alignment
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.alignment import AlignmentSpec
from probes.contract import Progress

PAGE = "pages/Alignment.py"
Open = Callable[..., AppTest]


def says(at: AppTest) -> str:
    return "\n".join(a.value for a in [*at.error, *at.warning, *at.info]).replace("\\", "")


@pytest.fixture(scope="module")
def kept(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[AlignmentSpec, Any]:
    """A small answered question, one language of which has a name that is markup elsewhere."""
    folder = line_folder(tmp_path_factory.mktemp("sentences"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(tmp_path_factory.mktemp("home")))
        spec = small_alignment(tiny_bert, folder).pinned()
        return spec, analyses.of(spec).run(spec, Progress())


@pytest.fixture
def stored(kept: tuple[AlignmentSpec, Any], strata_home: Path) -> AlignmentSpec:
    spec, result = kept
    store.save(spec, result, 1.0)
    return spec


@pytest.fixture
def four(stored: AlignmentSpec, kept: tuple[AlignmentSpec, Any]) -> AlignmentSpec:
    """The stored answer with a fourth language beside the pivot."""
    result = kept[1]
    third = result.languages.iloc[[0]].assign(language="fra_Latn", mean=0.123)
    scores = result.scores[result.scores.language == result.languages.language[0]].assign(language="fra_Latn")
    grown = dataclasses.replace(
        result,
        languages=pd.concat([result.languages, third], ignore_index=True),
        scores=pd.concat([result.scores, scores], ignore_index=True),
        near=np.empty((0, 0, 0), np.float32),
    )
    asked = stored.model_copy(update={"seed": 1})
    store.save(asked, grown, 1.0)
    return asked


def test_cold_page_asks_its_question_and_computes_nothing(page: Open, here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "Do languages meet in the middle layers?"
    assert not at.get("vega_lite_chart")
    assert here.submitted == []
    assert at.selectbox(key="alignment_corpus").options == ["gettext:django"]
    assert at.selectbox(key="alignment_model").value == "e5-small"


def test_the_demo_is_one_click(page: Open, here: Any) -> None:
    at = page(PAGE)
    at.button(key="alignment_demo").click().run()
    assert not at.exception
    assert here.submitted == [AlignmentSpec()]


def test_languages_are_typed_between_commas(page: Open, here: Any) -> None:
    at = page(PAGE)
    at.text_input(key="alignment_languages").set_value("de, sw,ru ")
    at.button(key="FormSubmitter:alignment_form-Run").click().run()
    assert not at.exception
    assert here.submitted[0].languages == ("de", "sw", "ru")


def test_an_answer_shows_its_sentence_figures_one_language_and_its_sentences(
    page: Open, stored: AlignmentSpec, kept: tuple[AlignmentSpec, Any]
) -> None:
    result = kept[1]
    at = page(PAGE, run=stored.digest)
    assert not at.exception
    assert result.headline() in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 4
    assert at.selectbox(key="language").value == result.lowest
    table = at.dataframe[-1].value
    missed = round((1 - result.row(result.lowest, result.best).mexa) * result.sentences)
    assert f"{missed} of 14 sentences" in "\n".join(m.value for m in at.markdown)
    assert len(table) == (missed or 14)
    assert {"sentence", "translation", "nearer sentence"} <= set(table.columns)


@pytest.mark.parametrize("figure", ["by_language", "over_the_floors", "between_languages"])
def test_every_figure_is_drawn(page: Open, stored: AlignmentSpec, figure: str) -> None:
    at = page(PAGE, run=stored.digest)
    at.segmented_control(key="alignment_view").set_value(figure).run()
    assert not at.exception
    assert len(at.get("vega_lite_chart")) == 4


@pytest.mark.parametrize("layer", ["0", "2"])
@pytest.mark.parametrize(
    ("said", "language"), [("deu_Latn", "deu_Latn"), ("Turkish", "tur_Latn"), ("German", "deu_Latn"), ("xxx_Latn",) * 2]
)
def test_language_and_layer_are_chosen_by_the_address_by_name_or_code(
    page: Open, stored: AlignmentSpec, kept: tuple[AlignmentSpec, Any], said: str, language: str, layer: str
) -> None:
    at = page(PAGE, run=stored.digest, language=said, layer=layer)
    assert not at.exception
    assert at.selectbox(key="language").value == language
    row = kept[1].row(language, layer)
    assert f"**{row.score:.2f}** of sentences meet" in "\n".join(m.value for m in at.markdown)


def test_an_address_that_names_no_language_or_layer_of_the_run_is_said(page: Open, stored: AlignmentSpec) -> None:
    at = page(PAGE, run=stored.digest, language="<script>", layer="99")
    assert not at.exception
    assert "asks for language “<script>”" in says(at)
    assert "asks for layer “99”" in says(at)


def test_a_question_of_another_kind_is_sent_to_its_page(page: Open, stored: AlignmentSpec) -> None:
    at = page("pages/Syntax.py", run=stored.digest)
    assert not at.exception
    assert "This run answers another question." in says(at)


def test_a_parallel_corpus_leads_to_this_page(page: Open, tmp_path: Path) -> None:
    folder = line_folder(tmp_path / "f")
    at = page("pages/Corpora.py", corpus=f"flores:{folder}")
    assert not at.exception
    assert "Use in Alignment" in [link.label for link in at.get("page_link")]


def test_task_scores_are_set_against_alignment(page: Open, stored: AlignmentSpec) -> None:
    at = page(PAGE, run=stored.digest)
    at.text_area(key="task_scores").set_value("deu_Latn 0.5\n<b>x</b> 1\nnothing").run()
    assert not at.exception
    said = "\n".join(c.value for c in at.caption).replace("\\", "")
    assert "there is no language '<b>x</b>' in this run" in said
    assert "Line 3 is no code and number." in said
    assert "needs at least 4 rows" in says(at)


def test_scores_are_in_the_address_and_come_back_from_it(page: Open, four: AlignmentSpec) -> None:
    at = page(PAGE, run=four.digest)
    typed = "deu_Latn 0.5\nTurkish 60 %\nfrench 1\nxxx_Latn 0.4\nFrench 0.7"
    at.text_area(key="task_scores").set_value(typed).run()
    assert not at.exception
    kept = "deu_Latn:0.5,tur_Latn:0.6,xxx_Latn:0.4,fra_Latn:0.7"
    assert at.query_params["scores"] == kept
    again = page(PAGE, run=four.digest, scores=kept)
    assert again.text_area(key="task_scores").value == kept.replace(":", " ").replace(",", "\n")
    said = "\n".join(c.value for c in again.caption).replace("\\", "")
    assert "over 4 languages" in said
    assert "4 languages are few" in said
    hostile = page(PAGE, run=four.digest, scores="<script>:1,deu_Latn:0.5,x")
    assert hostile.text_area(key="task_scores").value == "deu_Latn 0.5"


def test_a_file_of_scores_fills_the_box_or_says_what_is_wrong(page: Open, four: AlignmentSpec) -> None:
    at = page(PAGE, run=four.digest)
    at.get("file_uploader")[0].upload("scores.csv", b"lang;score\ndeu_Latn;0,5\ntur_Latn;0,6\n", "text/csv").run()
    assert not at.exception
    assert at.text_area(key="task_scores").value == "deu_Latn 0,5\ntur_Latn 0,6"
    at.get("file_uploader")[0].upload("scores.csv", b"only\none\ncolumn\n", "text/csv").run()
    assert "has 1 columns" in says(at)
