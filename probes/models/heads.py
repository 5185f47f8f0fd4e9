"""What a checkpoint predicts with: its own head, put on the model that is already loaded.

Strata loads the bare network, which hidden states need no more than. The whole language model is built of shapes
alone, the loaded network is set into it, and only what is still missing is read from the same files: nothing when the
head is the embedding table again (tied), one matrix or a small block otherwise. The forward is transformers' own, so
that scaled or capped logits come out as the model means them.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open

from probes.errors import StrataError
from probes.models import build, fetch
from probes.models.tasks import Task, task_of

if TYPE_CHECKING:
    from probes.models.encoding import Encoded
    from probes.models.model import Model

_OLD = {
    "LayerNorm.weight": "LayerNorm.gamma",  # BERT's first checkpoints
    "LayerNorm.bias": "LayerNorm.beta",
    "lm_head.weight": "embed_out.weight",  # GPT-NeoX
}
"""How a name ends → how it ends in some files. A head under another name is not found, and refused."""


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A model with its head: `model` is read and edited as ever, `net` gives logits through it."""

    model: "Model"
    net: Any
    task: Task
    mask: int | None
    """The id that stands for a masked token, where tokens are masked."""

    def logits(self, encoded: "Encoded") -> torch.Tensor:
        """Return float32 [text, token, vocabulary]; of a padded place they mean nothing."""
        found: torch.Tensor = replace(self.model, net=self.net).forward(encoded).logits
        return found.float()


def language_model(model: "Model") -> LanguageModel:
    """Return the model with its checkpoint's head; raises StrataError E-HEAD when there is none to measure with."""
    config = model.net.config
    task = task_of(getattr(config, "architectures", None))
    if model.weights.startswith("random init"):
        raise _none(model, "Its weights are random, and a random head predicts nothing.")
    if task is None or getattr(config, "is_encoder_decoder", False):
        said = ", ".join(map(str, getattr(config, "architectures", None) or ())) or "no class"
        raise _none(model, f"Its config.json names {said[:120]}: hidden states, and nothing that predicts a token.")
    mask = getattr(model.tokenizer, "mask_token_id", None)
    if task == "masked" and mask is None:
        raise _none(model, "Its tokenizer has no token to mask others with.")
    whole = _shapes(model, task)
    if type(getattr(whole, whole.base_model_prefix, None)) is not type(model.net):
        raise _none(model, f"{type(whole).__name__} is not built around a {type(model.net).__name__}.")
    setattr(whole, whole.base_model_prefix, model.net)
    _fill(whole, model)
    return LanguageModel(model, whole.eval().requires_grad_(False), task, mask)


def _shapes(model: "Model", task: Task) -> Any:
    from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

    kind: Any = AutoModelForCausalLM if task == "next" else AutoModelForMaskedLM
    config = copy.deepcopy(model.net.config)  # some models write into the configuration they are built from
    if type(config) not in kind._model_mapping:
        raise _none(model, f"transformers has no language model of the family '{model.family}'.")
    with build.quiet(), torch.device("meta"):
        return kind.from_config(config, dtype=build.DTYPES[model.dtype], trust_remote_code=False)


def _fill(whole: Any, model: "Model") -> None:
    """Read what is not of the loaded network, and tie what the files lack to what it is tied to."""
    own = {n: t for n, t in whole.state_dict().items() if not n.startswith(f"{whole.base_model_prefix}.")}
    found = dict(_read(model, own))
    for name, tensor in found.items():
        if tensor.shape != own[name].shape:
            raise _none(model, f"'{name}' is {list(tensor.shape)} where {list(own[name].shape)} was expected.")
    place = {name: tensor.to(model.device, own[name].dtype) for name, tensor in found.items()}
    whole.load_state_dict(place, strict=False, assign=True)
    lost = set(own) - set(found)
    try:
        whole.tie_weights(missing_keys=lost, recompute_mapping=False)  # takes what could be tied out of `lost`
    except AttributeError as error:
        raise _none(model, "An adapter stands on its embeddings, which the head is tied to.") from error
    if lost:
        raise _none(model, f"Its files lack {len(lost)} weights of the head ({', '.join(sorted(lost)[:3])}).")


def _read(model: "Model", wanted: dict[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    names = {**{name: name for name in wanted}, **{_old(name): name for name in wanted}}
    for file in sorted(_folder(model).glob("*.safetensors")):
        with safe_open(str(file), framework="pt") as tensors:
            for key in tensors.keys():  # noqa: SIM118  # a safetensors file is no dictionary
                if key in names:
                    yield names[key], tensors.get_tensor(key)


def _old(name: str) -> str:
    return next((name.removesuffix(new) + old for new, old in _OLD.items() if name.endswith(new)), name)


def _folder(model: "Model") -> Path:
    """Return where the weights were read: the same revision, or StrataError saying that it has moved."""
    return fetch.with_weights(fetch.folder_of(model.name, model.revision)).path


def _none(model: "Model", why: str) -> StrataError:
    return StrataError(
        "E-HEAD",
        f"'{model.name[:200]}' has no head to measure with.",
        why,
        "Choose a checkpoint saved with its language-modelling head (smollm2, or one that ends in ForMaskedLM).",
    )
