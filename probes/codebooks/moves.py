"""Moves of hidden states along codes: which codes are meant, where they act, and the edit that makes them."""

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
    """Of a codebook model: the code that is forced into a slot, -1 for none; without one, states move along the vector.
    """
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
    found = []
    for (layer, book, code), (_, _, other) in zip(codes, others, strict=True):
        vectors = directions(asked, run, run.layers.index(layer), book)
        vector = {"activate": vectors[code], "suppress": -vectors[code], "swap": vectors[other] - vectors[code]}[how]
        put = {"activate": code, "suppress": -1, "swap": other}[how] if asked.method == TRAINED else None
        found.append(Move((layer, book, code), vector, how != "activate", put))
    return found


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

    An activated code takes the least similar slot of its book that none before it has taken, where it is not chosen
    already; a strength other than 1 goes that many times as far. Slots add up, so that each move counts by itself.
    """

    def where_to(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            there = where.to(states.device)
            if strength == 0 or not bool(there.any()):
                return states
            ids, changed = book.taken(states.shape[:2])[there], states.clone()
            moved, own = states[there].float(), book.stand(ids).flatten(1)
            free = [0] * len(book.codes)
            for move in some:
                _, part, code = move.place
                mine = (ids[:, part] == code).any(1)
                new = ids.clone()
                if move.put is not None and not move.only:
                    free[part] += 1
                    new[~mine, part, -1 - (free[part] - 1) % book.k] = move.put
                elif move.put is not None:
                    new[:, part] = torch.where(new[:, part] == code, move.put, new[:, part])
                moved += strength * _change(move, book.stand(new).flatten(1) - own, mine)
            changed[there] = moved.to(states)
            return changed

        return edit

    return where_to


def _change(move: Move, change: torch.Tensor, mine: torch.Tensor) -> torch.Tensor:
    """Return [row, width]: the change that forcing makes, one as long along the move's vector, or the vector itself."""
    vector = torch.from_numpy(move.vector).to(change)
    if move.along:
        return change.norm(dim=1, keepdim=True) * vector / vector.norm().clamp(min=1e-12)
    return change if move.put is not None else vector * (mine[:, None] if move.only else 1.0)


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
