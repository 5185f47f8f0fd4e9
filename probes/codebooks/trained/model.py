"""Codebooks inside a decoder: hooks put them where attention and MLP write, and no module of it is replaced.

Because nothing is replaced, every weight of the decoder stays in its own list of parameters and is trained; where
attention modules are rebuilt after the optimiser took that list, theirs no longer are.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from probes.codebooks.kmeans import Options, fit
from probes.codebooks.nearest import nearest
from probes.codebooks.rows import rows_of
from probes.codebooks.trained.book import Book, Rules
from probes.errors import StrataError
from probes.models.parts import Parts, parts_of
from probes.models.sites import depth_of, sites_of

PLACES = ("head", "attention", "mlp")
"""Each head before attention's projection; what attention adds to the stream; what the MLP adds to it."""


class Codebooks(nn.Module):
    """A decoder's codebooks by name ("2.mlp": layer 3's MLP), hooked in until `close`."""

    def __init__(self, net: nn.Module, sizes: Mapping[str, int], rules: Rules | None = None) -> None:
        super().__init__()
        self.books = nn.ModuleDict()
        self.handles: list[RemovableHandle] = []
        inside, depth = _inside(net), depth_of(net)
        for name, size in sizes.items():
            layer, place = split(name, depth)
            parts = inside.heads if place == "head" else 1
            width = inside.mixed if place == "head" else int(cast(Any, net.config).hidden_size)
            book = Book(parts, size, width // parts, rules)
            self.books[name.replace(".", "/")] = book
            module = inside.mlps[layer] if place == "mlp" else inside.projections[layer]
            self.handles.append(_hooked(module, book, place))

    def named(self) -> dict[str, Book]:
        """Return the codebooks by name, in the order they run."""
        return {name.replace("/", "."): cast(Book, book) for name, book in self.books.items()}

    def close(self) -> None:
        """Take the codebooks out again: the decoder is as it was."""
        for handle in self.handles:
            handle.remove()


@contextmanager
def forcing(
    books: Mapping[str, Book], ids: Mapping[str, torch.Tensor], texts: torch.Size | tuple[int, ...], at: slice
) -> Iterator[None]:
    """Let codebooks take `ids` [text, place, part, choice] at some places of texts [text, token] in this block."""
    for name, wanted in ids.items():
        forced = torch.full((*texts, *wanted.shape[2:]), -2)  # elsewhere they choose
        forced[:, at] = wanted
        books[name].forced = forced.flatten(0, 1)
    try:
        yield
    finally:
        for name in ids:
            books[name].forced = None


def split(name: str, depth: int) -> tuple[int, str]:
    """Return layer and place of a codebook's name; raises StrataError E-CODES-PLACE when the model has none such."""
    layer, _, place = name.partition(".")
    if place not in PLACES or not layer.isdecimal() or int(layer) >= depth:
        known = f"Layers are 0 to {depth - 1}, places {', '.join(PLACES)}: for example '0.mlp'."
        raise StrataError("E-CODES-PLACE", f"There is no place '{name[:40]}' for a codebook.", fix=known)
    return int(layer), place


def _inside(net: nn.Module) -> Parts:
    """Find the decoder's attention and MLPs; raises StrataError E-SITE-INSIDE or E-SITE-HEADS where it cannot."""
    base: Any = getattr(net, str(net.base_model_prefix), net)
    family = str(base.config.model_type)
    return parts_of(sites_of(base, family).blocks, family, base.config)


def _hooked(module: nn.Module, book: Book, place: str) -> RemovableHandle:
    if place == "head":
        return module.register_forward_pre_hook(lambda _m, given: (book(given[0]), *given[1:]))
    return module.register_forward_hook(
        lambda _m, _given, out: (book(out[0]), *out[1:]) if isinstance(out, tuple) else book(out)
    )


@torch.no_grad()
def start_from(
    books: Codebooks,
    net: nn.Module,
    tokens: torch.Tensor,
    passes: int = 10,
    seed: int = 0,
    had: Mapping[str, torch.Tensor] | None = None,
) -> None:
    """Start every codebook from k-means of what it sees of `tokens`, one after the other, each with those before it on.

    Of a place that sees fewer different rows than codes (the first MLP sees one for each digit), all rows are codes.
    Codes [part, code, width] that a book `had`, by its name, stay: the others are of what those leave, which only a
    pursuit of several looks at; StrataError E-CODES-MORE for another book that is larger, or for a smaller one.
    """
    net.eval()
    named = books.named()
    _leaves_room(named, had or {})
    tokens = tokens.to(next(net.parameters()).device)
    for book in named.values():
        book.on = False
    for name, book in named.items():
        net(input_ids=tokens)
        rows, size = book.seen, book.codes.shape[1]
        turns = book.k if book.rules.pursuit else 1
        first = (had or {}).get(name)
        found = [
            _in_turns(rows[:, part], (size, turns, passes, seed), [] if first is None else [first[part]])
            for part in range(rows.shape[1])
        ]
        book.start(torch.stack(found))
        ids = book.choose(rows)[:, :, :turns]
        counts = [torch.bincount(ids[:, part].flatten(), minlength=size) for part in range(rows.shape[1])]
        book.start(torch.stack(found), torch.stack(counts).float())
        book.on = True


def _leaves_room(named: Mapping[str, Book], had: Mapping[str, torch.Tensor]) -> None:
    for name in named.keys() & had.keys():
        size, before = named[name].codes.shape[1], had[name].shape[1]
        more = named[name].rules.pursuit and named[name].k > 1
        if size < before or (size > before and not more):
            what = f"'{name}' had {before} codes and cannot have {size}."
            fix = "Keep their number; or add some, and choose several a token, one after another."
            raise StrataError("E-CODES-MORE", what, fix=fix)


def _in_turns(rows: torch.Tensor, how: tuple[int, int, int, int], found: list[torch.Tensor]) -> torch.Tensor:
    """Return [code, width]: half of the codes from rows, the others from what is left of them, turn by turn.

    `how` is the number of codes, turns, passes and the seed; codes that were `found` before are the first turn's.
    """
    size, turns, passes, seed = how
    for turn in range(turns):
        if turn == len(found):
            left = size - sum(map(len, found))
            share = left if turn == turns - 1 else max(1, size // 2 if turn == 0 else left // (turns - turn))
            if (few := len(_distinct(rows))) <= left and turn < turns - 1:
                share = few
            found = [*found, _codes(rows, share, passes, seed + turn)]
        rows = rows - found[-1][nearest(rows, found[-1])]
        if sum(map(len, found)) == size:
            break
    return torch.cat(found)


def _distinct(rows: torch.Tensor) -> torch.Tensor:
    """Return rows that differ; those that float16 cannot tell apart are one."""
    return torch.unique(rows.half().float(), dim=0)


def _codes(rows: torch.Tensor, size: int, passes: int, seed: int) -> torch.Tensor:
    few = _distinct(rows)
    if size == 1:
        return rows.mean(0, keepdim=True)
    if len(few) > size:
        return fit(rows_of(rows.cpu().numpy()), Options(size, passes, seed=seed)).to(rows)
    # spare codes are copies: the first of equal ones is chosen
    return few[torch.arange(size, device=few.device) % len(few)]
