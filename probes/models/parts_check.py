"""Are the parts of the blocks where they are taken to be? Asked numerically, the first time they are wanted.

Tokens meet in attention alone: with its outputs zero, what a block gives for a token depends on that token alone. And
attention and MLP are all that a block adds: with both zero nothing but norms is left, and twice the input gives twice
the output, or the same one.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import torch

from probes.errors import StrataError
from probes.models import sites
from probes.models.check import TEXTS, TOLERANCE, Check, Row
from probes.models.encoding import Encoded
from probes.models.parts import label_of

if TYPE_CHECKING:
    from probes.models.model import Model

ROOM = 10
"""How many times the tolerance of one layer is allowed here: differences run through all layers."""


def check_parts(model: "Model") -> Check:
    """Compare forwards without attention, and without both parts; raises nothing, the rows say what failed."""
    if model.device == "meta":
        return Check((Row("parts", True, "no numbers on 'meta'"),))
    encoded = model.encode([text for text in TEXTS if 2 < model.lengths([text])[0] <= model.context][:1] or ["a b"])
    return Check(tuple(_rows(model, encoded)))


def _rows(model: "Model", encoded: Encoded) -> Iterator[Row]:
    run = _Runs(model, encoded)
    as_is, moved = run.states(), run.states(before=_others_turned)
    apart = max(_far(a[:, -1], b[:, -1]) for a, b in zip(as_is[1:], moved[1:], strict=True))
    yield Row("tokens meet", apart > run.limit, "a token's state depends on the others", apart)
    alone, moved = run.states(["attention"]), run.states(["attention"], before=_others_turned)
    rest = max(_far(a[:, -1], b[:, -1]) for a, b in zip(alone[1:], moved[1:], strict=True))
    yield Row("attention", rest <= run.limit, "without it a token's state depends on that token alone", rest)
    both = ["attention", "mlp"]
    bare, twice = run.states(both), run.states(both, before=lambda states: states * 2)
    left = max(min(_far(2 * a, b), _far(a, b)) for a, b in zip(bare[1:], twice[1:], strict=True))
    yield Row("mlp", left <= run.limit, "without it and attention nothing but norms is left", left)
    yield Row(
        "heads", (found := run.heads()) <= run.limit, "the projection of the heads is what attention gives", found
    )


class _Runs:
    def __init__(self, model: "Model", encoded: Encoded) -> None:
        self.model, self.encoded, self.limit = model, encoded, ROOM * TOLERANCE[model.dtype]

    def states(self, without: Iterable[str] = (), before: sites.Edit | None = None) -> list[torch.Tensor]:
        """Return every layer, float32, with parts of all layers set to zero and what enters the first one edited."""
        labels = [label_of(n, part) for n in range(1, self.model.depth + 1) for part in without]
        with ExitStack() as stack:
            if before is not None:
                stack.enter_context(sites.editing(self.model, "0", before))
            stack.enter_context(sites.editing_all(self.model, dict.fromkeys(labels, torch.zeros_like)))
            layers = [str(n) for n in range(self.model.depth + 1)]
            found = sites.hidden_states(self.model, self.encoded, layers)
        return [found[layer].float() for layer in layers]

    def heads(self) -> float:
        """Return how far the projection of what enters it is from what it gives, in the worst layer."""
        layers = range(1, self.model.depth + 1)
        labels = [label_of(n, part) for n in layers for part in ("heads", "attention")]
        read = sites.hidden_states(self.model, self.encoded, labels)
        worst = 0.0
        if len(self.model.parts.projections) < self.model.depth:
            return worst  # shared blocks: which run was of which one is theirs to know
        with torch.no_grad():
            for n, module in zip(layers, self.model.parts.projections, strict=True):
                given = module(read[label_of(n, "heads")])
                worst = max(worst, _far(given.float(), read[label_of(n, "attention")].float()))
        return worst


def _others_turned(states: torch.Tensor) -> torch.Tensor:
    """Turn the states of all tokens round but the last one's."""
    turned = -states
    turned[:, -1] = states[:, -1]
    return turned


def _far(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest difference relative to the scale of the states; infinite where one is not a number."""
    difference = float((one - other).abs().max() / one.abs().max().clamp(min=1e-12))
    return difference if difference == difference else float("inf")


def require_parts(check: Check, model: "Model") -> None:
    """Raise StrataError E-SITE-CHECK, naming what failed, when parts are not where they are taken to be."""
    failed = [row for row in check.rows if not row.passed]
    if failed:
        said = "; ".join(f"not so: {row.detail} ({row.difference:.2g})" for row in failed)
        raise StrataError(
            "E-SITE-CHECK",
            f"The parts of {model.name[:200]}'s layers are not where Strata takes them to be.",
            f"{said[0].upper()}{said[1:]}.",
            "Read the residual stream, which has a check of its own.",
        )
