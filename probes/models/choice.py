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
    device: str = "auto"
    """Where the model runs: auto (a GPU if there is one), cpu, mps, cuda, cuda:1, or all to spread it over all GPUs."""
    attention: Literal["auto", "eager", "sdpa"] = "auto"
    """How attention is computed: auto takes the fast way the model has (mostly sdpa); only eager shows its weights."""
    adapter: str | None = None
    """A PEFT adapter (LoRA and its kin) on top of the model: a folder or a hub id; none for the model as published."""
    adapter_revision: str | None = None
    """The commit of a hub adapter, none for the newest that is cached; of a folder, the state of its files."""
    quantise: Literal["none", "8bit", "4bit"] = "none"
    """Keep the weights in 8 or 4 bits: a larger model fits on a CUDA GPU, and its states are approximations."""

    def pinned(self) -> Self:
        """Name the model and its adapter as they are today."""
        revision = pin.pin(self.model, self.revision)
        adapter = pin.pin_folder(self.adapter, self.adapter_revision) if self.adapter else self.adapter_revision
        return self.model_copy(update={"revision": revision, "adapter_revision": adapter})

    def unpinned(self) -> Self:
        """Let the model and its adapter move again; a revision that a person gave stays."""
        moving = {name: None for name in ("revision", "adapter_revision") if pin.made(getattr(self, name))}
        return self.model_copy(update=moving) if moving else self

    def choice(self) -> "ReadsModel":
        """Return these fields alone: equal choices are the same model, whatever is asked of it."""
        return ReadsModel(**{name: getattr(self, name) for name in ReadsModel.model_fields})
