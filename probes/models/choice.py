"""Which model a question is put to: the fields that every Spec shares whose answer comes from a model's states."""

from typing import Literal, Self

from probes.contract import Spec
from probes.models import pin


class ReadsModel(Spec):
    """A question put to one model; change any of these fields and it is another model, with other states."""

    model: str = "minilm"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors."""
    revision: str | None = None
    """The commit of a hub model, none for the newest that is cached; of a folder, the state of its files."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """The precision the model runs in; what is computed from its states is always float32."""

    def pinned(self) -> Self:
        """Name the model as it is today."""
        return self.model_copy(update={"revision": pin.pin(self.model, self.revision)})

    def unpinned(self) -> Self:
        """Let the model move again; a revision that a person gave stays."""
        return self.model_copy(update={"revision": None}) if pin.made(self.revision) else self
