"""A kept codebook model on the Codebooks page: its codes are those it chooses; forcing them is what it does itself."""

import shutil
from itertools import combinations, combinations_with_replacement
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from probes import engine
from probes.analyses import find
from probes.codebooks import (
    CardSpec,
    CodebookSpec,
    CodedSpec,
    EqualBitsSpec,
    SearchSpec,
    SpliceSpec,
    browse,
    kept,
    margins,
    sheet,
)
from probes.codebooks.trained import kept as on_disk
from probes.codebooks.trained.book import Book, Rules
from probes.codebooks.trained.own import own
from probes.codebooks.trained.thinking import thinking
from probes.codebooks.typed import model_of
from probes.errors import StrataError
from probes.models import hidden_states, loaded

PARTS = {"mlp": 1, "heads": 2}
"""Books at each site."""


def test_the_codes_of_a_run_are_those_that_the_model_chooses(taught_run: CodebookSpec, taught: Path) -> None:
    _, run = kept.fitted(taught_run.digest)
    assert (run.books, run.slots, run.size) == (PARTS[taught_run.site], 2, 12)
    assert run.layers == tuple(f"{layer} {taught_run.site}" for layer in range(1, run.depth + 1))
    text = str(run.passages.content[0])
    alone = on_disk.load(taught)  # the whole decoder with its head, as training keeps it
    ids = model_of(taught_run).encode([text]).ids
    alone.net(input_ids=ids)
    own = np.flatnonzero(run.tokens.text == 0)
    for at in range(run.depth):
        chosen = alone.books.named()[f"{at}.{'head' if taught_run.site == 'heads' else 'mlp'}"].ids
        spans = model_of(taught_run).encode([text])
        real = np.flatnonzero(~spans.special[0])[1 : 1 + len(own)]
        assert run.ids[at][own].tolist() == chosen[torch.from_numpy(real)].flatten(1).tolist()


def test_capacity_counts_every_choice_there_can_be() -> None:
    def bits(size: int, k: int, pursuit: bool) -> float:
        book = Book(2, size, 3, Rules(k, "euclidean", "sum", pursuit=pursuit))
        return own(book, torch.zeros(6)).capacity

    for choices, pursuit in ((combinations, False), (combinations_with_replacement, True)):
        assert bits(5, 3, pursuit) == pytest.approx(2 * np.log2(len(list(choices(range(5), 3)))))
    assert bits(2, 3, True) == pytest.approx(2 * np.log2(4))  # more choices than codes


def test_what_codes_keep_is_of_what_enters_them_and_left_out_controls_say_so(taught_run: CodebookSpec) -> None:
    _, run = kept.fitted(taught_run.digest)
    assert run.scores.filter(["floor", "excess", "stability", "chance"]).isna().all(axis=None)
    assert run.scores.filter(["explained", "word", "bits", "dead"]).notna().all(axis=None)
    assert (run.scores.explained < 1).all()
    assert "no other seed" in run.headline()
    assert "nan" not in run.headline()
    assert any("codebooks in place" in note for note in run.source.notes)
    whole = find("codebooks")
    drawn = [str(figure(run).to_dict()) for figure in whole.figures.values()]
    assert "not fitted here" in drawn[2]
    assert not any("noise of the same covariance" in one for one in drawn)
    said = " ".join(whole.methods(taught_run, run))
    assert "another training" in said
    assert "nan" not in said


def test_cards_search_and_a_typed_text_count_every_slot(taught_run: CodebookSpec) -> None:
    _, run = kept.fitted(taught_run.digest)
    layer, cut, book = run.layers[1], run.sizes[0], run.books - 1
    slots = run.ids[1].reshape(len(run.tokens), run.books, 2)[:, book]
    table = browse.used(run, layer)
    own = table[table.book == book].set_index("code")["count"]
    assert own.to_dict() == {code: int((slots[cut:] == code).any(1).sum()) for code in range(12)}
    card = browse.card(run, layer, book, int(own.idxmax()))
    assert np.isnan(card.overlap)
    assert "nan" not in sheet.page(run, taught_run.digest, [card], {}, str)
    found = engine.run(SearchSpec(run=taught_run.digest, pattern=r"\w+", layers=layer, top=1)).codes.iloc[0]
    assert found.fires == (run.ids[1].reshape(-1, run.books, 2)[cut:, found.book] == found.code).any(1).sum()
    text = str(run.passages.content[0])
    typed = engine.run(CodedSpec(run=taught_run.digest, text=text, book=book)).tokens
    for position, row in enumerate(np.flatnonzero(run.tokens.text == 0)):
        mine = typed[(typed.layer == layer) & (typed.position == position)]
        assert mine.code.tolist() == list(dict.fromkeys(slots[row].tolist()))
    made = engine.run(CardSpec(run=taught_run.digest, layer=layer, book=book, code=card.code, texts=2))
    assert made.count == card.count
    assert len(made.nudges) or taught_run.site == "heads"


def test_other_analyses_of_the_folder_run_without_its_codes(taught_run: CodebookSpec) -> None:
    plain, coded = loaded(taught_run), thinking(taught_run).model
    assert plain is not coded
    assert plain.weights != coded.weights
    encoded = plain.encode(["x = 1"])
    one, two = (hidden_states(model, encoded, ["2"])["2"] for model in (plain, coded))
    assert not torch.allclose(one, two)


def test_what_makes_no_sense_of_such_a_run_is_refused(taught_run: CodebookSpec, taught: Path, tiny_llama: Path) -> None:
    for kind in (SpliceSpec, EqualBitsSpec):
        with pytest.raises(StrataError, match="goes on from its own codes"):
            engine.run(kind(run=taught_run.digest))
    with pytest.raises(StrataError, match="while it runs with its codebooks"):
        margins.margin(taught_run.digest, "1:0")
    for changed, code in (
        ({"site": "residual"}, "E-CODES-PLACE"),
        ({"site": "attention"}, "E-CODES-PLACE"),
        ({"model": str(tiny_llama)}, "E-CODES-KEPT"),
        ({"model": "smollm2"}, "E-CODES-KEPT"),
        ({"layers": "9"}, "E-LAYER-UNKNOWN"),
    ):
        with pytest.raises(StrataError) as refusal:
            engine.run(taught_run.model_copy(update={"revision": None, **changed}))
        assert refusal.value.code == code, changed


def test_a_model_whose_codes_have_changed_is_refused(
    taught_run: CodebookSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, run = kept.fitted(taught_run.digest)
    copy = tmp_path / "copy"
    shutil.copytree(asked.model, copy)
    written = on_disk.read(copy)
    save_file({name: codes + 1 for name, codes in written.codes.items()}, copy / on_disk.TENSORS)
    moved = asked.model_copy(update={"model": str(copy), "revision": None})
    monkeypatch.setattr(kept, "fitted", lambda _: (moved, run))
    with pytest.raises(StrataError, match="other weights"):
        engine.run(CodedSpec(run=taught_run.digest, text="a = b"))
