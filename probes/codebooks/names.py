"""What kinds of codebooks are called and the numbers that describe them, without what fits them (and imports torch)."""

from typing import Literal

from probes.errors import StrataError

Kind = Literal["kmeans", "spherical", "product", "residual", "pursuit", "itda", "trained", "encoder"]

TRAINED: Kind = "trained"
"""Codebooks that the model was trained with: none is fitted."""
ENCODER: Kind = "encoder"
"""Features of an autoencoder's encoder, read from a file: none is fitted."""
DIRECTIONS: tuple[Kind, ...] = ("spherical", "pursuit", "itda", ENCODER)
"""Kinds whose codes stand for a state with a gain; their length is one, but for those of an encoder."""
LEVELS = 16
"""Gains that a spherical codebook tells apart: 4 bits."""
MOST = 1 << 16
"""Rows of noise made at most: they are held in memory."""
DUPLICATE = 0.95
"""Cosine beyond which two codes are called duplicates."""


def refuse_trained(method: Kind) -> None:
    """Raise StrataError E-CODES-TRAINED for codes that the model goes on from anyway."""
    if method == TRAINED:
        what = "This model goes on from its own codes: there is nothing to put them in the place of."
        why = "Its loss with and without them is printed by its training (python -m probes codemodel)."
        raise StrataError("E-CODES-TRAINED", what, why, "Fit codes to a model as it is (another --method).")


def wanted(asked: str, layers: tuple[str, ...]) -> tuple[str, ...]:
    """Return the layers asked for, in the model's order; StrataError E-LAYER-UNKNOWN names those there are.

    Of layers that are parts ("3 mlp") the number is enough.
    """
    short = {layer.partition(" ")[0]: layer for layer in layers if not layer.endswith("+ norm")}
    names = {short.get(name.strip(), name.strip()) for name in asked.split(",")} - {""}
    if names == {"all"}:
        return layers
    unknown = sorted(names - set(layers))
    if unknown or not names:
        fix = f"Choose all, or some of {', '.join(layers)}."
        raise StrataError("E-LAYER-UNKNOWN", f"There is no layer '{(unknown or [asked])[0][:60]}' here.", fix=fix)
    return tuple(layer for layer in layers if layer in names)
