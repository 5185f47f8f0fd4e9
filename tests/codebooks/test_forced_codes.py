"""Codes of a codebook model that are forced: steering and patching do what the codebook itself makes of them."""

from typing import Any

import numpy as np
import pytest
import torch

from probes import engine
from probes.analyses import find
from probes.codebooks import (
    CodebookSpec,
    CodePatchSpec,
    CodeSteerSpec,
    browse,
    kept,
    moves,
)
from probes.codebooks.kinds import book_of
from probes.codebooks.patch import CODES
from probes.codebooks.patching import jsd
from probes.codebooks.steering import _by_means
from probes.codebooks.trained.thinking import thinking
from probes.errors import StrataError
from probes.models import editing, hidden_states, language_model


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
def test_forced_codes_are_what_the_codebook_itself_makes_of_them(how: str, taught_run: CodebookSpec) -> None:
    _, run = kept.fitted(taught_run.digest)
    layer, text, book = "2 " + taught_run.site, "x = total", run.books - 1
    it = thinking(taught_run)
    plain, _ = leaving(taught_run, layer, lambda _: lambda states: states, text)
    code = int(plain[-1, book, 1])
    other = next(c for c in range(12) if c not in plain[:, book])
    named = f"{layer}:{book}:{other if how == 'activate' else code}"
    some = moves.moves(taught_run, run, how, (named, f"{layer}:{book}:{other}"))
    ((_, edit),) = moves.edits(taught_run, run, some, 1.0)
    ids, left = leaving(taught_run, layer, edit, text)
    forced = ids.clone()
    if how == "activate":
        forced[:, book, 1] = other  # the least similar of two
    else:
        forced[:, book][ids[:, book] == code] = other if how == "swap" else -1
    assert not torch.equal(forced, ids)
    it.books[layer].forced = forced
    try:
        _, whole = leaving(taught_run, layer, lambda _: lambda states: states, text)
    finally:
        it.books[layer].forced = None
    assert torch.allclose(left, whole, atol=1e-5)
    # beside it another vector moves every state as far
    ((_, beside),) = moves.edits(taught_run, run, moves.elsewhere(taught_run, run, some, seed=0), 1.0)
    _, still = leaving(taught_run, layer, lambda _: lambda states: states, text)
    _, moved = leaving(taught_run, layer, beside, text)
    assert torch.allclose((moved - still).norm(dim=1), (left - still).norm(dim=1), atol=1e-4)
    assert not torch.allclose(moved, left, atol=1e-3)
    ((_, none),) = moves.edits(taught_run, run, some, 0.0)
    assert torch.equal(leaving(taught_run, layer, none, text)[1], still)


def test_two_activated_codes_take_two_slots(taught_run: CodebookSpec) -> None:
    _, run = kept.fitted(taught_run.digest)
    layer, book = "1 " + taught_run.site, run.books - 1
    plain, _ = leaving(taught_run, layer, lambda _: lambda states: states, "x")
    one, two = [c for c in range(12) if c not in plain[:, book]][:2]
    some = moves.moves(taught_run, run, "activate", (f"{layer}:{book}:{one}, {layer}:{book}:{two}", ""))
    _, left = leaving(taught_run, layer, moves.edits(taught_run, run, some, 1.0)[0][1], "x")
    ids = plain.clone()
    ids[:, book] = torch.tensor([two, one])
    assert torch.allclose(left, thinking(taught_run).books[layer].stand(ids).flatten(1), atol=1e-5)


def test_codes_take_the_places_of_none_that_are_asked_for(taught_run: CodebookSpec) -> None:
    _, run = kept.fitted(taught_run.digest)
    layer = "1 " + taught_run.site
    ids = torch.tensor([[[1, 0]], [[0, 1]], [[3, 4]], [[2, 0]]])
    for named in (f"{layer}:2, {layer}:0", f"{layer}:0, {layer}:2"):
        some = moves.moves(taught_run, run, "activate", (named, ""))
        found = moves.put_in(ids, some)[:, 0]
        assert [set(row) for row in found.tolist()] == [{0, 2}] * 4
        assert found[[0, 1, 3]].tolist() == [[2, 0], [0, 2], [2, 0]]
    swapped = moves.moves(taught_run, run, "swap", (f"{layer}:0, {layer}:1", f"{layer}:1, {layer}:0"))
    assert moves.put_in(ids, swapped)[:2, 0].tolist() == [[0, 1], [1, 0]]
    with pytest.raises(StrataError, match="cannot be activated together") as caught:
        moves.moves(taught_run, run, "activate", (", ".join(f"{layer}:{code}" for code in range(3)), ""))
    assert caught.value.code == "E-CODES"


def test_the_difference_of_means_moves_as_far_as_the_code(taught_run: CodebookSpec) -> None:
    _, run = kept.fitted(taught_run.digest)
    layer, book = "2 " + taught_run.site, run.books - 1
    plain, still = leaving(taught_run, layer, lambda _: lambda states: states, "x = total")
    code = next(c for c in range(12) if c not in plain[:, book])
    (move,) = moves.moves(taught_run, run, "activate", (f"{layer}:{book}:{code}", ""))
    asked = CodeSteerSpec(run=taught_run.digest, codes="1:0", prompt="x", topic="[a-f]")
    means = _by_means(asked, run, language_model(thinking(taught_run).model), move)
    assert means is not None
    assert not np.allclose(means.vector, move.vector)
    far = []
    for some in (move, means):
        ((_, edit),) = moves.edits(taught_run, run, [some], 1.0)
        far.append((leaving(taught_run, layer, edit, "x = total")[1] - still).norm(dim=1))
    assert torch.allclose(*far, atol=1e-4)


def test_patched_codes_are_those_of_the_source(taught_run: CodebookSpec) -> None:
    asked, run = kept.fitted(taught_run.digest)
    it, layer, (source, target) = thinking(taught_run), run.layers[-1], ("print(total)", "value = name")
    found = engine.run(CodePatchSpec(run=taught_run.digest, source=source, target=target, layers=layer)).cells
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


def test_steering_writes_with_and_without(taught_run: CodebookSpec) -> None:
    _, run = kept.fitted(taught_run.digest)
    code = int(browse.used(run, run.layers[-1])["code"].iat[0])
    asked: dict[str, Any] = {"run": taught_run.digest, "prompt": "x = ", "samples": 2, "tokens": 4}
    found = engine.run(CodeSteerSpec(codes=f"{run.layers[-1]}:{code}", strength=1.0, **asked))
    assert len(found.samples) == 6
    assert found.forced
    said = " ".join(find("codesteer").methods(CodeSteerSpec(codes="2:1", **asked), found))
    assert "put into the least similar slots" in said
    again = engine.run(CodeSteerSpec(codes=f"{run.layers[-1]}:{code}", strength=0.0, **asked))
    assert again.samples[again.samples.condition == "steered"].same.all()
