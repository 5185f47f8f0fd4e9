"""A question put to one model about one corpus: both may move (a folder, a branch), and both are pinned together."""

from typing import TYPE_CHECKING, Self

from probes import corpora
from probes.models.choice import ReadsModel


class ReadsCorpus(ReadsModel):
    """A question about a model and a `corpus`, a field that each question declares with its own default and words."""

    if TYPE_CHECKING:
        corpus: str

    def pinned(self) -> Self:
        """Name the corpus and the model as they are today."""
        return super().pinned().model_copy(update={"corpus": corpora.pin(self.corpus)})

    def unpinned(self) -> Self:
        """Let the corpus and the model move again."""
        return super().unpinned().model_copy(update={"corpus": corpora.unpinned(self.corpus)})
