"""One state of a text replaced by another's, at many layers and places, in few forward passes.

A graft changes nothing before its layer. So one row of the text runs through the model, and at each layer a copy of it
joins the batch for every graft made there: a row is computed only from where it first differs. Blocks that cannot take
a batch that grows (a layer shared by all, positions laid out by row) are run the plain way: a row a graft from the
start, one layer at a time. Which it is, is found out by making one graft both ways.

Inside a block (its attention, its MLP, one head) a graft joins unchanged where the block begins, and is made in it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch

from probes.models.encoding import Encoded
from probes.models.model import Model
from probes.models.parts import label_of
from probes.models.sites import editing, editing_all

TOKENS = 4096
"""Tokens of all rows of a forward."""
CLOSE = 1e-3
"""Most that a state may differ between the two ways, as a part of the largest."""


@dataclass(frozen=True)
class Graft:
    """The state at token `given` of the donor's layer, put in the place of the receiver's at token `place`.

    Several tokens at once are two tuples as long. A part other than the residual stream is "attention", "mlp" or one
    head, "head:2", of block `layer` (from 1).
    """

    layer: int
    place: int | tuple[int, ...]
    given: int | tuple[int, ...]
    part: str = "residual"

    @property
    def label(self) -> str:
        """Where the donor is read, and the receiver edited: all heads of a layer are one site."""
        return label_of(self.layer, "heads" if self.part.startswith("head:") else self.part)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Return the places and the tokens whose states are put there."""
        place, given = ((x,) if isinstance(x, int) else x for x in (self.place, self.given))
        return list(zip(place, given, strict=True))


Donor = dict[str, torch.Tensor]
"""By label (`Graft.label`), the donor's states [1, token, width]."""
Run = Callable[[Model, Encoded, Donor, Sequence[Graft]], torch.Tensor]


def grafted(model: Model, encoded: Encoded, donor: Donor, grafts: Sequence[Graft]) -> Iterator[torch.Tensor]:
    """Yield the network's last states [graft, token, width], some grafts at a time, in their order (by layer).

    `encoded` is one text; the model is as it was afterwards, also after an error.
    """
    if len({g.part == "residual" for g in grafts}) > 1:
        raise ValueError("Grafts of the residual stream and of parts are made apart.")
    size = max(1, TOKENS // encoded.ids.shape[1])
    ordered = all(a.layer <= b.layer for a, b in zip(grafts, grafts[1:], strict=False))
    if not ordered:
        raise ValueError("Grafts come by layer.")
    way = joining if grafts and _grows(model, encoded, donor, grafts) else plain
    for first in range(0, len(grafts), size):
        yield way(model, encoded, donor, grafts[first : first + size])


def plain(model: Model, encoded: Encoded, donor: Donor, grafts: Sequence[Graft]) -> torch.Tensor:
    """Return [graft, token, width]: a row a graft, one layer at a time."""
    parts = []
    for label in dict.fromkeys(g.label for g in grafts):
        here = [g for g in grafts if g.label == label]

        def edit(states: torch.Tensor, label: str = label, here: Sequence[Graft] = here) -> torch.Tensor:
            return _put(states, donor[label], here, model)

        with torch.inference_mode(), editing(model, label, edit):
            parts.append(model.forward(_rows(encoded, len(here))).last_hidden_state)
    return torch.cat(parts)


def joining(model: Model, encoded: Encoded, donor: Donor, grafts: Sequence[Graft]) -> torch.Tensor:
    """Return [graft, token, width]: rows join the batch at their layer."""
    with torch.inference_mode(), _growing(model, donor, grafts), _within(model, donor, grafts):
        found: torch.Tensor = model.forward(encoded).last_hidden_state[1:]
    return found


def _grows(model: Model, encoded: Encoded, donor: Donor, grafts: Sequence[Graft]) -> bool:
    """Try one graft both ways; a model whose blocks refuse another batch size says so by its error."""
    if len(model.sites.blocks) != model.depth:
        return False
    some = [grafts[0], grafts[len(grafts) // 2]]
    try:
        one, other = joining(model, encoded, donor, some), plain(model, encoded, donor, some)
    except (RuntimeError, ValueError, IndexError):
        return False
    return one.shape == other.shape and bool((one - other).abs().max() <= CLOSE * other.abs().max())


@contextmanager
def _growing(model: Model, donor: Donor, grafts: Sequence[Graft]) -> Iterator[None]:
    handles = []

    def joined(states: torch.Tensor, layer: int) -> torch.Tensor:
        after = [g for g in grafts if g.part != "residual" and g.layer == layer + 1]
        if after:  # their own block makes them what they are
            return torch.cat([states, states[:1].expand(len(after), -1, -1)])
        here = [g for g in grafts if g.part == "residual" and g.layer == layer]
        if not here:
            return states
        return torch.cat([states, _put(states[:1].expand(len(here), -1, -1), donor[str(layer)], here, model)])

    def enter(_block: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args:
            return (joined(args[0], 0), *args[1:]), kwargs
        return args, {**kwargs, "hidden_states": joined(kwargs["hidden_states"], 0)}

    def leave(layer: int) -> Callable[..., Any]:
        def hook(_block: Any, _args: Any, output: Any) -> Any:
            whole = isinstance(output, tuple)
            given = joined(output[0] if whole else output, layer)
            return (given, *output[1:]) if whole else given

        return hook

    try:
        handles.append(model.sites.blocks[0].register_forward_pre_hook(enter, with_kwargs=True))
        handles += [block.register_forward_hook(leave(i + 1)) for i, block in enumerate(model.sites.blocks)]
        yield
    finally:
        for handle in handles:
            handle.remove()


def _within(model: Model, donor: Donor, grafts: Sequence[Graft]) -> AbstractContextManager[None]:
    """Edit, inside each block, the rows that joined where it begins: the last ones there are."""
    labels = dict.fromkeys(g.label for g in grafts if g.part != "residual")

    def made(label: str) -> Callable[[torch.Tensor], torch.Tensor]:
        here = [g for g in grafts if g.label == label]

        def edit(states: torch.Tensor) -> torch.Tensor:
            return torch.cat([states[: -len(here)], _put(states[-len(here) :], donor[label], here, model)])

        return edit

    return editing_all(model, {label: made(label) for label in labels}) if labels else nullcontext()


def _put(states: torch.Tensor, donor: torch.Tensor, grafts: Sequence[Graft], model: Model) -> torch.Tensor:
    """Return the states [graft, token, width] with every graft made in its row; all of them are of one label."""
    by_head = grafts[0].part.startswith("head:")
    parts = (model.parts.heads if by_head else 1, -1)
    at = [(row, *pair, int(g.part[5:]) if by_head else 0) for row, g in enumerate(grafts) for pair in g.pairs]
    row, place, given, part = torch.tensor(at, device=states.device).T
    changed = states.clone(memory_format=torch.contiguous_format)
    changed.unflatten(-1, parts)[row, place, part] = donor[0].unflatten(-1, parts)[given, part].to(states.dtype)
    return changed


def _rows(encoded: Encoded, n: int) -> Encoded:
    extra = {name: value.expand(n, *value.shape[1:]) for name, value in encoded.extra.items()}
    return replace(encoded, ids=encoded.ids.expand(n, -1), mask=encoded.mask.expand(n, -1), extra=extra)
