"""Codes with coefficients: one whose coefficient is zero does not fire, and one dictionary is one book; by hand."""

import html
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_books import made
from steered import answered

from probes import engine, store
from probes.codebooks import (
    CardSpec,
    CodebookSpec,
    CodedSpec,
    ConceptsSpec,
    SearchSpec,
    browse,
    finding,
    kept,
    measures,
    seek,
    sheet,
)
from probes.codebooks.directions import directions
from probes.codebooks.fired import fired
from probes.contract import Progress
from probes.errors import StrataError
from probes.figures.codes import strip_of_codes

LEVELS = np.array([0, 1, 2], np.float32)


def planted(texts: int = 24, **changes: Any) -> Any:
    """A run of two slots: `self` has code 3 in the second, brackets take code 5 without a coefficient or, `(`, with."""
    run = made(texts)
    word = run.tokens.token
    ids = np.zeros((2, len(word), 4), np.uint8)  # two codes, then their levels
    ids[..., 0], ids[..., 2] = 1, 1  # code 1 is everywhere
    ids[:, word == "self", 1], ids[:, word == "self", 3] = 3, 2
    ids[:, word.isin(["(", ")"]), 1] = 5  # at the level of zero
    ids[:, word == "(", 3] = 1
    ids[:, word == "x", 2] = 0  # nothing fires on the last token
    fires = np.stack([fired(one, 1, 2, LEVELS) for one in ids])
    cut = run.sizes[0]
    known: dict[str, Any] = {"ids": ids, "slots": 2, "levels": np.stack([LEVELS, LEVELS]), "others": ids[:, cut:]}
    known["taken"] = np.stack([measures.counts(one[:cut], 1, 8) for one in fires])
    return made(texts, **known, **changes)


def test_what_fires_is_what_has_a_coefficient_once() -> None:
    ids = np.array([[1, 1, 2, 1, 2, 0], [3, 0, 0, 0, 0, 1], [4, 4, 4, 0, 2, 2]], np.uint8)
    assert fired(ids, 1, 3, LEVELS)[:, 0].tolist() == [[1, -1, -1], [-1, -1, 0], [-1, 4, -1]]
    # levels that do not begin at zero are gains, and no coefficient: all codes fire, and nothing is copied
    spherical = fired(ids[:, :2], 1, 1, np.array([0.5, 1]))
    assert spherical[:, 0, 0].tolist() == [1, 3, 4]
    assert np.shares_memory(spherical, ids)
    # two books of two slots: the same number in another book is another code
    assert fired(np.array([[7, 7, 7, 2]], np.uint8), 2, 2, ())[0].tolist() == [[7, -1], [7, 2]]


def test_a_card_counts_tokens_with_a_coefficient_in_any_slot() -> None:
    run = planted()
    held = run.tokens[run.tokens.held_out]
    table = browse.used(run, "1")
    assert len(table) == run.size  # one dictionary, one row a code
    often = table.set_index("code")["count"]
    assert often.to_dict() | {1: 0} == {0: 0, 1: 0, 2: 0, 3: 6, 4: 0, 5: 6, 6: 0, 7: 0}
    assert often[1] == (held.token != "x").sum()
    card = browse.card(run, "1", 0, 5)
    assert (card.count, card.fitted, card.overlap) == (6, 18, 1)
    assert card.words.word.tolist() == ["("]
    assert card.picks.set_index("label").loc["paren", ["precision", "recall"]].tolist() == [1, 0.5]
    # a code of the same dictionary may fire beside it, and is named
    assert card.together[["layer", "book", "code", "tokens"]].values.tolist() == [["0", 0, 5, 6], ["1", 0, 1, 6]]


def test_a_search_ranks_by_what_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    run = planted()
    monkeypatch.setattr(kept, "fitted", lambda _: (CodebookSpec(method="pursuit", books=2), run))
    found = seek.seek(SearchSpec(run="0" * 32, pattern=r"\("), Progress())
    best = found.codes.iloc[0]
    assert (best.code, best.f1, best.fires, best.fit_f1) == (5, 1, 6, 1)
    missed = seek.seek(SearchSpec(run="0" * 32, pattern=r"\)", layers="1"), Progress()).codes
    assert 5 not in set(missed.code)  # its coefficient there is zero
    assert found.searched == 2 * run.size
    assert seek.seek(SearchSpec(run="0" * 32, pattern="self"), Progress()).codes.iloc[0].code == 3


def test_concepts_take_codes_that_share_tokens_together(monkeypatch: pytest.MonkeyPatch) -> None:
    run = planted(48)
    monkeypatch.setattr(kept, "fitted", lambda _: (CodebookSpec(method="pursuit", books=2), run))
    table = finding.find(ConceptsSpec(run="0" * 32, layers="1"), Progress()).concepts.set_index("concept")
    assert (table.loc["self", "code"], table.loc["self", "f1"]) == (3, 1)
    assert (table.loc["opening round", "code"], table.loc["opening round", "f1"]) == (5, 1)
    assert table.loc["closing round", "f1"] < 0.5


def test_a_union_is_that_of_every_way_to_choose_two() -> None:
    draw = np.random.default_rng(3)
    ids = fired(np.hstack([draw.integers(6, size=(300, 3)), draw.integers(3, size=(300, 3))]), 1, 3, LEVELS)
    true = draw.random(300) < 0.3
    union = finding.covering([ids], true, 6, 2)

    def f1(*codes: int) -> float:
        fires = np.isin(ids, codes).any((1, 2))
        return float(2 * (fires & true).sum() / (fires.sum() + true.sum()))

    first = max(range(6), key=f1)
    assert union.codes[0] == first
    assert union.f1 == pytest.approx(max(f1(first), *(f1(first, code) for code in range(6))))


def test_overlap_of_codes_in_any_slot_is_that_of_their_tokens() -> None:
    draw = np.random.default_rng(0)
    one = fired(draw.integers(0, 5, size=(200, 6)), 1, 3, LEVELS)[:, 0]
    other = fired(draw.integers(0, 5, size=(200, 6)), 1, 3, LEVELS)[:, 0]
    rows = [[(ids == code).any(1) for code in range(5)] for ids in (one, other)]
    for code in range(5):
        alike = [(rows[0][code] & o).sum() / max((rows[0][code] | o).sum(), 1) for o in rows[1]]
        assert measures.overlap(one, other, 5)[code] == pytest.approx(max(alike))
    assert measures.stability(one, one, 5) == pytest.approx(1)
    assert measures.chance(one, one, 5) < 0.6


# ---- a run of its own ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CodebookSpec]:
    where = tmp_path_factory.mktemp("home")
    return where, answered(where, tiny_llama, tmp_path_factory.mktemp("code") / "code", method="pursuit", books=3)


def test_a_run_counts_what_fires_and_is_kept_compact(
    home: tuple[Path, CodebookSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRATA_HOME", str(home[0]))
    spec, run = kept.fitted(home[1].digest)
    assert (run.books, run.slots, run.size, run.ids.dtype) == (1, 3, 8, np.uint8)
    assert run.codes.shape[:3] == (len(run.layers), 1, 8)
    cut = run.sizes[0]
    for at, layer in enumerate(run.layers):
        gains = run.levels[at][run.ids[at][:, 3:]]
        by_hand = np.stack([((run.ids[at][:, :3] == code) & (gains > 0)).any(1) for code in range(8)])
        assert run.taken[at, 0].tolist() == by_hand[:, :cut].sum(1).tolist()
        table = browse.used(run, layer).set_index("code").sort_index()
        assert table["count"].tolist() == by_hand[:, cut:].sum(1).tolist()
        # counted token by token: an atom that two steps took is there once
        assert run.row(layer).l0 == pytest.approx(by_hand[:, cut:].sum() / run.sizes[1])
        # what it adds is the atom times its mean coefficient
        first = (run.ids[at][:cut, :3] == 1) & (gains[:cut] > 0)
        if first.any() and not ((run.ids[at][:cut, :3] == 1).sum(1) > 1).any():
            length = np.linalg.norm(directions(spec, run, at, 0)[1])
            assert length == pytest.approx(gains[:cut][first].mean(), rel=1e-4)


def test_a_run_of_an_earlier_version_is_to_be_asked_again_and_stays_where_it_is(
    home: tuple[Path, CodebookSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(home[0], tmp_path / "home")
    monkeypatch.setenv("STRATA_HOME", str(tmp_path / "home"))
    digest = home[1].digest
    had = CodebookSpec.version
    monkeypatch.setattr(CodebookSpec, "version", had + 1)
    with pytest.raises(StrataError, match=f"is of version {had}; today's is {had + 1}"):
        kept.fitted(digest)
    assert store.asked(digest)


def test_a_typed_text_has_a_row_for_every_code_that_fires(
    home: tuple[Path, CodebookSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRATA_HOME", str(home[0]))
    spec, run = kept.fitted(home[1].digest)
    found = engine.run(CodedSpec(run=spec.digest, text=str(run.passages.content[0])))
    own = np.flatnonzero(run.tokens.text == 0)
    for at, layer in enumerate(run.layers):
        rows = found.tokens[(found.tokens.layer == layer) & (found.tokens.code >= 0)]
        for position, token in enumerate(own):
            fires = run.fired(at)[token, 0]
            assert rows[rows.position == position].code.tolist() == fires[fires >= 0].tolist()
    first = found.tokens[found.tokens.slot == 0].groupby("layer").size()
    assert (first == found.tokens.position.nunique()).all()
    cells = pd.DataFrame(strip_of_codes(found).to_dict()["datasets"].popitem()[1])
    assert set(cells["also"]) != {""}
    assert store.home() == home[0]


def test_a_code_that_is_a_real_state_names_its_token(
    tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, code = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("code") / "code"
    asked = answered(where, tiny_llama, code, method="itda", books=2, layers="1, 2")
    monkeypatch.setenv("STRATA_HOME", str(where))
    _, run = kept.fitted(asked.digest)
    assert run.atoms.shape == (2, 8)
    for at, layer in enumerate(run.layers):
        atoms = run.atoms[at]
        assert len(set(atoms.tolist())) == 8
        assert not run.tokens.held_out[atoms].any()
        assert run.ids[at][atoms, 0].tolist() == list(range(8))  # a real state is its own code
        table = browse.used(run, layer).set_index("code").sort_index()
        assert table["atom"].tolist() == run.tokens.token[atoms].tolist()
    card = browse.card(run, "2", 0, 3)
    token = run.tokens.iloc[run.atoms[1, 3]]
    whole = run.passages.content[token.text]
    (row,) = card.atom.itertuples()
    assert (row.start, row.end, row.token) == (token.start, token.end, whole[token.start : token.end])
    assert whole[: token.end].endswith(row.before + row.token)
    page = sheet.page(run, asked.digest, [card], {}, str)
    assert f"It is the state of {html.escape(row.before)}<mark>{html.escape(row.token)}</mark>" in page
    made_of = engine.run(CardSpec(run=asked.digest, layer="2", code=3))
    assert made_of.atom.equals(card.atom)
    assert row.token.strip() in made_of.headline()
    assert browse.card(made(), "1", 0, 5).atom.empty
