"""The Codebooks page: cold, the demo, an answer with its cards, a search, a typed text, hostile addresses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import code_folder
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.codebooks import CodebookSpec, CodedSpec, SearchSpec, browse
from probes.contract import Progress
from probes.ui.card import contexts_of

PAGE = "pages/Codebooks.py"
Open = Callable[..., AppTest]


def says(at: AppTest) -> str:
    return "\n".join(a.value for a in [*at.error, *at.warning, *at.info]).replace("\\", "")


def listed(at: AppTest) -> Any:
    """The list of a layer's codes."""
    return next(d.value for d in at.dataframe if "purity" in d.value.columns)


def written(at: AppTest) -> str:
    return "\n".join(m.value for m in [*at.markdown, *at.caption]).replace("\\", "")


@pytest.fixture(scope="module")
def kept(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[CodebookSpec, Any]:
    """A small answered question with two books."""
    folder = code_folder(tmp_path_factory.mktemp("code"))
    sizes = {"codes": 8, "n_fit": 400, "n_test": 150, "passes": 3, "method": "residual", "books": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(tmp_path_factory.mktemp("home")))
        spec = CodebookSpec(model=str(tiny_bert), corpus=f"code:{folder}", **sizes).pinned()
        return spec, analyses.of(spec).run(spec, Progress())


@pytest.fixture
def stored(kept: tuple[CodebookSpec, Any], strata_home: Path) -> CodebookSpec:
    store.save(kept[0], kept[1], 1.0)
    return kept[0]


def test_cold_page_asks_its_question_and_computes_nothing(page: Open, here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "Which discrete codes do the hidden states fall into?"
    assert not at.get("vega_lite_chart")
    assert here.submitted == []


def test_the_demo_is_one_click(page: Open, here: Any) -> None:
    at = page(PAGE)
    at.button(key="codebooks_demo").click().run()
    assert not at.exception
    assert here.submitted == [CodebookSpec()]


def test_texts_that_are_no_code_can_be_asked_for(page: Open, here: Any) -> None:
    at = page(PAGE)
    at.selectbox(key="codebooks_language").set_value("")
    at.button(key="FormSubmitter:codebooks_form-Run").click().run()
    assert here.submitted[0].language == ""


def test_an_answer_shows_its_sentence_and_the_card_of_its_most_used_code(
    page: Open, stored: CodebookSpec, kept: tuple[CodebookSpec, Any]
) -> None:
    result = kept[1]
    at = page(PAGE, run=stored.digest)
    assert not at.exception
    shown = "".join(h.body for h in at.get("html"))
    assert result.headline().replace("'", "&#x27;") in shown
    top = browse.used(result, result.best)
    first = top[top.book == 0].iloc[0]
    assert at.number_input(key="code").value == first.code
    assert "seeds" in listed(at).columns
    assert f"{first['count']:,} held-out tokens" in written(at)
    assert "<mark" in shown


@pytest.mark.parametrize("figure", ["explained_by_layer", "bits_by_layer", "stability_by_layer", "usage", "leaf_types"])
def test_every_figure_is_drawn(page: Open, stored: CodebookSpec, figure: str) -> None:
    at = page(PAGE, run=stored.digest)
    at.segmented_control(key="codebooks_view").set_value(figure).run()
    assert not at.exception
    assert len(at.get("vega_lite_chart")) == 1


def test_layer_book_and_code_are_chosen_by_the_address(
    page: Open, stored: CodebookSpec, kept: tuple[CodebookSpec, Any]
) -> None:
    at = page(PAGE, run=stored.digest, layer="1", book="1", code="6")
    assert not at.exception
    card = browse.card(kept[1], "1", 1, 6)
    assert "**Code 6 of layer 1, book 1**" in written(at)
    assert f"{card.count:,} held-out tokens" in written(at)


def test_an_address_that_names_no_layer_book_code_or_view_is_said(page: Open, stored: CodebookSpec) -> None:
    at = page(PAGE, run=stored.digest, layer="99", book="7", code="<b>", section="Nothing")
    assert not at.exception
    for wrong in ("layer “99”", "book “7”", "code “<b>”", "section “Nothing”"):
        assert f"asks for {wrong}" in says(at)


def test_a_search_is_in_the_address_and_ranks_codes(page: Open, stored: CodebookSpec) -> None:
    at = page(PAGE, run=stored.digest, section="Search", find=r"def (\w+)")
    assert not at.exception
    assert "picks out the pattern" in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 2
    assert {"origin", "before", "token", "after", "fires"} <= set(at.dataframe[-1].value.columns)


def test_a_search_names_the_leaves_and_says_what_is_wrong(page: Open, stored: CodebookSpec) -> None:
    at = page(PAGE, run=stored.digest, section="Search", find="(")
    assert not at.exception
    assert "no regular expression: missing )" in says(at)
    at.text_input(key="find").set_value("")
    at.selectbox(key="by").set_value("leaf").run()
    assert "identifier" in written(at)


def test_a_typed_text_is_coded_in_every_layer(page: Open, stored: CodebookSpec) -> None:
    at = page(PAGE, run=stored.digest, section="On my text")
    assert not at.exception
    assert "tokens of this text fall into at most" in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 2


@pytest.mark.parametrize("kind", [SearchSpec, CodedSpec])
def test_a_pinned_live_answer_has_an_address(page: Open, stored: CodebookSpec, kind: Any) -> None:
    asked = kind(run=stored.digest, **({"pattern": "return"} if kind is SearchSpec else {"text": "value = name"}))
    result = analyses.of(asked).run(asked, Progress())
    store.save(asked, result, 0.1)
    at = page(PAGE, run=asked.digest)
    assert not at.exception
    assert result.headline() in "".join(h.body for h in at.get("html"))


def test_a_code_is_given_a_name_that_is_seen_everywhere(page: Open, stored: CodebookSpec) -> None:
    at = page(PAGE, run=stored.digest, layer="1", book="0", code="2")
    at.text_input(key="code_name_1_0_2").set_value("<b>brackets")
    at.text_area(key="code_said_1_0_2").set_value("round ones")
    at.button(key="FormSubmitter:code_note_1_0_2-Save").click().run()
    assert not at.exception
    assert store.code_notes(stored.digest)["1", 0, 2] == store.CodeNote("1", 0, 2, "<b>brackets", "round ones")
    again = page(PAGE, run=stored.digest, layer="1", book="0", code="2")
    assert "round ones" in written(again)
    assert "brackets" in written(again)
    names = [table.value["name"].tolist() for table in again.dataframe if "name" in table.value]
    assert any("<b>brackets" in name for name in names[0])


def test_what_a_code_does_is_asked_of_the_model_and_an_encoder_says_why_not(page: Open, stored: CodebookSpec) -> None:
    at = page(PAGE, run=stored.digest, layer="1", book="0", code="2")
    at.toggle(key="card_effect").set_value(True).run()
    assert not at.exception
    assert "does not predict the next token" in written(at)
    assert "Code 2 of layer 1 fires on" in "".join(h.body for h in at.get("html"))


def test_concepts_are_looked_for_when_they_are_asked_for(page: Open, stored: CodebookSpec) -> None:
    at = page(PAGE, run=stored.digest, section="Concepts")
    assert not at.exception
    assert len(at.get("vega_lite_chart")) == 1
    at.button(key="concepts_ask").click().run()
    assert not at.exception
    assert "concepts have a code with F1 of 0.8 or more" in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 2


def test_an_encoder_cannot_be_steered_and_the_page_offers_one_that_can(
    page: Open, stored: CodebookSpec, here: Any
) -> None:
    at = page(PAGE, run=stored.digest, section="Steer")
    assert not at.exception
    assert "does not predict the next token" in says(at)
    assert "smollm2" in says(at)
    at.button(key="steer_decoder").click().run()
    assert here.submitted == [CodebookSpec(model="smollm2", layers="4, 8, 12", codes=512)]


def test_contexts_are_text_whatever_is_in_them(kept: tuple[CodebookSpec, Any]) -> None:

    card = browse.card(kept[1], "1", 0, 0)
    hostile = card.contexts.assign(before="<script>", token="\u202e<b>", after="&", origin='" onclick="x')
    shown = contexts_of(hostile)
    assert "&lt;script&gt;" in shown
    assert "<b>" not in shown
    assert "\u202e" not in shown
    assert 'title="&quot; onclick' in shown


def test_codes_that_a_model_was_trained_with_have_no_other_seed_and_no_splice(
    page: Open, kept: tuple[CodebookSpec, Any], strata_home: Path
) -> None:
    empty = ["floor", "excess", "fit_floor", "stability", "chance", "floor_stability"]
    result = replace(
        kept[1], others=kept[1].others[:, :0], scores=kept[1].scores.assign(**dict.fromkeys(empty, np.nan))
    )
    own = kept[0].model_copy(update={"method": "trained"})
    store.save(own, result, 1.0)
    at = page(PAGE, run=own.digest)
    assert not at.exception
    assert "another seed has" not in written(at)
    assert "seeds" not in listed(at).columns
    for section in ("Splice damage", "Equal bits"):
        at = page(PAGE, run=own.digest, section=section)
        assert not at.exception
        assert "goes on from its own codes" in says(at)


def test_a_code_that_is_a_state_shows_its_token(page: Open, kept: tuple[CodebookSpec, Any], strata_home: Path) -> None:
    atoms = np.tile(np.arange(kept[1].size), (len(kept[1].layers), 1))
    states = replace(kept[1], atoms=atoms)
    asked = kept[0].model_copy(update={"method": "itda"})
    store.save(asked, states, 1.0)
    at = page(PAGE, run=asked.digest)
    assert not at.exception
    assert "the state of this token" in written(at)
    assert listed(at)["atom"].str.len().gt(0).all()
