"""Whether the model uses its subspace, asked from an answer: of a model with a head, and its answer on its own."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.contract import Progress
from probes.syntax import CausalSpec, SyntaxSpec

PAGE = "pages/Syntax.py"
SECTION = "Does the model use it?"
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def answered(tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SyntaxSpec, CausalSpec]:
    """A home with a run about a decoder, and with what removing its subspace did."""
    home = tmp_path_factory.mktemp("removed")
    sizes = {"n_train": 12, "n_valid": 4, "n_test": 4, "rank": 4, "epochs": 1, "max_words": 40}
    off = dict.fromkeys(("control", "random_init", "controls", "dimensions"), False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(home))
        syntax = SyntaxSpec(model=str(tiny_gpt2), **sizes, **off).pinned()
        store.save(syntax, analyses.find("syntax").run(syntax, Progress()), 1.0)
        causal = CausalSpec(run=syntax.digest, texts=3, draws=2).pinned()
        store.save(causal, analyses.find("causal").run(causal, Progress()), 1.0)
    return home, syntax, causal


@pytest.fixture
def here_stored(answered: Any, strata_home: Path) -> tuple[SyntaxSpec, CausalSpec]:
    shutil.copytree(answered[0], strata_home, dirs_exist_ok=True)
    return answered[1], answered[2]


def test_a_model_without_a_head_is_told_so_and_offers_nothing(page: Open, here: Any, stored: SyntaxSpec) -> None:
    at = page(PAGE, run=stored.digest, section=SECTION)
    assert not at.exception
    assert any("saved without a head that predicts tokens" in c.value for c in at.caption)
    assert "causal_ask" not in [b.key for b in at.button]


def test_the_question_is_put_as_it_was_chosen(page: Open, here: Any, here_stored: Any) -> None:
    syntax, _ = here_stored
    at = page(PAGE, run=syntax.digest, section=SECTION)
    assert not at.exception
    assert here.submitted == []  # nothing is computed on opening
    best = analyses.result_of(syntax.digest).best
    assert at.multiselect(key="causal_layers").value == [best]
    at.multiselect(key="causal_layers").set_value(["0", "2 + norm"]).run()
    at.number_input(key="causal_draws").set_value(3).run()
    assert any("60 passes over 48 texts" in c.value for c in at.caption)
    at.button(key="causal_ask").click().run()
    assert here.submitted == [CausalSpec(run=syntax.digest, layers="0, 2 + norm", draws=3)]


def test_its_answer_opens_cold_with_its_figures_and_a_way_back(page: Open, here: Any, here_stored: Any) -> None:
    syntax, causal = here_stored
    at = page(PAGE, run=causal.digest)
    assert not at.exception
    assert "Removing the 4 syntactic dimensions at layer" in at.html[0].value
    assert len(at.get("vega_lite_chart")) == 1
    assert [b.label for b in at.download_button][:3] == ["PDF", "SVG", "PNG"]
    back = [link for link in at.get("page_link") if link.proto.label == "The probe whose subspace this is"]
    assert len(back) == 1
    assert syntax.digest in back[0].proto.query_string
