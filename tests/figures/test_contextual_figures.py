"""Figures of static beside contextual: what is drawn is what was found; hostile words stay words."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from marks import checked

from probes.figures import contextual
from probes.geometry import ContextualResult
from probes.geometry.contextual import ALONE, COMMONEST, RANDOM, STATIC, TABLE, TRAINED
from probes.values import Source

HOSTILE = ["<script>alert(1)</script>", "\u202egnp", "a\nb", "{b}", "'] + 1", "x" * 90, "c", "d", "e"]
KNOWN = [("v.txt", STATIC), (TABLE, TRAINED), *((layer, series) for series in (TRAINED, RANDOM) for layer in "012")]


def found(words: int = 9) -> ContextualResult:
    draw = np.random.default_rng(0)
    named = [(i, name, series) for i, (name, series) in enumerate(KNOWN)]
    scores = pd.DataFrame([(*one, 0.5, 0.4, 0.6, 0.1, 0.0, 0.2, 0.5, 0.1, 1.0) for one in named],
                          columns=["order", "name", "series", "accuracy", "low", "high", "gain", "gain_low",
                                   "gain_high", "f1", "shuffled", "penalty"])  # fmt: skip
    senses = pd.DataFrame([(*one, m, 0.5, 0.4, 0.6, 0.4, 0.5) for one in named for m in ("nearest use", "silhouette")],
                          columns=["order", "name", "series", "measure", "value", "low", "high", "chance",
                                   "chance_high"])  # fmt: skip
    each = pd.DataFrame([(*one, HOSTILE[k], 4, 2, 0.5, 0.1) for one in named for k in range(words)],
                        columns=["order", "name", "series", "word", "uses", "senses", "nearest use",
                                 "silhouette"])  # fmt: skip
    kinds = [f"{HOSTILE[i % 9]} ({i % 2})" for i in range(36)]
    said = [HOSTILE[i % 9] for i in range(36)]
    points = pd.DataFrame({"word": said, "before": said, "after": said, "kind": kinds, "type": said}).assign(
        place=0, origin="o", text=range(36)
    )
    base = pd.DataFrame(
        [(COMMONEST, 0.1, 0.1, 0.2), (ALONE, 0.5, 0.4, 0.6)], columns=["name", "accuracy", "low", "high"]
    )
    xy = draw.normal(size=(3, 36, 2)).astype(np.float32)
    rest = (xy, ("v.txt", TABLE, "1"), np.ones(3), "1", 0.5, 0.4, 0.6, (0.1, 0.0, 0.2), (0.1, 0.05, 0.2))
    source = Source("m", "r", "w", "float32", "cpu", "c", "d", 0)
    return ContextualResult(scores, base, senses, each, points, *rest, "sense", 18, "v.txt", "tsne", 2,
                            ("0", "1", "2"), {}, source)  # fmt: skip


@pytest.mark.parametrize("name", ["read_off", "senses_apart", "each_word", "side_by_side"])
def test_every_figure_draws_what_was_found(name: str) -> None:
    result = found()
    spec = getattr(contextual, name)(result).to_dict()
    text = str(spec)
    assert "<script>" not in text or "\u202e" not in text
    assert spec["description"].replace("\u202e", "") == result.headline()
    checked(getattr(contextual, name)(result))


def test_a_use_is_shaped_by_its_sense_and_the_rarest_words_are_others() -> None:
    kinds, forms = contextual._told(found())
    assert len(set(kinds)) == contextual.MOST_WORDS + 1
    assert set(forms) == {"sense 1", "sense 2"}


@pytest.mark.parametrize("name", ["senses_apart", "each_word"])
def test_without_homonyms_it_is_said(name: str) -> None:
    result = found()
    none = dataclasses.replace(result, senses=result.senses.iloc[:0], words=result.words.iloc[:0])
    assert "no senses to tell apart" in str(getattr(contextual, name)(none).to_dict()).replace("\n", " ")
    kinds, forms = contextual._told(none)
    assert set(forms) == {""}
    assert len(set(kinds)) == contextual.MOST_WORDS + 1
    checked(contextual.side_by_side(none))


def test_a_map_of_points_that_are_all_one_says_so_in_place_of_its_trust() -> None:
    one = dataclasses.replace(found(), trust=np.array([np.nan, 0.9, 0.9, 0.9]))
    assert contextual._panel(one, 0).endswith(", under 3 differ")
    assert contextual._panel(one, 1).endswith(", T 0.90")


def test_only_what_was_compared_stands_in_the_legend() -> None:
    result = found()
    scores = result.scores[result.scores.series == TRAINED]
    drawn = contextual.read_off(dataclasses.replace(result, scores=scores)).to_dict()
    legends = [layer["encoding"]["color"].get("scale", {}) for layer in drawn["layer"] if "color" in layer["encoding"]]
    assert {tuple(scale["domain"]) for scale in legends if scale} == {(TRAINED,)}
