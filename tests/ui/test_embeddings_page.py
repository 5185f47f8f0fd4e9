"""The Embeddings page: cold, two demos, a map with its points, hostile addresses and words, the shape of the cloud."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small import code_folder
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.contract import Progress, Spec
from probes.geometry import ContextualSpec, GeometrySpec, MapSpec

PAGE = "pages/Embeddings.py"
Open = Callable[..., AppTest]


def says(at: AppTest) -> str:
    return "\n".join(a.value for a in [*at.error, *at.warning, *at.info]).replace("\\", "")


@pytest.fixture(scope="module")
def kept(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Spec, Any]]:
    folder = code_folder(tmp_path_factory.mktemp("code"))
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(tmp_path_factory.mktemp("home")))
        for kind in (MapSpec, GeometrySpec):
            spec = kind(model=str(tiny_bert), corpus=f"code:{folder}", n=60, per_text=4).pinned()
            found[spec.kind] = (spec, analyses.of(spec).run(spec, Progress()))
        spec = ContextualSpec(model=str(tiny_bert), n=60, label="living", draws=5, method="pca", random_init=False)
        found[spec.kind] = (spec.pinned(), analyses.of(spec).run(spec.pinned(), Progress()))
    return found


@pytest.fixture
def stored(kept: dict[str, tuple[Spec, Any]], strata_home: Path) -> dict[str, str]:
    for spec, result in kept.values():
        store.save(spec, result, 1.0)
    return {kind: spec.digest for kind, (spec, _) in kept.items()}


def test_cold_page_asks_its_question_and_computes_nothing(page: Open, here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "What shape is the cloud, and where does each point lie?"
    assert not at.get("vega_lite_chart")
    assert here.submitted == []
    assert at.number_input(key="map_n").label == at.number_input(key="geometry_n").label == "Points"


def test_a_run_opens_the_tab_of_its_question(page: Open, here: Any, stored: dict[str, str]) -> None:
    opened = {}
    for kind, digest in stored.items():
        at = page(PAGE, run=digest)
        assert not at.exception
        (box,) = [block for block in at.get("tab_container")]
        opened[kind] = box.children[box.proto.tab_container.default_tab_index].label
    assert opened == {
        "map": "Where each point lies",
        "geometry": "What shape the cloud has",
        "contextual": "What context adds",
    }


@pytest.mark.parametrize("kind", [MapSpec, GeometrySpec, ContextualSpec])
def test_each_demo_is_one_click(page: Open, here: Any, kind: Any) -> None:
    at = page(PAGE)
    at.button(key=f"{kind.kind}_demo").click().run()
    assert not at.exception
    assert here.submitted == [kind()]


def test_a_map_shows_its_sentence_its_figure_and_its_points(
    page: Open, stored: dict[str, str], kept: dict[str, tuple[Spec, Any]]
) -> None:
    at = page(PAGE, run=stored["map"])
    assert not at.exception
    assert kept["map"][1].headline() in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 2  # the figure, and the bars of the column that colours the points
    assert any("No point is chosen" in c.value for c in at.caption)


@pytest.mark.parametrize("figure", ["moving", "every_layer", "what_is_kept"])
def test_every_figure_of_a_map_is_drawn(page: Open, stored: dict[str, str], figure: str) -> None:
    at = page(PAGE, run=stored["map"])
    at.segmented_control(key="map_view").set_value(figure).run()
    assert not at.exception
    assert len(at.get("vega_lite_chart")) == 2


@pytest.mark.parametrize("figure", ["by_layer", "after_treatment", "norms", "rogue_dimensions"])
def test_every_figure_of_the_shape_is_drawn(
    page: Open, stored: dict[str, str], kept: dict[str, tuple[Spec, Any]], figure: str
) -> None:
    at = page(PAGE, run=stored["geometry"])
    at.segmented_control(key="geometry_view").set_value(figure).run()
    assert not at.exception
    assert kept["geometry"][1].headline() in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 1


@pytest.mark.parametrize("figure", ["read_off", "senses_apart", "each_word", "side_by_side"])
def test_every_figure_of_what_context_adds_is_drawn(
    page: Open, stored: dict[str, str], kept: dict[str, tuple[Spec, Any]], figure: str
) -> None:
    at = page(PAGE, run=stored["contextual"])
    at.segmented_control(key="contextual_view").set_value(figure).run()
    assert not at.exception
    assert kept["contextual"][1].headline() in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 1


@pytest.mark.parametrize("by", ["kind", "type", "origin"])
def test_points_are_coloured_by_any_column(page: Open, stored: dict[str, str], by: str) -> None:
    at = page(PAGE, run=stored["map"], by=by, layer="1")
    assert not at.exception
    assert at.selectbox(key="by").value == by
    assert at.select_slider(key="layer").value == "1"


def test_the_address_chooses_a_point_and_what_is_near_it_is_listed(
    page: Open, stored: dict[str, str], kept: dict[str, tuple[Spec, Any]]
) -> None:
    result = kept["map"][1]
    at = page(PAGE, run=stored["map"], point="7", layer="2")
    assert not at.exception
    assert at.code[0].value == "".join(result.points.loc[7, ["before", "word", "after"]])
    near = next(d.value for d in at.dataframe if "before" in d.value.columns)
    assert len(near) == 10
    assert near.kind.tolist() == result.around(7, "2").kind.tolist()


def test_a_word_that_is_looked_for_is_listed(
    page: Open, stored: dict[str, str], kept: dict[str, tuple[Spec, Any]]
) -> None:
    words = kept["map"][1].points.word
    at = page(PAGE, run=stored["map"])
    at.text_input(key="map_find").set_value("(").run()
    assert not at.exception
    assert f"**{words.str.contains('(', regex=False).sum()} of 60 points**" in "\n".join(m.value for m in at.markdown)


def test_another_layer_stands_beside(page: Open, stored: dict[str, str]) -> None:
    at = page(PAGE, run=stored["map"], layer="2", beside="layer 1")
    assert not at.exception
    assert at.selectbox(key="beside").value == "layer 1"
    assert {"**Layer 2**", "**Layer 1**"} <= {m.value for m in at.markdown}
    assert any("ringed in the other" in c.value for c in at.caption)
    at = page(PAGE, run=stored["map"], beside="layer 99")
    assert "which is not among those here" in says(at)


def test_another_run_about_the_same_texts_stands_beside(
    page: Open, stored: dict[str, str], kept: dict[str, tuple[Spec, Any]], strata_home: Path
) -> None:
    first: Any = kept["map"][0]
    other = first.model_copy(update={"metric": "euclidean"})
    store.save(other, kept["map"][1], 1.0)
    about_others = first.model_copy(update={"seed": 5})
    store.save(about_others, kept["map"][1], 1.0)
    at = page(PAGE, run=stored["map"])
    runs = [name for name in at.selectbox(key="beside").options if "run " in name]
    assert len(runs) == 1
    assert runs[0].endswith(f"run {other.digest[:8]}")
    at.selectbox(key="beside").set_value(runs[0]).run()
    assert not at.exception
    assert at.select_slider(key="beside_layer").value == kept["map"][1].best
    assert any("ringed in the other" in c.value for c in at.caption)


@pytest.mark.parametrize("point", ["60", "-1", "99999999999999", "<b>", "٣", "1e3"])
def test_an_address_that_names_no_point_chooses_none(page: Open, stored: dict[str, str], point: str) -> None:
    at = page(PAGE, run=stored["map"], point=point)
    assert not at.exception
    chosen = [c for c in at.caption if "No point is chosen" in c.value]
    assert len(chosen) == (0 if point == "٣" else 1)


def test_an_address_that_names_no_layer_or_column_is_said(page: Open, stored: dict[str, str]) -> None:
    at = page(PAGE, run=stored["map"], layer="99", by="<script>")
    assert not at.exception
    assert "asks for layer “99”" in says(at)
    assert "asks for colour “<script>”" in says(at)


def test_play_moves_the_slider_to_the_last_layer_and_keeps_what_is_chosen(
    page: Open, stored: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.ui.playing.PACE", 0.0)
    at = page(PAGE, run=stored["map"], layer="0", by="type")
    layers = list(at.select_slider(key="layer").options)
    at.button(key="layer_play").click().run()
    seen = [at.select_slider(key="layer").value]
    for _ in range(3 * len(layers)):
        if at.button(key="layer_play").label == "Play":
            break
        at.run()
        seen.append(at.select_slider(key="layer").value)
    assert not at.exception
    assert list(dict.fromkeys(seen))[-1] == layers[-1]
    assert set(seen) >= set(layers[1:])
    assert at.selectbox(key="by").value == "type"
    still = at.select_slider(key="layer").value
    at.run()
    assert at.select_slider(key="layer").value == still  # the end is the end


def test_pause_stops_where_it_is(page: Open, stored: dict[str, str]) -> None:
    at = page(PAGE, run=stored["map"], layer="0")
    at.button(key="layer_play").click().run()
    assert at.button(key="layer_play").label == "Pause"
    at.button(key="layer_play").click().run()
    assert at.button(key="layer_play").label == "Play"
    assert at.select_slider(key="layer").value == "0"


def test_points_are_shaped_by_a_column_beside_their_colour(page: Open, stored: dict[str, str]) -> None:
    at = page(PAGE, run=stored["map"], by="kind", shape="type")
    assert not at.exception
    assert at.selectbox(key="shape").value == "type"
    assert any(c.value.startswith("Shape: ●") for c in at.caption)
