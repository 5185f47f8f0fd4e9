"""Steering: nothing at strength zero, the moves by hand, counts by hand, controls of equal length, refusals."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from steered import answered, brought

from probes import engine
from probes.codebooks import (
    CodebookSpec,
    CodePatchSpec,
    CodeSteerSpec,
    browse,
    fluency,
    kept,
    kinds,
    moves,
    patching,
    steer,
)
from probes.codebooks.decoding import decoder
from probes.codebooks.directions import directions
from probes.errors import StrataError
from probes.models import hidden_states
from probes.stats import wilson

PROMPT = "value = name"


@pytest.fixture(scope="module")
def home(tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CodebookSpec]:
    here = tmp_path_factory.mktemp("steering")
    return here, answered(here, tiny_gpt2, here / "code")


@pytest.fixture
def asked(home: tuple[Path, CodebookSpec], strata_home: Path) -> CodebookSpec:
    brought(home[0], strata_home)
    return home[1]


def steered(asked: CodebookSpec, **other: Any) -> Any:
    fields: dict[str, Any] = {"prompt": PROMPT, "codes": "1:0", "samples": 5, "tokens": 6, **other}
    return engine.run(CodeSteerSpec(run=asked.digest, **fields))


# ---- the moves -------------------------------------------------------------------------------------------------------


def test_each_way_moves_states_as_its_formula_says(asked: CodebookSpec) -> None:
    spec, run = kept.fitted(asked.digest)
    at = run.layers.index("1")
    book = kinds.book_of(spec, run, at)
    draw = torch.Generator().manual_seed(0)
    states = book.center + torch.randn(3, 7, run.centers.shape[1], generator=draw)
    ids = book.encode(states.flatten(0, 1))[:, 0].reshape(3, 7)
    code = int(ids.flatten().mode().values)
    other = (code + 1) % 8
    v, w = (torch.from_numpy(directions(spec, run, at, 0)[i]) for i in (code, other))
    where = torch.ones(3, 7, dtype=torch.bool)
    where[:, 0] = False
    fires = (where & (ids == code))[..., None]
    wanted = {
        "activate": states + 2 * v * where[..., None],
        "suppress": states - 2 * v * fires,
        "swap": states + 2 * (w - v) * fires,
    }
    for how, right in wanted.items():
        some = moves.moves(spec, run, how, (f"1:{code}", f"1:{other}"))
        ((layer, edit_at),) = moves.edits(spec, run, some, 2.0)
        assert layer == "1"
        assert torch.allclose(edit_at(where)(states), right, atol=1e-5), how
        ((_, nothing),) = moves.edits(spec, run, some, 0.0)
        assert torch.equal(nothing(where)(states), states)


def test_other_codes_move_as_far_at_the_same_places(asked: CodebookSpec) -> None:
    spec, run = kept.fitted(asked.digest)
    some = moves.moves(spec, run, "swap", ("1:0, 2:3", "1:4, 2:5"))
    others = moves.elsewhere(spec, run, some, seed=0)
    for one, other in zip(some, others, strict=True):
        assert (one.place, one.only) == (other.place, other.only)
        assert np.linalg.norm(one.vector) == pytest.approx(np.linalg.norm(other.vector), rel=1e-5)
        assert not np.allclose(one.vector, other.vector)


@pytest.mark.parametrize(
    ("text", "found"), [("1:3", [("1", 0, 3)]), (" 0:0:7 , 2:1 ", [("0", 0, 7), ("2", 0, 1)]), ("1:003", [("1", 0, 3)])]
)
def test_codes_are_named_by_layer_and_number(asked: CodebookSpec, text: str, found: list[Any]) -> None:
    assert moves.places(text, kept.fitted(asked.digest)[1]) == found


@pytest.mark.parametrize(
    "text", ["", "1", "1:8", "1:1:3", "9:0", "2 + norm:0", "1:x", "1:-1", "1:2:3:4", "1:0,,", "1:²"]
)
def test_what_names_no_code_is_refused(asked: CodebookSpec, text: str) -> None:
    with pytest.raises(StrataError, match="names no code that can be steered") as refusal:
        moves.places(text, kept.fitted(asked.digest)[1])
    assert refusal.value.code == "E-CODES"
    assert "Layers are 0, 1, 2;" in refusal.value.fix


@pytest.mark.parametrize("to", ["1:3, 1:4", "2:3", "1:0"])
def test_a_swap_needs_another_code_of_the_same_layer_for_each(asked: CodebookSpec, to: str) -> None:
    with pytest.raises(StrataError, match="cannot be swapped for") as refusal:
        steered(asked, how="swap", to=to)
    assert refusal.value.code == "E-SWAP"


# ---- the texts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["activate", "suppress", "swap"])
def test_at_strength_zero_every_text_is_the_plain_one(asked: CodebookSpec, how: str) -> None:
    found = steered(asked, how=how, to="1:5", strength=0.0)
    assert found.samples.same.all()
    assert len(set(found.samples[found.samples.condition == steer.PLAIN].text)) > 1
    summary = found.summary.pivot(index="measure", columns="condition", values="value")
    assert (summary[steer.PLAIN] == summary[steer.STEERED]).all()
    assert "changes 0 of 5 samples" in found.headline()


def test_a_strong_code_changes_the_texts_and_the_counts_are_those_of_the_texts(asked: CodebookSpec) -> None:
    found = steered(asked, strength=40.0, topic="[a-f]", prompted="def total(")
    names = [steer.PLAIN, steer.STEERED, steer.OTHER, steer.MEANS, steer.PROMPTED]
    assert list(dict.fromkeys(found.samples.condition)) == names
    assert not found.samples[found.samples.condition == steer.STEERED].same.all()
    import re

    for name, own in found.samples.groupby("condition"):
        hits = sum(bool(re.search("[a-f]", text)) for text in own.text)
        rows = found.summary[found.summary.condition == name].set_index("measure")
        assert rows.loc[steer.TOPIC, ["value", "low", "high"]].tolist() == pytest.approx(100 * wilson(hits, 5))
        assert rows.value[steer.PERPLEXITY] == pytest.approx(math.exp(own.loss.mean()))
        assert rows.value[steer.PAIRS] == pytest.approx(own.distinct2.mean())
    assert found.side_by_side().columns.tolist() == ["sample", *names]
    assert set(found.samples[found.samples.condition == steer.PROMPTED].prompt) == {"def total("}


def test_perplexity_is_that_of_the_plain_model_by_hand(asked: CodebookSpec) -> None:
    lm = decoder(*kept.fitted(asked.digest))
    one = steered(asked, strength=40.0, samples=1).samples.iloc[1]
    encoded = lm.model.encode([one.prompt + one.text])
    logits = lm.logits(encoded)[0].log_softmax(-1)
    ids = encoded.ids[0]
    # the first token is not read from, as everywhere where losses are counted
    own = [-float(logits[i, ids[i + 1]]) for i in range(1, len(ids) - 1)]
    assert one.loss == pytest.approx(np.mean(own), rel=1e-4)


def test_the_difference_of_means_needs_a_topic_of_the_runs_own_texts(asked: CodebookSpec) -> None:
    for other in ({"topic": ""}, {"topic": "zebra"}, {"topic": "[a-f]", "means": False}, {"topic": "(?s)."}):
        assert steer.MEANS not in set(steered(asked, **other).samples.condition)


def test_an_encoder_is_refused(tiny_bert: Path, tmp_path: Path, strata_home: Path) -> None:
    spec = answered(strata_home, tiny_bert, tmp_path / "code", layers="1")
    for ask in (
        CodeSteerSpec(run=spec.digest, codes="1:0", prompt="x y"),
        CodePatchSpec(run=spec.digest, source="x y", target="z y"),
    ):
        with pytest.raises(StrataError, match="does not predict the next token") as refusal:
            engine.run(ask)
        assert (refusal.value.code, "smollm2" in refusal.value.fix) == ("E-STEER", True)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"topic": "("}, "E-PATTERN"), ({"tokens": 512}, "E-TEXT-TOO-LONG"), ({"temperature": 0.0}, "")],
)
def test_what_cannot_be_written_is_refused(asked: CodebookSpec, wrong: dict[str, Any], code: str) -> None:
    if not code:
        assert len(set(steered(asked, **wrong).samples.query("condition == 'plain'").text)) == 1
        return
    with pytest.raises(StrataError) as refusal:
        steered(asked, **wrong)
    assert refusal.value.code == code


def test_fluency_is_counted_in_words() -> None:
    assert fluency.distinct("a b a b", 1) == 1 / 2
    assert fluency.distinct("a b a b", 2) == 2 / 3
    assert fluency.distinct("", 2) == fluency.distinct("one", 2) == 1
    assert fluency.repetition("a b c d a b c d") == pytest.approx(1 / 5)
    assert fluency.repetition("every word is another one") == 0


# ---- patching --------------------------------------------------------------------------------------------------------


def test_whole_states_at_the_last_layer_take_the_output_all_the_way(asked: CodebookSpec) -> None:
    found = engine.run(CodePatchSpec(run=asked.digest, source="print(total)", target=PROMPT))
    moved = found.cells[(found.cells.layer == "2")].set_index(["series", "place"]).moved
    assert moved["its whole states", 1] == pytest.approx(1, abs=1e-4)
    assert moved["its whole states", 2] == pytest.approx(0, abs=1e-4)  # nothing after the last layer looks back
    assert moved["its codes", 2] == pytest.approx(0, abs=1e-4)
    assert set(found.cells.layer) == {"0", "1", "2"}
    assert "of the way" in found.headline()


def test_a_patch_of_codes_is_the_decoded_difference(asked: CodebookSpec) -> None:
    spec, run = kept.fitted(asked.digest)
    lm = decoder(spec, run)
    found = engine.run(CodePatchSpec(run=asked.digest, source="print(total)", target=PROMPT, layers="2"))
    at = run.layers.index("2")
    book = kinds.book_of(spec, run, at)
    states = [hidden_states(lm.model, lm.model.encode([p]), ["2"])["2"][0, -1] for p in ("print(total)", PROMPT)]
    source, target = (book.decode(book.encode(state[None]))[0] for state in states)
    with torch.no_grad():
        rows = torch.stack([states[1] + source - target, states[0]])
        after, own = (lm.net.lm_head(lm.net.transformer.ln_f(rows))).softmax(-1).double().numpy()
    cell = found.cells[(found.cells.series == "its codes") & (found.cells.place == 1)].iloc[0]
    assert cell.jsd == pytest.approx(jensenshannon(after, own) ** 2, abs=1e-5)


def test_jsd_is_zero_for_equals_and_ln_2_for_strangers() -> None:
    draw = np.random.default_rng(0).dirichlet(np.ones(6), size=(2, 4))
    one, other = (torch.from_numpy(np.log(side)) for side in draw)
    assert patching.jsd(one, other).tolist() == pytest.approx((jensenshannon(*draw, axis=1) ** 2).tolist())
    assert patching.jsd(one, one).tolist() == pytest.approx([0] * 4, abs=1e-12)
    apart = torch.tensor([[0.0, -torch.inf]]), torch.tensor([[-torch.inf, 0.0]])
    assert float(patching.jsd(*apart)) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"source": PROMPT}, "goes on alike"),
        ({"source": "a"}, "is a single token"),
        ({"layers": "2 + norm"}, "After the final norm"),
        ({"layers": "7"}, "no layer '7'"),
    ],
)
def test_what_cannot_be_patched_is_refused(asked: CodebookSpec, wrong: dict[str, str], said: str) -> None:
    with pytest.raises(StrataError, match=said) as refusal:
        engine.run(CodePatchSpec(**{"run": asked.digest, "source": "print(total)", "target": PROMPT, **wrong}))
    assert refusal.value.code in ("E-PATCH", "E-LAYER-UNKNOWN")


def test_the_best_known_code_of_a_layer_is_a_move(asked: CodebookSpec) -> None:
    _, run = kept.fitted(asked.digest)
    top = browse.used(run, "2").iloc[0]
    found = steered(asked, codes=f"2:{top.code}")
    assert (found.moves.word.iat[0] != "", found.layers) == (True, ("2",))
