"""Does what Strata reads equal what the model says? Asked numerically at every load, and kept with the model.

The oracle is the model's own `output_hidden_states`. Differences are largest absolute ones, judged relative to the
largest value of the layer (or 1, whichever is larger).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd
import torch

from probes.errors import StrataError
from probes.models import sites

if TYPE_CHECKING:
    from probes.models.model import Model

TEXTS = ("def add(a, b):\n    return a + b", "x = 1")
TOLERANCE = {"float32": 1e-5, "float16": 1e-2, "bfloat16": 5e-2}
"""Largest difference, relative to the scale of a layer, between two ways to the same number: three decimal digits of
room above each type's rounding (2^-24, 2^-11, 2^-8), since batches of another shape add up in another order."""


@dataclass(frozen=True)
class Row:
    """One question and its answer; a `warning` row may fail without making the model unfit."""

    name: str
    passed: bool
    detail: str
    difference: float = 0.0
    warning: bool = False
    limit: float = 0.0
    """The largest difference allowed; 0 where none is measured."""


@dataclass(frozen=True)
class Check:
    """The self-check of one load."""

    rows: tuple[Row, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every row that must pass did (and there were any)."""
        return bool(self.rows) and all(row.passed or row.warning for row in self.rows)

    def table(self) -> pd.DataFrame:
        """Return one row a question: name, passed, detail, difference, warning, limit."""
        return pd.DataFrame([vars(row) for row in self.rows])


def check(model: "Model") -> Check:
    """Compare what the hooks read with the model's own account; raises nothing, the rows say what failed."""
    if model.device == "meta":
        return Check(tuple(_shapes(model)))
    before = fingerprint(model)
    rows = list(_layers(model))
    if any(not row.passed for row in rows):
        return Check(tuple(rows))  # what is read is wrong already; the rest would only say so again
    rows += [*_padding(model), *_attention(model), *_hooks(model)]
    rows.append(Row("parameters", fingerprint(model) == before, "every bit of every parameter as before the check"))
    return Check(tuple(rows))


def require(model: "Model", result: Check) -> None:
    """Raise StrataError E-SELF-CHECK, naming the rows that failed, when the model is not fit to be read."""
    failed = [row for row in result.rows if not row.passed and not row.warning]
    if failed:
        said = "; ".join(f"{row.name}: {row.detail}" for row in failed[:4])
        raise StrataError(
            "E-SELF-CHECK",
            f"{model.name} failed its self-check: what would be read is not what the model computes.",
            f"{said}{f' (and {len(failed) - 4} more)' if len(failed) > 4 else ''}.",
            "Try float32, or another version of transformers; a family that is read wrongly is a bug worth reporting.",
        )


def fingerprint(model: "Model") -> tuple[int, ...]:
    """Return a sum of the bits of each parameter: equal before and after anything that may not touch the weights."""
    whole = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    there = (p.detach() for p in model.net.parameters() if not p.is_meta)  # what is put away has no bits to look at
    return tuple(int(p.view(whole[p.element_size()]).sum()) for p in there)


def _texts(model: "Model") -> list[str]:
    fit = [text for text, n in zip(TEXTS, model.lengths(TEXTS), strict=True) if 0 < n <= model.context]
    return fit or ["a"]


def _shapes(model: "Model") -> Iterator[Row]:
    """Read a model without weights: every layer arrives, on its device, in its shape."""
    encoded = model.encode(_texts(model))
    read = sites.hidden_states(model, encoded)
    shape = (*encoded.ids.shape, model.width)
    good = tuple(read) == model.layers and all(s.shape == shape and s.is_meta for s in read.values())
    yield Row("shapes", good, f"{len(read)} of {len(model.layers)} layers of shape {shape}; no numbers on 'meta'")


def _layers(model: "Model") -> Iterator[Row]:
    encoded = model.encode(_texts(model)[:1])
    read: dict[str, torch.Tensor] = {}

    def keep(label: str, states: torch.Tensor) -> None:
        read[label] = states.clone()

    with torch.no_grad(), sites.reading(model, model.layers, keep):
        output = model.forward(encoded, output_hidden_states=True)
    said = getattr(output, "hidden_states", None)
    if said is None or len(said) != model.depth + 1:
        got = "none" if said is None else f"{len(said)}"
        yield Row("hidden states", False, f"the model gave {got} where {model.depth + 1} were expected")
        return
    if missing := [label for label in model.layers if label not in read]:
        yield Row("hooks", False, f"nothing was read at layer {', '.join(missing)}")
        return
    for label, states in read.items():
        yield _sound(label, states)
    for i, states in enumerate(said):
        label = model.layers[-1] if i == model.depth else str(i)
        yield _same(model, f"layer {label}", read[label], states, "hook against output_hidden_states")
    if model.sites.norm is not None:
        with torch.no_grad():
            post = model.sites.norm(read[str(model.depth)])
        last = model.layers[-1]
        yield _same(model, "final norm", read[last], post, f"norm(layer {model.depth}) against layer {last}")


def _sound(label: str, states: torch.Tensor) -> Row:
    finite = bool(torch.isfinite(states).all())
    why = "finite and not all zero" if finite else "NaN or infinite values (float16 overflows: use bfloat16 or float32)"
    if finite and not bool(states.any()):
        return Row(f"values {label}", False, "all zero")
    return Row(f"values {label}", finite, why)


def _padding(model: "Model") -> Iterator[Row]:
    """Compare each text alone with the same text in a batch: padded on the right, on the left, among six others."""
    texts = _texts(model)
    alone = [sites.hidden_states(model, model.encode([text])) for text in texts]
    seven = [i % len(texts) for i in range(1, 8)]
    # Strata pads on the right; a model whose positions cannot be told about the left is still read correctly, and one
    # whose rows feel their neighbours (experts of limited room) is what it is: both are said, and refuse nothing
    yield _batched(model, "padding right", texts, alone)
    yield _batched(model, "padding left", texts, alone)
    yield _batched(model, "batch order", [texts[i] for i in seven], [alone[i] for i in seven])


def _batched(model: "Model", name: str, texts: list[str], alone: list[dict[str, torch.Tensor]]) -> Row:
    encoded = model.encode(texts, side="left" if name == "padding left" else "right")
    batch = sites.hidden_states(model, encoded)
    real = encoded.mask.bool()
    if changed := [label for label, states in batch.items() if states.shape[:2] != real.shape]:
        return Row(name, False, f"layer {changed[0]} has another number of tokens")
    rows = [
        _padded(model, label, [one[label] for one in alone], batch[label][real.to(batch[label].device)])
        for label in model.layers
    ]
    worst = max(rows, key=lambda row: (not row.passed, row.difference))
    detail = f"{len(texts)} texts together against each alone, worst at layer {worst.name}"
    return replace(worst, name=name, detail=detail, warning=name != "padding right")


def _attention(model: "Model") -> Iterator[Row]:
    """Look at the attention weights of a model that shows them: of every layer, and adding up to one."""
    if model.attention != "eager":
        return
    with torch.no_grad():
        given = getattr(model.forward(model.encode(_texts(model)[:1]), output_attentions=True), "attentions", None)
    shown = [weights for weights in given or () if weights is not None]
    even = all(bool(torch.isclose(w.float().sum(-1), w.new_ones(()).float(), atol=1e-2).all()) for w in shown)
    good = len(shown) == model.depth and even
    # a warning: the states are right without them (some families keep a share of attention for nothing)
    yield Row("attention weights", good, f"{len(shown)} of {model.depth} layers show theirs", warning=True)


def _padded(model: "Model", label: str, alone: list[torch.Tensor], real: torch.Tensor) -> Row:
    return _same(model, label, real, torch.cat([states[0] for states in alone]), "")


def _same(model: "Model", name: str, found: torch.Tensor, wanted: torch.Tensor, detail: str) -> Row:
    if found.shape != wanted.shape:
        return Row(name, False, f"{detail}: shape {tuple(found.shape)} against {tuple(wanted.shape)}", float("inf"))
    found, wanted = found.float(), wanted.to(found.device).float()  # a model may be spread over several devices
    difference = float((found - wanted).abs().max())
    limit = TOLERANCE[model.dtype] * max(1.0, float(wanted.abs().max()))
    passed = difference <= limit  # False for NaN
    said = detail if passed else f"{detail} differ by {difference:.2g} where {limit:.2g} is allowed"
    return Row(name, passed, said, difference, limit=limit)


def _hooks(model: "Model") -> Iterator[Row]:
    """Count hooks around a reading that ends well and one that fails inside the forward."""

    class Planned(Exception):
        pass

    def fail(_label: str, _states: torch.Tensor) -> None:
        raise Planned

    def nothing(_label: str, _states: torch.Tensor) -> None:
        pass

    encoded = model.encode(_texts(model)[:1])
    tries: tuple[tuple[str, sites.Take], ...] = (("success", nothing), ("an error", fail))
    for name, take in tries:
        before = _count(model)
        try:
            with torch.no_grad(), sites.reading(model, model.layers, take):
                model.forward(encoded)
        except Planned:
            pass
        left = _count(model) - before
        yield Row(f"hooks after {name}", left == 0, f"{left} hooks left behind")


def _count(model: "Model") -> int:
    hooks: Callable[[torch.nn.Module], int] = lambda m: len(m._forward_hooks) + len(m._forward_pre_hooks)  # noqa: E731
    return sum(hooks(module) for module in model.net.modules())
