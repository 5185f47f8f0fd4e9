"""What a number came from, collected once for every analysis."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from probes.values import Source, digest_of

if TYPE_CHECKING:
    from probes.models.model import Model

LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "numpy", "tree-sitter")


def source_of(
    model: "Model",
    *,
    corpus: str,
    texts: Sequence[str],
    seed: int,
    notes: tuple[str, ...] = (),
    also: Sequence[str] = (),
) -> Source:
    """Return the Source of a run of `model` on `texts`; the model's own notes come first.

    `also` names more installed packages whose versions decide the numbers (a grammar).
    """
    adapted = ("peft",) if any(fact.startswith("adapter ") for fact in model.facts) else ()
    return Source(
        model=model.name,
        revision=model.revision,
        weights=model.weights,
        dtype=model.dtype,
        device=model.device,
        corpus=corpus,
        corpus_digest=digest_of(texts),
        seed=seed,
        notes=(*model.notes, *notes),
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in (*LIBRARIES, *adapted, *also)},
        },
    )
