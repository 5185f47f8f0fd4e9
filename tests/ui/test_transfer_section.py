"""What languages share, asked from an answer: which runs can be set beside it, and the comparison on its own."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small import code_folder, small_spec
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.contract import Progress
from probes.syntax import SyntaxSpec, TransferSpec
from probes.ui.transferring import beside, named

PAGE = "pages/Syntax.py"
SECTION = "Other languages"
OFF = dict.fromkeys(("control", "random_init", "controls", "dimensions"), False)
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def answered(tiny_bert: Path, tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A home with two runs that can be compared, one of another rank, one of another model, and the comparison."""
    home, folder = tmp_path_factory.mktemp("transfer"), code_folder(tmp_path_factory.mktemp("code") / "code")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(home))
        specs: list[Any] = [small_spec(tiny_bert, folder, seed=seed, **OFF).pinned() for seed in (0, 1)]
        specs.append(small_spec(tiny_bert, folder, **{**OFF, "rank": 2}).pinned())
        specs.append(small_spec(tiny_gpt2, folder, **OFF).pinned())
        for spec in specs:
            store.save(spec, analyses.find("syntax").run(spec, Progress()), 1.0)
        specs.append(TransferSpec(runs=(specs[0].digest, specs[1].digest)))
        store.save(specs[-1], analyses.find("transfer").run(specs[-1], Progress()), 1.0)
    return home, specs


@pytest.fixture
def specs(answered: Any, strata_home: Path) -> list[Any]:
    shutil.copytree(answered[0], strata_home, dirs_exist_ok=True)
    return answered[1]


def test_only_runs_of_the_same_model_and_rank_are_offered(specs: list[Any]) -> None:
    assert list(beside(specs[0])) == [specs[1].digest]
    assert list(beside(specs[3])) == []
    assert "python" in named(specs[0])
    assert "seed 0" in named(specs[0])


def test_the_comparison_is_asked_as_it_was_chosen(page: Open, here: Any, specs: list[Any]) -> None:
    at = page(PAGE, run=specs[0].digest, section=SECTION)
    assert not at.exception
    assert here.submitted == []
    assert at.multiselect(key="transfer_runs").value == [specs[1].digest]
    at.button(key="transfer_ask").click().run()
    assert here.submitted == [specs[4]]


def test_without_another_run_it_says_what_to_ask_first(page: Open, here: Any, specs: list[Any]) -> None:
    at = page(PAGE, run=specs[3].digest, section=SECTION)
    assert not at.exception
    assert any("There is no other run" in c.value for c in at.caption)
    assert "transfer_ask" not in [b.key for b in at.button]
    links = {link.proto.label: link.proto.query_string for link in at.get("page_link")}
    assert {"c", "cpp"} <= set(links)
    assert "corpus=headers" in links["cpp"]
    assert "language=cpp" in links["cpp"]
    assert "seed=3" in links["cpp"]


def test_its_answer_opens_cold_with_its_figures_and_links_to_its_runs(page: Open, specs: list[Any]) -> None:
    at = page(PAGE, run=specs[4].digest)
    assert not at.exception
    assert "subspaces overlap" in at.html[0].value
    assert len(at.get("vega_lite_chart")) == 1
    links = [link.proto.query_string for link in at.get("page_link")]
    assert all(any(run in link for link in links) for run in specs[4].runs)


def test_a_link_to_another_language_starts_its_form(page: Open, here: Any) -> None:
    at = page(PAGE, corpus="headers", language="cpp", seed="3")
    assert not at.exception
    assert at.selectbox(key="syntax_language").value == "cpp"
    at.button(key="FormSubmitter:syntax_form-Run").click().run()
    assert here.submitted == [SyntaxSpec(corpus="headers", language="cpp", seed=3)]
