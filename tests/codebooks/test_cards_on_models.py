"""What a code does to the next token: the direct path by hand, identity at zero, the control's length, refusals."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_books import made
from steered import answered, brought

from probes import engine, store
from probes.analyses import find
from probes.codebooks import CardSpec, CodebookSpec, browse, kept, nudging, sheet
from probes.codebooks.carding import SIDE
from probes.codebooks.decoding import decoder
from probes.codebooks.directions import directions, of_equal_norm
from probes.errors import StrataError
from probes.figures.words import visible
from probes.models import load


@pytest.fixture(scope="module")
def home(tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CodebookSpec]:
    here = tmp_path_factory.mktemp("cards")
    return here, answered(here, tiny_gpt2, here / "code")


@pytest.fixture
def asked(home: tuple[Path, CodebookSpec], strata_home: Path) -> CodebookSpec:
    brought(home[0], strata_home)
    return home[1]


def weights(net: Any) -> list[bytes]:
    return [tensor.numpy().tobytes() for tensor in net.state_dict().values()]


def test_a_card_says_what_adding_the_code_does(asked: CodebookSpec) -> None:
    _, run = kept.fitted(asked.digest)
    code = int(browse.used(run, "1").code.iat[0])
    found = engine.run(CardSpec(run=asked.digest, layer="1", code=code, texts=4))
    assert (found.refusal, found.nudged) == ("", 4)
    assert set(found.nudges.strength) == set(nudging.STRENGTHS)
    assert (found.nudges.kl > 0).all()
    own = found.nudges[found.nudges.series == nudging.OWN].set_index("strength").kl
    assert own[2.0] > own[0.5]  # further away is further away
    assert found.logits.side.value_counts().to_dict() == {"raised": SIDE, "lowered": SIDE}
    raised, lowered = (found.logits[found.logits.side == side].direct for side in ("raised", "lowered"))
    assert raised.is_monotonic_decreasing
    assert lowered.is_monotonic_increasing
    assert raised.min() > lowered.max()
    assert f"{own[1.0]:.2f} nats" in found.headline()


def test_a_code_of_a_part_is_nudged_and_has_no_direct_path(tiny_llama: Path, tmp_path: Path, strata_home: Path) -> None:
    spec = answered(strata_home, tiny_llama, tmp_path / "code", site="heads", layers="1")
    _, run = kept.fitted(spec.digest)
    asked = CardSpec(run=spec.digest, code=int(browse.used(run, run.best).code.iat[0]), texts=2)
    found = engine.run(asked)
    assert (found.refusal, found.nudged, len(found.logits), found.agreement) == ("", 2, 0, 0)
    assert (found.nudges.kl > 0).all()
    card = find("card")
    assert "direct path" not in " ".join(card.methods(asked, found))
    assert "residual stream" in str(card.figures["raised_and_lowered"](found).to_dict())


def test_the_direct_path_is_norm_and_head_by_hand(asked: CodebookSpec) -> None:
    lm = decoder(*kept.fitted(asked.digest))
    draw = np.random.default_rng(0)
    center, vector = draw.normal(size=(2, 16)).astype(np.float32)
    net = lm.net
    with torch.no_grad():
        rows = torch.from_numpy(np.stack([center, center + vector]))
        plain, moved = (net.transformer.ln_f(rows) @ net.lm_head.weight.T).double().numpy()
    change = moved - plain
    assert nudging.direct(lm, center, vector) == pytest.approx(change - change.mean(), abs=1e-5)


def test_nothing_moves_at_strength_zero_and_the_model_is_left_as_it_was(asked: CodebookSpec) -> None:
    lm = decoder(*kept.fitted(asked.digest))
    before = weights(lm.net)
    where = nudging.places(lm, ["value = name", "print(total)"], [(0, 5), (6, 11)])
    nudge = nudging.Nudge("1", np.arange(16, dtype=np.float32))  # a norm would take out equal numbers
    plain = nudging.predicted(lm, where)
    assert torch.equal(nudging.predicted(lm, where, nudge, 0.0), plain)
    assert not torch.allclose(nudging.predicted(lm, where, nudge, 1.0), plain)
    assert torch.equal(nudging.predicted(lm, where), plain)
    assert weights(lm.net) == before
    assert plain.exp().sum(-1).tolist() == pytest.approx([1, 1], abs=1e-4)


def test_what_is_read_is_the_models_own_prediction_at_the_token(asked: CodebookSpec) -> None:
    lm = decoder(*kept.fitted(asked.digest))
    text = "value = name"
    where = nudging.places(lm, [text, "print(total) "], [(0, 5), (6, 11)])
    assert where.encoded.offsets[0, where.last[0]].tolist()[1] == 5
    logits = lm.logits(lm.model.encode([text]))[0, int(where.last[0])]
    assert torch.allclose(nudging.predicted(lm, where)[0], logits.log_softmax(-1), atol=1e-4)


@pytest.mark.parametrize("method", ["kmeans", "residual", "product", "spherical"])
def test_a_codes_vector_is_what_decoding_it_adds_to_the_mean(method: Any) -> None:
    draw = np.random.default_rng(1)
    books, part = (2, 2) if method == "product" else (1, 4)
    codes = draw.normal(size=(2, books, 8, part)).astype(np.float32)
    levels = np.array([[1.0, 3.0], [1.0, 3.0]], np.float32) if method == "spherical" else np.zeros((2, 0), np.float32)
    run = made(codes=codes, books=books, levels=levels)
    if method == "spherical":
        run = made(
            codes=codes,
            levels=levels,
            ids=np.concatenate([run.ids, np.arange(run.ids.size).reshape(run.ids.shape) % 2], -1).astype(np.uint8),
        )
    spec = CodebookSpec(method=method, codes=8)
    vectors = directions(spec, run, 1, books - 1)
    if method == "product":
        assert np.array_equal(vectors, np.concatenate([np.zeros((8, 2)), codes[1, 1]], 1))
    elif method == "spherical":
        fitted = run.ids[1][: run.sizes[0]]
        gains = [[1.0, 3.0][g] for g in fitted[:, 1]]
        own = [[gain for gain, code in zip(gains, fitted[:, 0], strict=True) if code == k] for k in range(8)]
        mean = np.array([np.mean(some or gains) for some in own])
        assert vectors == pytest.approx(codes[1, 0] * mean[:, None], rel=1e-5)
    else:
        assert np.array_equal(vectors, codes[1, 0])


def test_the_control_is_another_code_of_equal_length() -> None:
    vectors = np.diag([1.0, 2.0, 3.0, 0.0]).astype(np.float32)
    for seed in range(8):
        other = of_equal_norm(vectors, 1, np.random.default_rng(seed))
        assert np.linalg.norm(other) == pytest.approx(2)
        assert other @ vectors[1] == 0
    with pytest.raises(ValueError, match="no other code"):
        of_equal_norm(vectors[[1]], 0, np.random.default_rng(0))


def test_an_encoders_card_says_why_nothing_is_nudged(tiny_bert: Path, tmp_path: Path, strata_home: Path) -> None:
    spec = answered(strata_home, tiny_bert, tmp_path / "code", layers="1")
    found = engine.run(CardSpec(run=spec.digest))
    assert found.nudges.empty
    assert "does not predict the next token" in found.refusal
    assert "held-out tokens" in found.headline()
    with pytest.raises(StrataError, match="does not predict the next token") as refusal:
        decoder(*kept.fitted(spec.digest))
    assert (refusal.value.code, "smollm2" in refusal.value.fix) == ("E-STEER", True)


@pytest.mark.parametrize("wrong", [{"layer": "9"}, {"code": 8}, {"book": 1}, {"layer": "1 + norm"}])
def test_a_code_that_is_none_is_refused(asked: CodebookSpec, wrong: dict[str, Any]) -> None:
    with pytest.raises(StrataError, match="This run has no code") as refusal:
        engine.run(CardSpec(run=asked.digest, **wrong))
    assert refusal.value.code == "E-CODE-UNKNOWN"
    assert "Its layers are 0, 1, 2" in refusal.value.fix


# ---- the sheet and the notes -----------------------------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_sheet_stands_alone_and_holds_no_markup_of_others() -> None:
    run = made()
    hostile = '<script>alert(1)</script>" onload="x\u202e'
    content = hostile + run.passages.content.iat[0]
    run = made(passages=run.passages.assign(content=content, origin=hostile))
    cards = [browse.card(run, "1", 0, code) for code in (3, 5)]
    object.__setattr__(run, "headline", lambda: hostile)
    page = sheet.page(run, "0" * 32, cards, {("1", 0, 3): (hostile, hostile)}, visible)
    seen = Tags()
    seen.feed(page)
    assert not seen.tags & {"script", "img", "link", "iframe", "svg", "a", "form"}
    assert not [name for name in seen.attributes if name.startswith("on") or name in ("src", "href")]
    assert "\u202e" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<article>") == 2
    assert page.count("&lt;script&gt;") > 4


def test_names_and_notes_outlive_and_are_kept_apart() -> None:
    run, other = "a" * 32, "b" * 32
    store.note_code(run, store.CodeNote("1", 0, 3, "self ", "the <b>object</b>"))
    store.note_code(run, store.CodeNote("1", 0, 5, "brackets"))
    store.note_code(other, store.CodeNote("1", 0, 3, "elsewhere"))
    found = store.code_notes(run)
    assert {place: note.name for place, note in found.items()} == {("1", 0, 3): "self", ("1", 0, 5): "brackets"}
    store.note_code(run, store.CodeNote("1", 0, 3))
    assert list(store.code_notes(run)) == [("1", 0, 5)]
    store.note_code(run, store.CodeNote("1", 0, 5))
    assert not (store.home() / "code-notes" / f"{run}.json").exists()


@pytest.mark.parametrize("text", ["{", "[]x", '[{"layer": 1}]', '[{"layer": "1", "book": "0", "code": 1}]', "7"])
def test_damaged_notes_count_as_none(text: str) -> None:
    run = "a" * 32
    store.note_code(run, store.CodeNote("1", 0, 3, "self"))
    (store.home() / "code-notes" / f"{run}.json").write_text(text)
    assert store.code_notes(run) == {}


def test_notes_too_long_or_on_no_run_are_refused() -> None:
    with pytest.raises(StrataError, match="The name has 81 characters; it may have 80"):
        store.note_code("a" * 32, store.CodeNote("1", 0, 3, "x" * 81))
    with pytest.raises(StrataError, match="The note has 2,001 characters"):
        store.note_code("a" * 32, store.CodeNote("1", 0, 3, "x", "x" * 2001))
    with pytest.raises(StrataError, match="not a digest"):
        store.note_code("../x", store.CodeNote("1", 0, 3, "x"))


def test_a_model_with_other_weights_is_refused(asked: CodebookSpec, tiny_llama: Path) -> None:
    spec, run = kept.fitted(asked.digest)
    other = spec.model_copy(update={"model": str(tiny_llama), "revision": None})
    assert load(str(tiny_llama)).weights != run.source.weights
    with pytest.raises(StrataError, match="other weights") as refusal:
        decoder(other, run)
    assert refusal.value.code == "E-MODEL-MOVED"
