"""The one place where this room asks for a loaded model."""

from probes.models import Model, loaded
from probes.models.choice import ReadsModel


def warm(choice: ReadsModel) -> Model:
    """Return the model of a question, from this process's memory when it was among the last few asked for."""
    return loaded(choice.model, revision=choice.revision, dtype=choice.dtype)
