"""Numbers that a finished run makes of a text's states: a code's margin, a class's, the label's of a constituent.

Rooms do not import each other: what makes the number is found by name.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from probes.attribution.names import CODE_AT, MARGINS_AT
from probes.contract import resolve
from probes.errors import StrataError
from probes.extract import align
from probes.models import Encoded, Model
from probes.models.sites import reading

if TYPE_CHECKING:
    from probes.attribution.targets import Asked

Read = Callable[[Encoded], torch.Tensor]
"""A batch → the number that is explained, float32 [text]."""
UNSAID = {
    "a code": (
        "Which code is explained is not said.",
        "",
        "Give the run of the codebooks, and the code as layer:code.",
    ),
    "a class": ("Which probe is asked is not said.", "", "Give the digest of a probing run."),
    "a span": ("Which probe is asked is not said.", "", "Give the digest of a syntax run."),
}
"""What, why and fix of a target whose run is not named."""


def coded(model: Model, named: tuple[str, str], at: int) -> tuple[Read, str]:
    """Return by how much the state of token `at` is nearer to a code of a run than to any other, and its name."""
    margin = resolve(CODE_AT)(*named)
    _same(model, margin, "codes")

    def read(batch: Encoded) -> torch.Tensor:
        found: torch.Tensor = margin.of(_kept(model, batch, margin.layer)[:, at])
        return found

    return read, margin.words


def labelled(model: Model, encoded: Encoded, asked: "Asked", at: int) -> tuple[Read, str]:
    """Return by how much a run's probe prefers a class or label at token `at` to any other, and its name.

    As in the run, the states of a word's sub-tokens are averaged.
    """
    start, end = (int(place) for place in encoded.offsets[0, at])
    margin = resolve(MARGINS_AT[asked.target])(asked.run, asked.label, asked.written or asked.text, (start, end))
    _same(model, margin, "probes")
    if start == end and (margin.spans[:, 0] == margin.spans[:, 1]).any():
        what = "This token stands for no character: a probe reads words of the text."
        raise StrataError("E-TARGET", what, fix="Choose another position.")
    pooling = align(encoded.offsets, encoded.special, [margin.spans])
    if not pooling.count.all():
        raise StrataError("E-TARGET", "The tokenizer drops a word of this text.", fix="Remove control characters.")
    shares = torch.zeros(len(pooling.count), encoded.ids.shape[1], device=model.device)
    row = np.repeat(np.arange(len(pooling.count)), pooling.count)
    shares[row, pooling.token] = torch.from_numpy(1 / pooling.count[row]).to(shares)

    def states(batch: Encoded) -> torch.Tensor:
        return shares @ _kept(model, batch, margin.layer)

    with torch.no_grad():
        label = margin.label or margin.names[int(margin.scores(states(encoded))[0].argmax())]
    which = margin.names.index(label)
    return lambda batch: _over_others(margin.scores(states(batch)), which), margin.words(label)


def _over_others(scores: torch.Tensor, which: int) -> torch.Tensor:
    """Return float32 [row]: by how much one column of scores [row, label] is above the best of the others."""
    other = scores.clone()
    other[:, which] = -torch.inf
    return scores[:, which] - other.amax(1)


def _kept(model: Model, batch: Encoded, layer: str) -> torch.Tensor:
    """Return a layer's states float32 [text, token, width], with their gradients."""
    kept: list[torch.Tensor] = []
    with reading(model, [layer], lambda _label, states: kept.append(states.float())):
        model.forward(batch)
    return kept[0]


def _same(model: Model, margin: Any, what: str) -> None:
    if margin.weights != model.weights:
        said = f"The {what} of this run are of other weights than those of '{model.name[:200]}'."
        raise StrataError("E-TARGET", said, f"They were fitted to {margin.model}.", "Ask the same model.")
