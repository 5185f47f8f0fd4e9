"""Which pairs of texts judge an embedding: the fields that the questions of this room share."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from probes import corpora
from probes.corpora import rated
from probes.errors import StrataError
from probes.models.choice import ReadsModel

if TYPE_CHECKING:
    from probes.models.model import Model


class ReadsPairs(ReadsModel):
    """A question about how well vectors of whole texts tell which texts belong together."""

    pairs: str = "lee"
    """What judges: lee, wordsim or simlex (people's ratings), table:FILE (two texts and a score a row), python-stdlib
    or code:FOLDER (docstrings and their functions), or a parallel corpus (sentences and their translations)."""
    other_language: str = ""
    """Of a parallel corpus, the language that is paired with English; none for the one with most sentences."""
    pooling: Literal["mean", "weighted", "last", "first"] = "mean"
    """How a text becomes one vector: mean of its tokens, mean weighted by position, last or first token."""
    n: int = Field(1300, ge=24, le=3_000)
    """Pairs at most, drawn by the seed."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides which pairs are drawn, the half of them that chooses, and every other draw."""

    def pinned(self) -> Self:
        """Name the pairs and the model as they are today."""
        pin = rated.pin if is_rated(self.pairs) else corpora.pin
        return super().pinned().model_copy(update={"pairs": pin(self.pairs)})

    def unpinned(self) -> Self:
        """Let the pairs and the model move again."""
        return super().unpinned().model_copy(update={"pairs": corpora.unpinned(self.pairs)})


def is_rated(pairs: str) -> bool:
    """Say whether these pairs come with scores that people gave."""
    return pairs in rated.SETS or pairs.startswith("table:")


def layer_of(model: "Model", asked: str) -> str:
    """Return the layer that was asked for, the last one for none; raises StrataError E-LAYER."""
    layer = asked or model.layers[-1]
    if layer not in model.layers:
        what = f"{model.name} has no layer '{layer[:40]}'."
        raise StrataError("E-LAYER", what, f"There are: {', '.join(model.layers)}.", "Name one of them.")
    return layer
