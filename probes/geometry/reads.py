"""Which points a question about a cloud reads: the fields that the shape and the map of a cloud share."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from probes import corpora
from probes.models.choice import ReadsModel
from probes.reads import ReadsCorpus


class ReadsPoints(ReadsCorpus):
    """A question about points of a corpus in a model's layers."""

    corpus: str = "python-stdlib"
    """python-stdlib, code:FOLDER, table:FILE or hub:NAME; or matrix:FILE, vectors of your own, which no model reads."""
    language: str = ""
    """The programming language that is taken from the corpus; none for all that it holds."""
    unit: Literal["leaf", "word", "token", "text", "snippet"] = "leaf"
    """What a point is: a leaf of a syntax tree, a word, one of the model's own tokens, a whole text, or a snippet: a
    function without its comments, the mean of its tokens."""
    pooling: Literal["mean", "weighted", "last", "first"] = "mean"
    """How a whole text becomes one vector: mean, mean weighted by position, last or first token."""
    n: int = Field(2000, ge=24, le=8_000)
    """Points, drawn from the corpus by the seed."""
    per_text: int = Field(16, ge=1, le=10_000)
    """Points of one text at most: fewer of more texts say more of the model and less of the text."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides which texts and points are drawn, the random weights and every other draw."""

    @model_validator(mode="before")
    @classmethod
    def _no_model(cls, given: Any) -> Any:
        """A matrix is read by no model: whichever was chosen, the question is the same."""
        if isinstance(given, dict) and corpora.is_matrix(str(given.get("corpus", ""))):
            fields = {name: field.default for name, field in ReadsModel.model_fields.items()}
            return {**given, **fields, "model": ""}
        return given

    def pinned(self) -> Self:
        """Name the corpus and the model as they are today."""
        if corpora.is_matrix(self.corpus):
            return self.model_copy(update={"corpus": corpora.pin(self.corpus)})
        return super().pinned()
