"""A kept codebook model on the Codebooks page: its codes are those it chooses; forcing them is what it does itself."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from small import code_folder

from probes import engine
from probes.__main__ import main
from probes.analyses import find
from probes.codebooks import (
    CardSpec,
    CodebookSpec,
    CodedSpec,
    CodePatchSpec,
    CodeSteerSpec,
    EqualBitsSpec,
    SearchSpec,
    SpliceSpec,
    browse,
    kept,
    margins,
    moves,
    sheet,
)
from probes.codebooks.kinds import book_of
from probes.codebooks.patch import CODES
from probes.codebooks.patching import jsd
from probes.codebooks.trained import kept as on_disk
from probes.codebooks.trained.thinking import thinking
from probes.codebooks.typed import model_of
from probes.errors import StrataError
from probes.models import editing, hidden_states, language_model, loaded

LINES = [f"value_{i} = total + {i}\nreturn value_{i}" for i in range(120)]
SITES = {"mlp": 1, "heads": 2}


@pytest.fixture(scope="module")
def folder(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny decoder that was taught, for a moment, to choose two of twelve codes at its heads and its MLPs."""
    where = tmp_path_factory.mktemp("codemodel")
    (where / "lines.jsonl").write_text("".join(json.dumps({"text": line}) + "\n" for line in LINES))
    asked: dict[str, object] = {"model": tiny_llama, "corpus": f"table:{where / 'lines.jsonl'}", "language": ""}
    asked |= {"places": "head,mlp", "codes": 12, "k": 2, "steps": 8, "tokens": 16, "texts": 120, "rate": 0.01}
    given = [f"--{name}={value}" for name, value in {**asked, "blocks": 4, "device": "cpu"}.items()]
    assert main(["codemodel", *given, f"--into={where / 'it'}"]) == 0
    return where / "it"


@pytest.fixture(scope="module")
def home(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, CodebookSpec]]:
    where, code = tmp_path_factory.mktemp("home"), code_folder(tmp_path_factory.mktemp("code") / "code")
    sizes: dict[str, Any] = {"corpus": f"code:{code}", "n_fit": 400, "n_test": 150, "method": "trained"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(where))
        asked = {site: CodebookSpec(model=str(folder), site=site, **sizes).pinned() for site in SITES}
        for spec in asked.values():
            engine.run(spec)
    return where, asked


@pytest.fixture(params=["mlp", "heads"])
def stored(
    request: pytest.FixtureRequest, home: tuple[Path, dict[str, CodebookSpec]], monkeypatch: pytest.MonkeyPatch
) -> CodebookSpec:
    monkeypatch.setenv("STRATA_HOME", str(home[0]))
    return home[1][request.param]


def test_the_codes_of_a_run_are_those_that_the_model_chooses(stored: CodebookSpec, folder: Path) -> None:
    _, run = kept.fitted(stored.digest)
    assert (run.books, run.slots, run.size) == (SITES[stored.site], 2, 12)
    assert run.layers == tuple(f"{layer} {stored.site}" for layer in range(1, run.depth + 1))
    text = str(run.passages.content[0])
    alone = on_disk.load(folder)  # the whole decoder with its head, as training keeps it
    ids = model_of(stored).encode([text]).ids
    alone.net(input_ids=ids)
    own = np.flatnonzero(run.tokens.text == 0)
    for at in range(run.depth):
        chosen = alone.books.named()[f"{at}.{'head' if stored.site == 'heads' else 'mlp'}"].ids
        spans = model_of(stored).encode([text])
        real = np.flatnonzero(~spans.special[0])[1 : 1 + len(own)]
        assert run.ids[at][own].tolist() == chosen[torch.from_numpy(real)].flatten(1).tolist()


def test_what_codes_keep_is_of_what_enters_them_and_left_out_controls_say_so(stored: CodebookSpec) -> None:
    _, run = kept.fitted(stored.digest)
    assert run.scores.filter(["floor", "excess", "stability", "chance"]).isna().all(axis=None)
    assert run.scores.filter(["explained", "word", "bits", "dead"]).notna().all(axis=None)
    assert (run.scores.explained < 1).all()
    assert "no other seed" in run.headline()
    assert "nan" not in run.headline()
    assert any("codebooks in place" in note for note in run.source.notes)
    whole = find("codebooks")
    drawn = [str(figure(run).to_dict()) for figure in whole.figures.values()]
    assert "trained with the model" in drawn[2]
    assert not any("noise of the same covariance" in one for one in drawn)
    said = " ".join(whole.methods(stored, run))
    assert "another training" in said
    assert "nan" not in said


def test_cards_search_and_a_typed_text_count_every_slot(stored: CodebookSpec) -> None:
    _, run = kept.fitted(stored.digest)
    layer, cut, book = run.layers[1], run.sizes[0], run.books - 1
    slots = run.ids[1].reshape(len(run.tokens), run.books, 2)[:, book]
    table = browse.used(run, layer)
    own = table[table.book == book].set_index("code")["count"]
    assert own.to_dict() == {code: int((slots[cut:] == code).any(1).sum()) for code in range(12)}
    card = browse.card(run, layer, book, int(own.idxmax()))
    assert np.isnan(card.overlap)
    assert "nan" not in sheet.page(run, stored.digest, [card], {}, str)
    found = engine.run(SearchSpec(run=stored.digest, pattern=r"\w+", layers=layer, top=1)).codes.iloc[0]
    assert found.fires == (run.ids[1].reshape(-1, run.books, 2)[cut:, found.book] == found.code).any(1).sum()
    text = str(run.passages.content[0])
    typed = engine.run(CodedSpec(run=stored.digest, text=text, book=book)).tokens
    for position, row in enumerate(np.flatnonzero(run.tokens.text == 0)):
        mine = typed[(typed.layer == layer) & (typed.position == position)]
        assert mine.code.tolist() == list(dict.fromkeys(slots[row].tolist()))
    made = engine.run(CardSpec(run=stored.digest, layer=layer, book=book, code=card.code, texts=2))
    assert made.count == card.count
    assert len(made.nudges) or stored.site == "heads"


def leaving(spec: CodebookSpec, layer: str, edit: Any, text: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the ids chosen at a layer, and what leaves it with an edit there."""
    found, it = [], thinking(spec)
    encoded = it.model.encode([text])

    def take(states: torch.Tensor) -> torch.Tensor:
        found.append(states.clone())
        return states

    where = torch.ones(encoded.ids.shape, dtype=torch.bool)
    with torch.inference_mode(), editing(it.model, layer, edit(where)), editing(it.model, layer, take):
        it.model.forward(encoded)
    return it.books[layer].ids, found[0][0]


@pytest.mark.parametrize("how", ["activate", "suppress", "swap"])
def test_forced_codes_are_what_the_codebook_itself_makes_of_them(how: str, stored: CodebookSpec) -> None:
    _, run = kept.fitted(stored.digest)
    layer, text, book = "2 " + stored.site, "x = total", run.books - 1
    it = thinking(stored)
    plain, _ = leaving(stored, layer, lambda _: lambda states: states, text)
    code = int(plain[-1, book, 1])
    other = next(c for c in range(12) if c not in plain[:, book])
    named = f"{layer}:{book}:{other if how == 'activate' else code}"
    some = moves.moves(stored, run, how, (named, f"{layer}:{book}:{other}"))
    ((_, edit),) = moves.edits(stored, run, some, 1.0)
    ids, left = leaving(stored, layer, edit, text)
    forced = ids.clone()
    if how == "activate":
        forced[:, book, 1] = other  # the least similar of two
    else:
        forced[:, book][ids[:, book] == code] = other if how == "swap" else -1
    assert not torch.equal(forced, ids)
    it.books[layer].forced = forced
    try:
        _, whole = leaving(stored, layer, lambda _: lambda states: states, text)
    finally:
        it.books[layer].forced = None
    assert torch.allclose(left, whole, atol=1e-5)
    # beside it another vector moves every state as far
    ((_, beside),) = moves.edits(stored, run, moves.elsewhere(stored, run, some, seed=0), 1.0)
    _, still = leaving(stored, layer, lambda _: lambda states: states, text)
    _, moved = leaving(stored, layer, beside, text)
    assert torch.allclose((moved - still).norm(dim=1), (left - still).norm(dim=1), atol=1e-4)
    assert not torch.allclose(moved, left, atol=1e-3)
    ((_, none),) = moves.edits(stored, run, some, 0.0)
    assert torch.equal(leaving(stored, layer, none, text)[1], still)


def test_two_activated_codes_take_two_slots(stored: CodebookSpec) -> None:
    _, run = kept.fitted(stored.digest)
    layer, book = "1 " + stored.site, run.books - 1
    plain, _ = leaving(stored, layer, lambda _: lambda states: states, "x")
    one, two = [c for c in range(12) if c not in plain[:, book]][:2]
    some = moves.moves(stored, run, "activate", (f"{layer}:{book}:{one}, {layer}:{book}:{two}", ""))
    _, left = leaving(stored, layer, moves.edits(stored, run, some, 1.0)[0][1], "x")
    ids = plain.clone()
    ids[:, book] = torch.tensor([two, one])
    assert torch.allclose(left, thinking(stored).books[layer].stand(ids).flatten(1), atol=1e-5)


def test_patched_codes_are_those_of_the_source(stored: CodebookSpec) -> None:
    asked, run = kept.fitted(stored.digest)
    it, layer, (source, target) = thinking(stored), run.layers[-1], ("print(total)", "value = name")
    found = engine.run(CodePatchSpec(run=stored.digest, source=source, target=target, layers=layer)).cells
    lm, book = language_model(it.model), it.books[layer]
    entered = hidden_states(it.model, it.model.encode([source]), [layer])[layer][0]
    ids = book.ids
    assert torch.equal(book_of(asked, run, len(run.layers) - 1).encode(entered), ids.flatten(1))
    encoded = it.model.encode([target])
    book.forced = torch.full((encoded.ids.shape[1], *ids.shape[1:]), -2)  # every place chooses
    book.forced[-1] = ids[-1]  # but the last
    with torch.inference_mode():
        patched = lm.logits(encoded)[:, -1].log_softmax(-1)
        book.forced = None
        wanted = lm.logits(it.model.encode([source]))[:, -1].log_softmax(-1)
    last = found[(found.place == 1) & (found.series == CODES)]
    assert last.jsd.item() == pytest.approx(float(jsd(patched, wanted)[0]), abs=1e-6)


def test_steering_writes_with_and_without(stored: CodebookSpec) -> None:
    _, run = kept.fitted(stored.digest)
    code = int(browse.used(run, run.layers[-1])["code"].iat[0])
    asked: dict[str, Any] = {"run": stored.digest, "prompt": "x = ", "samples": 2, "tokens": 4}
    found = engine.run(CodeSteerSpec(codes=f"{run.layers[-1]}:{code}", strength=1.0, **asked))
    assert len(found.samples) == 6
    again = engine.run(CodeSteerSpec(codes=f"{run.layers[-1]}:{code}", strength=0.0, **asked))
    assert again.samples[again.samples.condition == "steered"].same.all()


def test_other_analyses_of_the_folder_run_without_its_codes(stored: CodebookSpec) -> None:
    plain, coded = loaded(stored), thinking(stored).model
    assert plain is not coded
    assert plain.weights != coded.weights
    encoded = plain.encode(["x = 1"])
    one, two = (hidden_states(model, encoded, ["2"])["2"] for model in (plain, coded))
    assert not torch.allclose(one, two)


def test_what_makes_no_sense_of_such_a_run_is_refused(stored: CodebookSpec, folder: Path, tiny_llama: Path) -> None:
    for kind in (SpliceSpec, EqualBitsSpec):
        with pytest.raises(StrataError, match="goes on from its own codes"):
            engine.run(kind(run=stored.digest))
    with pytest.raises(StrataError, match="while it runs with its codebooks"):
        margins.margin(stored.digest, "1:0")
    for changed, code in (
        ({"site": "residual"}, "E-CODES-PLACE"),
        ({"site": "attention"}, "E-CODES-PLACE"),
        ({"model": str(tiny_llama)}, "E-CODES-KEPT"),
        ({"model": "smollm2"}, "E-CODES-KEPT"),
        ({"layers": "9"}, "E-LAYER-UNKNOWN"),
    ):
        with pytest.raises(StrataError) as refusal:
            engine.run(stored.model_copy(update={"revision": None, **changed}))
        assert refusal.value.code == code, changed


def test_a_model_whose_codes_have_changed_is_refused(
    stored: CodebookSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, run = kept.fitted(stored.digest)
    copy = tmp_path / "copy"
    shutil.copytree(asked.model, copy)
    written = on_disk.read(copy)
    save_file({name: codes + 1 for name, codes in written.codes.items()}, copy / on_disk.TENSORS)
    moved = asked.model_copy(update={"model": str(copy), "revision": None})
    monkeypatch.setattr(kept, "fitted", lambda _: (moved, run))
    with pytest.raises(StrataError, match="other weights"):
        engine.run(CodedSpec(run=stored.digest, text="a = b"))
