"""The Models page: cold, its lists, a checked model, and a text cut into tokens."""

from pathlib import Path
from typing import Any

import pytest
from models_page import HOSTILE, PAGE, Open, says
from streamlit.testing.v1 import AppTest

from probes import analyses, engine, store
from probes.checkup import ModelSpec
from probes.contract import Progress
from probes.corpora.grammars import LANGUAGES
from probes.models import catalogue, presets
from probes.ui import cutting
from probes.ui import models as room


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give each test an empty hub cache."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def checked(tiny_bert: Path, here: Any, strata_home: Path) -> ModelSpec:
    """A finished self-check of the tiny model in this test's home."""
    spec = ModelSpec(model=str(tiny_bert)).pinned()
    store.save(spec, analyses.find("model").run(spec, Progress()), 1.5)
    return spec


# ---- cold ------------------------------------------------------------------------------------------------------------


def test_cold_page_asks_its_question_and_computes_nothing(
    page: Open, here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ask", lambda *_args, **_more: pytest.fail("the worker was asked"))
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "Which model, and will it run here?"
    assert at.button(key="model_demo").label == "Run the demo"
    assert "Choose a model to see what it takes" in says(at)
    assert not at.get("vega_lite_chart")
    assert here.submitted == []


@pytest.mark.parametrize("run", ["../../etc/passwd", "<script>alert(1)</script>", "A" * 32, "a" * 100_000])
def test_a_hostile_address_gives_a_notice_and_the_default_view(page: Open, run: str) -> None:
    at = page(PAGE, run=run)
    assert not at.exception
    assert "names no run" in says(at)
    assert at.selectbox(key="size_model")


def test_opening_the_page_never_waits_for_a_hub(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 10: offline, no socket is opened to know that the hub cannot be had."""
    import socket

    monkeypatch.setattr(socket, "create_connection", lambda *_args, **_more: pytest.fail("a connection was opened"))
    at = page(PAGE)
    at.segmented_control(key="size_model_list").set_value(room.PAPERS).run()
    assert not at.exception
    assert "Grey: the hub is switched off (HF_HUB_OFFLINE)" in says(at)


# ---- the lists -------------------------------------------------------------------------------------------------------


def test_the_models_that_are_always_there_are_listed(page: Open) -> None:
    at = page(PAGE)
    table = at.dataframe[0].value
    assert table["model"].tolist() == list(catalogue.names())
    assert set(table["now"]) == {room.FETCH}  # this home is empty
    assert "id" not in table


def test_the_models_of_the_papers_are_listed_with_size_licence_and_reason(page: Open, own_cache: Path) -> None:
    folder = own_cache / "models--openai-community--gpt2" / "snapshots" / ("0" * 40)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    at = page(PAGE)
    at.segmented_control(key="size_model_list").set_value(room.PAPERS).run()
    assert not at.exception
    table = at.dataframe[0].value.set_index("model")
    assert len(table) == len(presets.presets())
    assert table.loc["CodeBERT", "weights"] == ".bin, converted once"
    assert table.loc["Llama 3.1 8B", "weights"] == "safetensors, gated"
    assert table.loc["GPT-2", "now"] == room.HERE
    assert table.loc["RoBERTa", "now"] == room.NEEDS_HUB
    assert {"parameters", "layers × width", "licence", "for"} <= set(table.columns)


def test_a_chosen_row_is_the_chosen_model() -> None:
    """Selections of a table cannot be made in this kind of test: its callback is called as the browser makes it."""

    def script() -> None:
        from types import SimpleNamespace

        import streamlit as st

        from probes.ui import models

        st.session_state["t"] = SimpleNamespace(selection=SimpleNamespace(rows=[1]))
        models._chosen("t", ["a", "b"], "picked")
        for rows in ([], [7]):
            st.session_state["t"] = SimpleNamespace(selection=SimpleNamespace(rows=rows))
            models._chosen("t", ["a", "b"], "other")

    at = AppTest.from_function(script).run()
    assert not at.exception
    assert at.session_state["picked"] == "b"
    assert "other" not in at.session_state


# ---- an answer -------------------------------------------------------------------------------------------------------


def test_a_stored_check_opens_cold_on_its_sentence_badge_and_figure(page: Open, here: Any, checked: ModelSpec) -> None:
    at = page(PAGE, run=checked.digest)
    assert not at.exception
    assert "tiny_bert: 2 layers of 16" in at.html[0].value
    assert any("self-checks passed" in m.value for m in at.main.markdown)
    assert "WordPiece · layers at encoder.layer" in says(at)
    assert "Choose another model" in [e.label for e in at.expander]
    assert here.submitted == []
    checks = next(d.value for d in at.dataframe if "verdict" in d.value)
    assert set(checks["verdict"]) == {"passed"}


def test_a_checked_model_can_be_asked_further(page: Open, checked: ModelSpec) -> None:
    at = page(PAGE, run=checked.digest)
    links = [link for link in at.main.page_link if "model=" in link.proto.query_string]
    assert [link.value for link in links] == [
        *("Syntax", "Probing", "Alignment", "Likeness", "Embeddings", "Quality"),
        *("Codebooks", "Lens", "Attribution", "Intervention"),
    ]  # all but TokFSM, which has models of its own


def test_typed_text_is_cut(page: Open, checked: ModelSpec) -> None:
    at = page(PAGE, run=checked.digest)
    at.text_area[0].set_value("def total(values):\n    return 1").run()
    assert not at.exception
    assert "31 characters become" in at.html[-1].value
    table = next(d.value for d in at.dataframe if "covers" in d.value)
    assert table["token"].tolist()[:2] == ["[CLS]", "def"]
    assert len(at.get("vega_lite_chart")) == 2


@pytest.mark.parametrize("example", cutting.EXAMPLES)
def test_every_example_is_cut(page: Open, checked: ModelSpec, example: str) -> None:
    at = page(PAGE, run=checked.digest)
    at.selectbox(key="tokens_example").set_value(example).run()
    assert not at.exception
    assert not at.error
    assert "characters become" in at.html[-1].value


@pytest.mark.slow
@pytest.mark.parametrize("language", [cutting.WORDS, *LANGUAGES])
def test_every_alignment_is_made(page: Open, checked: ModelSpec, language: str) -> None:
    at = page(PAGE, run=checked.digest)
    at.selectbox(key="tokens_language").set_value(language).run()
    assert not at.exception
    assert not at.error


@pytest.mark.parametrize("text", [HOSTILE, "\u202egnp \x00 \x1b[31m", "x" * 3000, "\ufeff\r\n\t", "=1+1"])
def test_case_40_hostile_text_is_shown_literally(page: Open, checked: ModelSpec, text: str) -> None:
    at = page(PAGE, run=checked.digest)
    at.text_area[0].set_value(text).run()
    assert not at.exception
    table = next(d.value for d in at.dataframe if "characters" in d.value)
    for name in ("token", "covers", "word"):
        assert not table[name].str.contains("[\u202e\x00\x1b\ufeff]").any()
    assert "<img" not in at.html[-1].value


def test_a_text_that_is_too_long_is_refused_by_its_field(page: Open, checked: ModelSpec) -> None:
    at = page(PAGE, run=checked.digest)
    at.text_area[0].set_value("x" * 100_001).run()
    assert not at.exception
    assert "text: " in says(at)


def test_the_badge_of_a_failed_check_is_red(checked: ModelSpec) -> None:
    def script(digest: str) -> None:
        from dataclasses import replace

        from probes import analyses
        from probes.ui.checks import badge

        found = analyses.result_of(digest)
        badge(replace(found, checks=found.checks.assign(passed=False), passed=0))
        warned = found.checks.assign(passed=lambda t: t.index > 0, warning=lambda t: t.index == 0)
        badge(replace(found, checks=warned, passed=found.asked - 1))

    at = AppTest.from_function(script, kwargs={"digest": checked.digest}).run()
    assert not at.exception
    said = [m.value for m in at.markdown if "self-checks" in m.value]
    assert ":red" in said[0]
    assert "failed" in said[0]
    assert ":orange" in said[1]
