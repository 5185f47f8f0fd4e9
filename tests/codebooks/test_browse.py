"""A code's card: counted by hand, held out throughout; and a typed text coded as the run was."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import code_folder
from small_books import made

from probes import engine
from probes.codebooks import CodebookSpec, CodedSpec, browse, cards, kept, kinds
from probes.contract import Progress
from probes.errors import StrataError
from probes.figures.codes import strip_of_codes


def test_a_card_counts_the_held_out_tokens_of_its_code() -> None:
    run = made()
    card = browse.card(run, "1", 0, 5)
    assert (card.count, card.share, card.fitted, card.overlap) == (4, 1 / 4, 12, 1)
    assert dict(zip(card.words.word, card.words["count"], strict=True)) == {"(": 2, ")": 2}
    assert card.words.recall.tolist() == [1, 1]
    assert set(card.contexts.token) == {"(", ")"}
    assert set(card.contexts.row) <= set(range(run.sizes[0], 64))
    assert card.contexts.error.is_monotonic_increasing


def test_a_card_names_the_leaf_its_code_picks_out() -> None:
    run = made(texts=24)
    picks = browse.card(run, "1", 0, 5).picks.set_index("label")
    assert picks.loc["paren", ["precision", "recall", "f1"]].tolist() == [1, 1, 1]
    assert "name" not in picks.index
    assert browse.card(made(texts=24, label=False), "1", 0, 5).picks.empty


def test_density_is_counted_by_tenths_of_each_text() -> None:
    run = made(texts=8)
    fires = np.zeros(len(run.tokens), bool)
    fires[run.tokens.token == "self"] = True  # the first of eight tokens
    fires[run.tokens.token == "x"] = True  # the last
    table = cards.density(run, fires).set_index("part")
    assert table.fires.to_dict() == {**dict.fromkeys(range(1, 11), 0), 1: 2, 9: 2}  # 7 * 10 // 8 is the ninth tenth
    assert table.tokens.sum() == run.sizes[1]
    assert table.share[1] == 1


def test_places_run_from_the_best_decoded_to_the_worst_without_repeats() -> None:
    run = made(texts=40)
    rows = np.flatnonzero(run.tokens.held_out & (run.tokens.token == "self"))
    found = cards.quantiles(run, 1, rows)
    errors = np.sort(run.errors[1][rows - run.sizes[0]])
    assert found.error.tolist() == pytest.approx([errors[round(q * (len(rows) - 1))] for q in found["quantile"]])
    assert found["quantile"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert cards.quantiles(run, 1, rows[:1])["quantile"].tolist() == [0]
    assert cards.quantiles(run, 1, rows[:0]).empty
    assert browse.card(run, "1", 0, 5).texts == 1


def test_nearest_codes_are_by_cosine_and_companions_by_overlap() -> None:
    run = made()
    card = browse.card(run, "1", 0, 5)
    codes = run.codes[1, 0]
    cosines = codes @ codes[5] / np.linalg.norm(codes, axis=1) / np.linalg.norm(codes[5])
    order = [i for i in np.argsort(-cosines) if i != 5]
    assert card.near.code.tolist() == order
    assert card.near.cosine.tolist() == pytest.approx(cosines[order].tolist(), abs=1e-5)
    cut, other = run.sizes[0], int(card.together.code.iat[0])
    here, there = run.ids[1][cut:, 0] == 5, run.ids[0][cut:, 0] == other
    assert card.together.layer.tolist() == ["0"]
    assert card.together.overlap.iat[0] == pytest.approx((here & there).sum() / (here | there).sum())


def test_a_code_without_a_token_has_an_empty_card_and_one_that_is_none_is_an_error() -> None:
    empty = browse.card(made(), "1", 0, 7)
    assert empty.count == len(empty.words) == len(empty.contexts) == len(empty.together) == 0
    with pytest.raises(KeyError, match="No code 99 in book 0 of layer '1'"):
        browse.card(made(), "1", 0, 99)


def test_no_two_contexts_read_the_same() -> None:
    run = made(texts=40)
    rows = np.flatnonzero(run.tokens.held_out & (run.tokens.token == "self"))
    assert len(cards.contexts(run, 1, rows)) == 1  # all texts are equal


# ---- a typed text ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CodebookSpec]:
    folder, where = code_folder(tmp_path_factory.mktemp("code") / "code"), tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(where))
        sizes = {"codes": 8, "n_fit": 400, "n_test": 150, "passes": 3, "method": "residual", "books": 2}
        spec = CodebookSpec(model=str(tiny_llama), corpus=f"code:{folder}", **sizes).pinned()
        engine.run(spec)
    return where, spec


@pytest.fixture
def stored(home: tuple[Path, CodebookSpec], monkeypatch: pytest.MonkeyPatch) -> CodebookSpec:
    monkeypatch.setenv("STRATA_HOME", str(home[0]))
    return home[1]


def test_a_text_of_the_run_gets_the_codes_it_had_in_the_run(stored: CodebookSpec) -> None:
    _, run = kept.fitted(stored.digest)
    for book in (0, 1):
        found = engine.run(CodedSpec(run=stored.digest, text=str(run.passages.content[0]), book=book))
        own = run.tokens.text == 0
        for order, layer in enumerate(run.layers):
            codes = found.tokens[found.tokens.layer == layer].code
            assert codes.tolist()[: own.sum()] == run.ids[order][own, book].tolist()
    assert set(found.explained) == set(run.layers)
    assert all(value <= 1 for value in found.explained.values())


def test_the_strip_draws_every_token_and_hostile_ones_as_text(stored: CodebookSpec) -> None:
    found = engine.run(CodedSpec(run=stored.digest, text="x <b>é\u202e</b> = 1\n" * 8))
    drawn = str(strip_of_codes(found).to_dict())
    assert "\u202e" not in drawn
    assert "the first 60 of" in drawn


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"text": "x", "book": 2}, "E-BOOK-UNKNOWN"),
        ({"text": "x"}, "E-TEXT-EMPTY"),
        ({"text": "x " * 2000}, "E-TEXT-TOO-LONG"),
    ],
)
def test_a_text_that_cannot_be_coded_is_refused(asked: dict[str, Any], code: str, stored: CodebookSpec) -> None:
    with pytest.raises(StrataError) as refusal:
        engine.run(CodedSpec(run=stored.digest, **asked))
    assert refusal.value.code == code


def test_a_model_with_other_weights_is_refused(stored: CodebookSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    from probes.codebooks import typed

    asked, run = kept.fitted(stored.digest)
    monkeypatch.setattr(kept, "fitted", lambda _: (asked.model_copy(update={"model": str(asked.model)}), _with(run)))
    with pytest.raises(StrataError, match="other weights"):
        typed.typed(CodedSpec(run=stored.digest, text="a = b"), Progress())


def _with(run: Any) -> Any:
    import dataclasses

    return dataclasses.replace(run, source=dataclasses.replace(run.source, weights="0"))


@pytest.mark.parametrize("kind", ["kmeans", "spherical", "product", "residual", "pursuit", "itda"])
def test_a_codebook_read_back_codes_alike(kind: Any) -> None:
    from planted_states import clusters, rows

    from probes.codebooks.kmeans import Options

    states, _ = clusters()
    book = kinds.fit(kind, rows(states), Options(8), 2)
    back = kinds.of(kind, book.codes.numpy(), book.center.numpy(), book.levels.numpy(), book.slots)
    import torch

    some = torch.from_numpy(states[:50])
    assert torch.equal(book.encode(some), back.encode(some))
    assert torch.equal(book.decode(book.encode(some)), back.decode(back.encode(some)))
