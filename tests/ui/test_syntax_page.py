"""The Syntax page: cold, the demo, every state of a run, every address, every option, every refusal."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from probes import analyses, engine
from probes.contract import Spec
from probes.errors import StrataError
from probes.syntax import SyntaxSpec
from probes.ui.snippets import EXAMPLES

PAGE = "pages/Syntax.py"
UNKNOWN = "0123456789abcdef" * 2
SNIPPET = "Try a snippet"
Open = Callable[..., AppTest]


def says(at: AppTest) -> str:
    """Everything alerts say, backslashes of the escaping aside."""
    return "\n".join(a.value for a in [*at.error, *at.warning, *at.info]).replace("\\", "")


def run(at: AppTest) -> AppTest:
    return at.button(key="FormSubmitter:syntax_form-Run").click().run()


# ---- cold ------------------------------------------------------------------------------------------------------------


def test_cold_page_asks_its_question_and_computes_nothing(page: Open, here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "Is the syntax tree of code in there, and in which subspace?"
    assert at.button(key="syntax_demo").label == "Run the demo"
    assert not at.get("vega_lite_chart")
    assert here.submitted == []


@pytest.mark.parametrize(
    "run",
    ["../../etc/passwd", "a" * 100_000, "<script>alert(1)</script>", UNKNOWN.upper(), "", "ａ" * 32],
    ids=["path", "long", "markup", "capitals", "empty", "wide"],
)
def test_a_hostile_address_gives_a_notice_and_the_default_view(page: Open, here: Any, run: str) -> None:
    at = page(PAGE, run=run)
    assert not at.exception
    assert "names no run" in says(at)
    assert at.button(key="syntax_demo")
    assert here.submitted == []


def test_an_unknown_run_gives_a_notice_and_the_default_view(page: Open) -> None:
    at = page(PAGE, run=UNKNOWN)
    assert not at.exception
    assert "No run of this name is stored here." in says(at)
    assert not at.get("vega_lite_chart")
    assert "Ask another question" not in [e.label for e in at.expander]


def test_another_questions_run_is_sent_to_its_page(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyses, "spec_of", lambda digest: type("OtherSpec", (Spec,), {"kind": "other"})())
    at = page(PAGE, run=UNKNOWN)
    assert not at.exception
    assert "This run answers another question." in says(at)


# ---- asking ----------------------------------------------------------------------------------------------------------


def test_the_demo_is_one_click_and_shows_how_far_it_is(page: Open, here: Any) -> None:
    at = page(PAGE)
    at.button(key="syntax_demo").click().run()
    assert not at.exception
    assert here.submitted == [SyntaxSpec()]
    assert at.query_params["run"] == SyntaxSpec().digest
    assert at.progress[0].value == 25
    assert at.progress[0].text == "Reading code · 3 s · about 9 s left"


def test_cancel_asks_the_engine_once(page: Open, here: Any) -> None:
    at = page(PAGE)
    at.button(key="syntax_demo").click().run()
    at.button(key="cancel").click().run()
    assert here.cancelled == [SyntaxSpec().digest]
    here.says[SyntaxSpec().digest] = engine.Status("cancelled", 0.3, "", 3.0, None, None)
    at.run()
    assert not at.exception
    assert "Cancelled." in says(at)
    assert not at.progress


def test_a_second_tab_sees_the_run_under_way(page: Open, here: Any) -> None:
    here.says[UNKNOWN] = engine.Status("running", 0.5, "training probes", 30.0, 31.0)
    at = page(PAGE, run=UNKNOWN)
    assert not at.exception
    assert at.progress[0].text == "training probes · 30 s · about 31 s left"
    assert at.button(key="cancel")
    assert here.submitted == []


def test_a_run_that_ended_badly_can_be_asked_again(page: Open, here: Any) -> None:
    at = page(PAGE)
    at.button(key="syntax_demo").click().run()
    here.says[SyntaxSpec().digest] = engine.Status("cancelled")
    at.run()
    at.button(key="again").click().run()
    assert not at.exception
    assert here.submitted == [SyntaxSpec(), SyntaxSpec()]


def test_a_failed_run_says_what_why_and_what_to_do_literally(page: Open, here: Any) -> None:
    error = {"code": "E-TEST", "what": "No `x` <b>bold</b> :red[y].", "why": "It is $5$.", "fix": "See [a](http://b)."}
    here.says[SyntaxSpec().digest] = engine.Status("failed", 0.1, "", 1.0, None, error)
    at = page(PAGE)
    at.button(key="syntax_demo").click().run()
    assert not at.exception
    assert r"\<b\>" in at.error[0].value
    assert r"\[a\]" in at.error[0].value
    said = says(at).replace("\u2060", "")
    assert all(error[part] in said for part in ("what", "why", "fix"))
    assert "E-TEST" in [c.value.replace("\\", "") for c in at.caption]


def test_a_done_run_without_its_answer_says_so(page: Open, here: Any) -> None:
    here.says[UNKNOWN] = engine.Status("done", 1.0, "", 5.0, 0.0, None)
    at = page(PAGE, run=UNKNOWN)
    assert not at.exception
    assert "damaged" in says(at)


def test_a_refused_question_shows_the_refusal_and_stays(page: Open, here: Any) -> None:
    here.refusal = StrataError(
        "E-MODEL-UNKNOWN", "There is no model called 'nope'.", "The catalogue has minilm.", "Try it."
    )
    at = page(PAGE)
    at.button(key="syntax_demo").click().run()
    assert not at.exception
    assert "There is no model called 'nope'." in says(at)
    assert "run" not in at.query_params


OPTIONS = [
    ("model", "minilm"),
    ("model", "smollm2"),
    ("model", "e5-small"),
    *(("language", language) for language in EXAMPLES),
    ("input", "leaves"),
    ("dtype", "bfloat16"),
    ("dtype", "float16"),
    ("recipe", "published"),
]


@pytest.mark.parametrize(("name", "value"), OPTIONS)
def test_every_choice_reaches_the_question(page: Open, here: Any, name: str, value: str) -> None:
    at = page(PAGE)
    at.selectbox(key=f"syntax_{name}").set_value(value)
    run(at)
    assert not at.exception
    assert here.submitted == [SyntaxSpec(**{name: value})]


def test_every_number_and_switch_reaches_the_question(page: Open, here: Any) -> None:
    at = page(PAGE)
    numbers = {"n_train": 20, "n_valid": 4, "n_test": 6, "rank": 8, "epochs": 3, "seed": 7, "max_words": 30}
    for name, value in numbers.items():
        at.number_input(key=f"syntax_{name}").set_value(value)
    at.number_input(key="syntax_rate").set_value(0.001)
    at.toggle(key="syntax_control").set_value(False)
    run(at)
    assert not at.exception
    assert here.submitted == [SyntaxSpec(**numbers, rate=0.001, control=False)]


# ---- an answer -------------------------------------------------------------------------------------------------------


def unfold(at: AppTest, stored: SyntaxSpec) -> None:
    at.session_state[f"syntax_another_{stored.digest[:8]}"] = True
    at.run()


def test_a_stored_run_opens_cold_on_its_sentence_and_figures(page: Open, here: Any, stored: SyntaxSpec) -> None:
    at = page(PAGE, run=stored.digest)
    assert not at.exception
    assert "Syntax peaks at layer" in at.html[0].value
    assert len(at.get("vega_lite_chart")) == 1  # the answer's; no snippet is read before its section is opened
    assert at.selectbox(key="cell_label")
    assert here.submitted == []
    assert "syntax_model" not in {box.key for box in at.selectbox}  # the question is folded away, and not drawn
    unfold(at, stored)
    assert at.selectbox(key="syntax_model").value == stored.model


def test_every_figure_has_its_export_bar(page: Open, stored: SyntaxSpec) -> None:
    at = page(PAGE, run=stored.digest, section=SNIPPET)
    labels = [button.label for button in at.download_button]
    charts = len(at.get("vega_lite_chart"))
    assert labels == ["PDF", "SVG", "PNG", "CSV", "Parquet", "LaTeX", "Script", "Notebook"] * charts


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "at_chart"), [("syntax", 0), ("snippet", 1)])
def test_every_figure_can_be_chosen(page: Open, stored: SyntaxSpec, kind: str, at_chart: int) -> None:
    at = page(PAGE, run=stored.digest, section=SNIPPET)
    drawn = set()
    for name in analyses.find(kind).figures:
        at.segmented_control(key=f"{kind}_view").set_value(name).run()
        assert not at.exception
        assert len(at.get("vega_lite_chart")) == 2
        labels = [button.label for button in at.download_button]
        assert labels.count("PDF") == 2
        assert labels.count("CSV") == 2 - (name not in ("f1_by_layer", "snippet"))  # only the main figure's table
        drawn.add(at.get("vega_lite_chart")[at_chart].proto.spec)
    assert len(drawn) == len(analyses.find(kind).figures)


def test_an_answer_changes_with_the_question_asked_again(page: Open, here: Any, stored: SyntaxSpec) -> None:
    at = page(PAGE, run=stored.digest)
    unfold(at, stored)
    at.selectbox(key="syntax_input").set_value("leaves")
    run(at)
    assert not at.exception
    assert [asked.pinned() for asked in here.submitted] == [stored.model_copy(update={"input": "leaves"})]
