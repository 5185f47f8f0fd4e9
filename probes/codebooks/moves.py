"""Moves of hidden states along codes: which codes are meant, where they act, and the edit that makes them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from probes.codebooks import kinds
from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.directions import directions, of_equal_norm
from probes.codebooks.fired import fired_of
from probes.codebooks.names import TRAINED
from probes.codebooks.trained.book import Book
from probes.codebooks.trained.thinking import thinking
from probes.errors import StrataError
from probes.models.edits import EditAt
from probes.models.sites import Edit

Place = tuple[str, int, int]
"""Layer, book and code."""


@dataclass(frozen=True)
class Move:
    """What is added to states, everywhere or only where they take a code."""

    place: Place
    vector: np.ndarray
    """float32 [width]: at strength 1."""
    only: bool
    """Only tokens that take the code."""
    put: int | None = None
    """Of a codebook model: the code that is forced into a slot, -1 for none. None of others: states move along the
    vector."""
    along: bool = False
    """Move along the vector as far as forcing would move: what stands beside forced codes."""


def places(text: str, run: CodebookResult) -> list[Place]:
    """Return the codes a text names, `layer:code` or `layer:book:code` with commas between; StrataError E-CODES."""
    found = list[Place]()
    for part in (part.strip() for part in text.split(",")):
        layer, *numbers = (piece.strip() for piece in part.split(":"))
        known = layer in run.layers and "norm" not in layer
        if not known or len(numbers) not in (1, 2) or not all(n.isascii() and n.isdigit() for n in numbers):
            raise _wrong(part, run)
        book, code = (0, int(numbers[0][:9])) if len(numbers) == 1 else (int(numbers[0][:9]), int(numbers[1][:9]))
        if book >= run.books or code >= run.size:
            raise _wrong(part, run)
        found.append((layer, book, code))
    return found


def _wrong(part: str, run: CodebookResult) -> StrataError:
    layers = [layer for layer in run.layers if "norm" not in layer]
    return StrataError(
        "E-CODES",
        f"“{part[:60]}” names no code that can be steered in this run.",
        "A code is named by its layer and number, such as 2:17, or layer, book and number, 2:0:17.",
        f"Layers are {', '.join(layers)}; books 0 to {run.books - 1}; codes 0 to {run.size - 1}.",
    )


def moves(asked: CodebookSpec, run: CodebookResult, how: str, texts: tuple[str, str]) -> list[Move]:
    """Return the moves of some codes, and for a swap of the codes that take their places (the second text)."""
    codes = places(texts[0], run)
    others = places(texts[1], run) if how == "swap" else codes
    alike = [one[:2] for one in codes] == [other[:2] for other in others]
    if how == "swap" and (not alike or codes == others):
        what = f"{len(codes)} codes cannot be swapped for “{texts[1][:60]}”."
        why, fix = "Each needs another of its own layer and book.", "Name one for each, in order."
        raise StrataError("E-SWAP", what, why, fix)
    if how == "activate" and asked.method == TRAINED:
        _fitting(codes, run.slots)
    found = []
    for (layer, book, code), (_, _, other) in zip(codes, others, strict=True):
        vectors = directions(asked, run, run.layers.index(layer), book)
        vector = {"activate": vectors[code], "suppress": -vectors[code], "swap": vectors[other] - vectors[code]}[how]
        put = {"activate": code, "suppress": -1, "swap": other}[how] if asked.method == TRAINED else None
        found.append(Move((layer, book, code), vector, how != "activate", put))
    return found


def _fitting(codes: list[Place], slots: int) -> None:
    """Refuse more codes of one book than it has slots (E-CODES)."""
    for (layer, book), n in Counter(place[:2] for place in set(codes)).items():
        if n > slots:
            what = f"{n} codes of book {book} of layer {layer[:40]} cannot be activated together."
            why = f"This book has room for {slots} at a token; a code that is put in takes the place of another."
            raise StrataError("E-CODES", what, why, f"Name at most {slots} of one book.")


def elsewhere(asked: CodebookSpec, run: CodebookResult, some: Sequence[Move], *, seed: int) -> list[Move]:
    """Return the same moves along other codes of the same books, each as long as the move it stands for."""
    draw, found = np.random.default_rng(seed), []
    for move in some:
        layer, book, code = move.place
        other = of_equal_norm(directions(asked, run, run.layers.index(layer), book), code, draw)
        long = np.linalg.norm(other)
        vector = other * (np.linalg.norm(move.vector) / long) if long else other
        found.append(replace(move, vector=np.asarray(vector, np.float32), along=move.put is not None))
    return found


def edits(asked: CodebookSpec, run: CodebookResult, some: Sequence[Move], strength: float) -> list[tuple[str, EditAt]]:
    """Return one edit a layer that makes all moves of that layer, times the strength."""
    layers = dict.fromkeys(move.place[0] for move in some)
    return [(layer, _edit(asked, run, [m for m in some if m.place[0] == layer], strength)) for layer in layers]


def forced(book: Book, some: Sequence[Move], strength: float) -> EditAt:
    """Return the edit that puts codes into slots of a codebook that is in place, and goes on from what they stand for.

    An activated code that is not chosen already takes the least similar slot of its book that holds no activated code;
    a strength other than 1 goes as many times as far. Moves along a vector count one by one, each as if alone.
    """
    along = any(move.along for move in some)

    def where_to(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            there = where.to(states.device)
            if strength == 0 or not bool(there.any()):
                return states
            ids, changed = book.taken(states.shape[:2])[there], states.clone()
            own = book.stand(ids).flatten(1)
            change = torch.zeros_like(own)
            for group in [[move] for move in some] if along else [some]:
                whole = book.stand(put_in(ids, group)).flatten(1) - own
                change += _along(group[0], whole) if along else whole
            changed[there] = (states[there].float() + strength * change).to(states)
            return changed

        return edit

    return where_to


def put_in(ids: torch.Tensor, some: Sequence[Move]) -> torch.Tensor:
    """Return the ids int64 [row, part, choice] after moves whose activated codes fit the slots of their books."""
    new = ids.clone()
    for move in some:
        _, part, code = move.place
        put = -1 if move.put is None else move.put
        if move.only:
            new[:, part] = torch.where(ids[:, part] == code, put, new[:, part])
            continue
        wanted = torch.tensor([m.place[2] for m in some if m.place[1] == part], device=ids.device)
        free, missing = ~torch.isin(new[:, part], wanted), ~(new[:, part] == code).any(1)
        last = free.shape[1] - 1 - free.flip(1).int().argmax(1)  # slots stand in the order chosen
        new[missing, part, last[missing]] = put
    return new


def _along(move: Move, change: torch.Tensor) -> torch.Tensor:
    """Return [row, width]: as long as a change that forcing makes, along the move's vector."""
    vector = torch.from_numpy(move.vector).to(change)
    return change.norm(dim=1, keepdim=True) * vector / vector.norm().clamp(min=1e-12)


def _edit(asked: CodebookSpec, run: CodebookResult, some: Sequence[Move], strength: float) -> EditAt:
    if asked.method == TRAINED:
        return forced(thinking(asked).books[some[0].place[0]], some, strength)
    at = run.layers.index(some[0].place[0])
    book = kinds.book_of(asked, run, at)
    vectors = [torch.from_numpy(np.asarray(strength * move.vector, np.float32)) for move in some]

    def where_to(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            there = where.to(states.device)
            if strength == 0 or not bool(there.any()):
                return states
            rows = states[there].float().cpu()
            fires = fired_of(book, book.encode(rows).numpy()) if any(move.only for move in some) else None
            moved = rows.clone()
            for move, vector in zip(some, vectors, strict=True):
                mine = (fires[:, move.place[1]] == move.place[2]).any(1) if fires is not None and move.only else 1.0
                moved = moved + torch.as_tensor(mine, dtype=torch.float32).reshape(-1, 1) * vector
            changed = states.clone()
            changed[there] = moved.to(states)
            return changed

        return edit

    return where_to
