"""The Quality page: its question cold, its demo in one click, its answer with every figure, and what it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small import pair_table
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.contract import Progress
from probes.quality import CompressionSpec, GridSpec

PAGE = "pages/Quality.py"
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def kept(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[GridSpec, Any]:
    pairs = pair_table(tmp_path_factory.mktemp("pairs") / "pairs.csv")
    spec = GridSpec(model=str(tiny_bert), pairs=pairs, n=80, draws=1).pinned()
    return spec, analyses.of(spec).run(spec, Progress())


def test_cold_page_asks_its_question_and_the_demo_is_one_click(page: Open, here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "How good are the embeddings, and at which price?"
    assert here.submitted == []
    assert at.number_input(key="grid_n").label == "Pairs"
    at.button(key="grid_demo").click().run()
    assert not at.exception
    assert here.submitted == [GridSpec()]


@pytest.mark.parametrize("figure", ["quality_by_bytes", "neighbours_by_bytes"])
def test_what_is_stored_in_fewer_bytes_is_drawn(
    page: Open, here: Any, tiny_bert: Path, strata_home: Path, tmp_path: Path, figure: str
) -> None:
    pairs = pair_table(tmp_path / "pairs.csv")
    spec = CompressionSpec(model=str(tiny_bert), pairs=pairs, n=80, neighbours=3).pinned()
    result = analyses.of(spec).run(spec, Progress())
    store.save(spec, result, 1.0)
    at = page(PAGE, run=spec.digest)
    at.segmented_control(key="compression_view").set_value(figure).run()
    assert not at.exception
    assert result.headline() in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 1


@pytest.mark.parametrize("figure", ["quality_grid", "first_or_others", "worth_its_price"])
def test_the_answer_shows_its_sentence_and_every_figure(
    page: Open, here: Any, kept: tuple[GridSpec, Any], strata_home: Path, figure: str
) -> None:
    spec, result = kept
    store.save(spec, result, 1.0)
    at = page(PAGE, run=spec.digest)
    at.segmented_control(key="grid_view").set_value(figure).run()
    assert not at.exception
    assert result.headline() in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 1
    assert here.submitted == []
