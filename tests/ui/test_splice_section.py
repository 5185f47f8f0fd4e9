"""Splice damage and equal bits, asked from an answer: of a model with a head; and their answers on their own."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small import code_folder
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.codebooks import CodebookSpec, EqualBitsSpec, SpliceSpec
from probes.contract import Progress

PAGE = "pages/Codebooks.py"
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def answered(tiny_gpt2: Path, tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A home with a run about a decoder, what splicing its codes did, and a run about a model without a head."""
    home, folder = tmp_path_factory.mktemp("spliced"), code_folder(tmp_path_factory.mktemp("code"))
    sizes: dict[str, Any] = {"corpus": f"code:{folder}", "codes": 8, "n_fit": 300, "n_test": 150, "passes": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(home))
        mute = CodebookSpec(model=str(tiny_bert), **sizes).pinned()
        books = CodebookSpec(model=str(tiny_gpt2), site="mlp", **sizes).pinned()
        specs = [books, mute, SpliceSpec(run=books.digest, texts=3)]
        for spec in specs:
            store.save(spec, analyses.of(spec).run(spec, Progress()), 1.0)
    return home, specs


@pytest.fixture
def specs(answered: tuple[Path, list[Any]], strata_home: Path) -> list[Any]:
    shutil.copytree(answered[0], strata_home, dirs_exist_ok=True)
    return answered[1]


def test_a_model_without_a_head_is_told_so_and_offers_no_damage(page: Open, here: Any, specs: list[Any]) -> None:
    at = page(PAGE, run=specs[1].digest, section="Splice damage")
    assert not at.exception
    assert any("saved without a head that predicts tokens" in c.value for c in at.caption)
    assert "splice_ask" not in [b.key for b in at.button]


def test_the_damage_is_asked_of_the_layers_chosen(page: Open, here: Any, specs: list[Any]) -> None:
    at = page(PAGE, run=specs[0].digest, section="Splice damage")
    assert not at.exception
    assert here.submitted == []
    assert any("10 passes over 24 held-out texts" in c.value for c in at.caption)
    at.multiselect(key="splice_layers").set_value(["2 mlp"]).run()
    at.button(key="splice_ask").click().run()
    assert here.submitted == [SpliceSpec(run=specs[0].digest, layers="2 mlp")]


def test_equal_bits_are_asked_of_a_layer(page: Open, here: Any, specs: list[Any]) -> None:
    at = page(PAGE, run=specs[0].digest, section="Equal bits")
    assert not at.exception
    at.selectbox(key="equal_layer").set_value("1 mlp").run()
    at.number_input(key="equal_bits").set_value(8).run()
    at.button(key="equal_ask").click().run()
    assert here.submitted == [EqualBitsSpec(run=specs[0].digest, layer="1 mlp", bits=8)]


def test_an_answer_shows_its_figures_and_links_to_its_codes(page: Open, specs: list[Any]) -> None:
    at = page(PAGE, run=specs[2].digest)
    assert not at.exception
    assert "Going on from the codes of layer" in "".join(h.body for h in at.get("html"))
    assert at.get("vega_lite_chart")
    back = [link for link in at.get("page_link") if link.proto.label == "The run whose codes these are"]
    assert specs[0].digest in back[0].proto.query_string
