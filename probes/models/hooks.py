"""Hooks of one forward, by label: what `sites.reading` and `sites.editing` are made of."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from probes.errors import StrataError
from probes.models.parts import label_of, split

if TYPE_CHECKING:
    from probes.models.model import Model

Offer = Callable[[str, torch.Tensor], torch.Tensor | None]
"""Called inside the forward with a label and its states; an answer takes their place, None leaves them."""


@contextmanager
def hooked(model: "Model", labels: Iterable[str], offer: Offer, *, first: bool = False) -> Iterator[None]:
    """Offer every wanted label of each forward in this block; raises StrataError E-LAYER-UNKNOWN.

    `first` offers parts as they are before the hooks that stand there already.
    """
    wanted = known(model, labels)
    reader = _Reader(model, wanted, offer)
    handles = []
    try:
        handles.append(model.net.register_forward_pre_hook(reader.start))
        for block in model.sites.blocks:
            handles.append(block.register_forward_pre_hook(reader.enter, with_kwargs=True))
            handles.append(block.register_forward_hook(reader.leave))
        if model.sites.norm is not None:
            handles.append(model.sites.norm.register_forward_hook(reader.normed))
        kinds = {split(label)[1].partition(":")[0] for label in wanted}
        for module in model.parts.projections if kinds & {"heads", "head"} else ():
            handles.append(module.register_forward_pre_hook(reader.mixed, prepend=first))
        for module in model.parts.projections if "attention" in kinds else ():
            handles.append(module.register_forward_hook(reader.attended, prepend=first))
        for module in model.parts.mlps if "mlp" in kinds else ():
            handles.append(module.register_forward_hook(reader.thought, prepend=first))
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Reader:
    """Counts the blocks of one forward, so that a shared block is told apart by when it runs."""

    def __init__(self, model: "Model", wanted: frozenset[str], offer: Offer) -> None:
        self.model, self.wanted, self.offer = model, wanted, offer
        self.heads = sorted({int(part[5:]) for _, part in map(split, wanted) if part.startswith("head:")})
        self.done, self.shape = 0, (0, 0)

    def start(self, _net: nn.Module, _args: Any) -> None:
        self.done = 0  # also after a forward that failed half-way

    def enter(self, _block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        states = args[0] if args else kwargs["hidden_states"]
        self.shape = (int(states.shape[0]), int(states.shape[1]))
        given = None if self.done else self._offer("0", states)
        if given is None:
            return None
        return ((given, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": given})

    def leave(self, _block: nn.Module, _args: Any, output: Any) -> Any:
        self.done += 1
        return self._first(str(self.done), output)

    def normed(self, _norm: nn.Module, _args: Any, output: torch.Tensor) -> torch.Tensor | None:
        return self._offer(f"{self.model.sites.depth} + norm", output)

    def attended(self, _projection: nn.Module, _args: Any, output: torch.Tensor) -> torch.Tensor | None:
        return self._offer(self._here("attention"), output)

    def thought(self, _mlp: nn.Module, _args: Any, output: Any) -> Any:
        return self._first(self._here("mlp"), output)

    def mixed(self, _projection: nn.Module, args: tuple[Any, ...]) -> Any:
        given = self._offer(self._here("heads"), args[0])
        states, own = args[0] if given is None else given, self.model.parts.mixed // self.model.parts.heads
        for head in self.heads:
            place = slice(head * own, (head + 1) * own)
            if (new := self._offer(self._here(f"head:{head}"), states[..., place])) is not None:
                given = states = torch.cat([states[..., : place.start], new, states[..., place.stop :]], -1)
        return None if given is None else (given, *args[1:])

    def _here(self, part: str) -> str:
        return label_of(self.done + 1, part)

    def _first(self, label: str, output: Any) -> Any:
        """Offer an output, or the first of several."""
        whole = isinstance(output, tuple)
        given = self._offer(label, output[0] if whole else output)
        return (given, *output[1:]) if given is not None and whole else given

    def _offer(self, label: str, states: torch.Tensor) -> torch.Tensor | None:
        if label not in self.wanted:
            return None
        # a few families (OPT) run their MLP over all tokens of all texts in one row
        given = self.offer(label, states if states.dim() == 3 else states.view(*self.shape, states.shape[-1]))
        return given if given is None else given.view(states.shape)


def known(model: "Model", labels: Iterable[str]) -> frozenset[str]:
    """Return the labels as a set; raises StrataError E-LAYER-UNKNOWN for one the model does not have."""
    wanted = frozenset(str(label) for label in labels)
    for label in sorted(wanted - set(model.layers)):
        layer, part = split(label)
        blocks = {str(n) for n in range(1, model.depth + 1)}
        if part == "residual" or layer not in blocks:
            raise StrataError(
                "E-LAYER-UNKNOWN",
                f"This model has no layer '{label[:40]}'.",
                f"Its layers are {', '.join(model.layers)}; 1 to {model.depth} have parts ('1 mlp', '1 head:0').",
            )
        model.inside(part)
    return wanted
