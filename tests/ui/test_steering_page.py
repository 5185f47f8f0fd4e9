"""The Steer section: a code written with, one that is none, the code of a concept, patches, and texts of others."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from small import code_folder
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.codebooks import CodebookSpec
from probes.contract import Progress
from probes.ui.steer import side_by_side

PAGE = "pages/Codebooks.py"
Open = Callable[..., AppTest]


def html(at: AppTest) -> str:
    return "".join(h.body for h in at.get("html"))


@pytest.fixture(scope="module")
def writer(tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[CodebookSpec, Any]:
    """A small answered question about a decoder."""
    folder = code_folder(tmp_path_factory.mktemp("code"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(tmp_path_factory.mktemp("home")))
        sizes = {"codes": 8, "n_fit": 400, "n_test": 150, "passes": 3}
        spec = CodebookSpec(model=str(tiny_gpt2), corpus=f"code:{folder}", **sizes).pinned()
        return spec, analyses.of(spec).run(spec, Progress())


@pytest.fixture
def steerable(writer: tuple[CodebookSpec, Any], strata_home: Path) -> CodebookSpec:
    store.save(writer[0], writer[1], 1.0)
    return writer[0]


def test_a_code_is_steered_and_a_code_that_is_none_is_said(page: Open, steerable: CodebookSpec) -> None:
    at = page(PAGE, run=steerable.digest, section="Steer")
    assert not at.exception
    at.text_input(key="steer_codes").set_value("1:3")
    at.text_input(key="steer_topic").set_value("[a-f]")
    at.number_input(key="steer_samples").set_value(2)
    at.number_input(key="steer_tokens").set_value(3)
    at.button(key="FormSubmitter:steer_form-Write").click().run()
    assert not at.exception
    assert "brings the topic into" in html(at)
    texts = next(table.value for table in at.dataframe if "plain" in table.value)
    assert texts.columns.tolist()[:3] == ["sample", "plain", "steered"]
    at.text_input(key="steer_codes").set_value("9:3")
    at.button(key="FormSubmitter:steer_form-Write").click().run()
    assert not at.exception
    assert "names no code that can be steered" in "".join(error.value for error in at.error)


def test_written_texts_are_text_whatever_is_in_them(writer: tuple[CodebookSpec, Any]) -> None:
    table = pd.DataFrame({"sample": [1], "plain": ["<script>\n\u202ex"], "steered": ["a & b"]})
    shown = side_by_side(SimpleNamespace(side_by_side=lambda: table))  # type: ignore[arg-type]
    assert "&lt;script&gt;\n" in shown
    assert "a &amp; b" in shown
    assert "\u202e" not in shown


def test_the_demo_of_steering_finds_a_code_and_writes_with_it(page: Open, steerable: CodebookSpec) -> None:
    at = page(PAGE, run=steerable.digest, section="Steer")
    at.selectbox(key="steer_concept").set_value("opening round").run()
    at.button(key="steer_take").click().run()
    assert not at.exception
    assert at.text_input(key="steer_topic").value == r"\("
    assert "picks out the pattern" in "".join(c.value for c in at.caption)
    layer, book, code = at.text_input(key="steer_codes").value.split(":")
    assert (layer in ("0", "1", "2"), book, code.isdigit()) == (True, "0", True)


def test_codes_of_one_prompt_are_patched_into_another(page: Open, steerable: CodebookSpec) -> None:
    at = page(PAGE, run=steerable.digest, section="Steer")
    at.button(key="FormSubmitter:patch_form-Patch").click().run()
    assert not at.exception
    assert "of the way" in html(at)
