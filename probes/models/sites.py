"""Where a model is read: one table from families to module paths, and hooks that are gone when the reading ends.

Layer 0 is what enters the first block, layer *i* what leaves block *i*. Families that normalise after the last block
have one more, labelled `6 + norm`. Families that are not in the table are read by shape (the one list of as many
blocks as the model has layers); either way the self-check at load compares every layer with the model's own account.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from probes.errors import StrataError
from probes.models.hooks import hooked
from probes.models.parts import label_of

if TYPE_CHECKING:
    from probes.models.encoding import Encoded
    from probes.models.model import Model

Take = Callable[[str, torch.Tensor], None]
"""Called inside the forward with a layer's label and its states [text, token, width], still on the device."""
Edit = Callable[[torch.Tensor], torch.Tensor]
"""States [text, token, width] → those the model goes on with: of the same shape and type, on the same device."""


@dataclass(frozen=True)
class Site:
    """A place in a model: the layer, and the part of it (`probes.models.parts`)."""

    layer: int
    part: str = "residual"

    @property
    def label(self) -> str:
        """Name it as `reading` and `editing` are told."""
        return label_of(self.layer, self.part)


LAYOUTS: dict[tuple[str, str | None], str] = {
    # (path of the blocks, path of the final norm): the families laid out that way
    ("encoder.layer", None): (
        "bert roberta xlm-roberta camembert electra deberta deberta-v2 mpnet ernie roformer roc_bert "
        "data2vec-text rembert big_bird"
    ),
    ("encoder.layer", "encoder.ln"): "megatron-bert",
    ("encoder.layer", "encoder.LayerNorm"): "xlm-roberta-xl",
    ("encoder.layer", "encoder.emb_layer_norm_after"): "esm",
    ("encoder.layer", "LayerNorm"): "roberta-prelayernorm",
    ("encoder.albert_layer_groups", None): "albert",
    ("transformer.layer", None): "distilbert",
    ("layers", None): "nomic_bert bart plbart blenderbot-small marian",  # the last four: their encoders
    ("layers", "final_norm"): "modernbert",
    ("layers", "layer_norm"): "mbart m2m_100 pegasus blenderbot xglm",
    ("layers", "norm"): (
        "llama mistral mixtral qwen2 qwen2_moe qwen3 qwen3_moe gemma gemma2 gemma3_text olmo olmo2 olmo3 olmoe phi3 "
        "starcoder2 stablelm cohere cohere2 granite smollm3 deepseek_v2 deepseek_v3 nemotron exaone4 apertus gpt_oss "
        "glm glm4 eurobert"
    ),
    ("layers", "final_layernorm"): "phi",
    ("layers", "final_layer_norm"): "gpt_neox",
    ("h", "ln_f"): "gpt2 gpt_neo gptj codegen gpt_bigcode bloom falcon",
    ("blocks", "norm_f"): "mpt",
    ("decoder.layers", "decoder.final_layer_norm"): "opt",
    ("encoder.block", "encoder.final_layer_norm"): "t5 mt5 umt5",
    ("block", "final_layer_norm"): "longt5 switch_transformers",
}
PATHS = {family: paths for paths, families in LAYOUTS.items() for family in families.split()}
NORMS = ("norm", "final_norm", "final_layer_norm", "final_layernorm", "ln_f", "norm_f", "ln_out", "ln", "layer_norm")
"""Names a final norm goes by beside the blocks, for families that are not in the table."""


@dataclass(frozen=True, eq=False)
class Sites:
    """The modules of one model that are read.

    `blocks` are in the order they run. A model that shares its layers (ALBERT) has fewer modules than `depth`: the
    same one runs several times, and the n-th run of any block is layer n.
    """

    depth: int
    blocks: tuple[nn.Module, ...]
    norm: nn.Module | None
    paths: tuple[str, str | None]

    @property
    def labels(self) -> tuple[str, ...]:
        """Name every layer: "0", "1", …, and "<depth> + norm" where the family has a final norm."""
        last = (f"{self.depth} + norm",) if self.norm is not None else ()
        return (*(str(i) for i in range(self.depth + 1)), *last)


def sites_of(net: nn.Module, family: str) -> Sites:
    """Find where the model of that family is read; raises StrataError E-SITES when no list of blocks fits."""
    depth = depth_of(net)
    paths = PATHS.get(family)
    paths = paths if paths is not None and _has(net, paths) else _by_shape(net, family, depth)
    blocks = tuple(net.get_submodule(paths[0]).children())
    return Sites(depth, blocks, net.get_submodule(paths[1]) if paths[1] else None, paths)


def depth_of(net: Any) -> int:
    """Return how many layers the model says it has (an encoder-decoder: its encoder)."""
    config = net.config
    if getattr(config, "is_encoder_decoder", False) or not hasattr(config, "num_hidden_layers"):
        return int(getattr(config, "encoder_layers", getattr(config, "num_layers", 0)))
    return int(config.num_hidden_layers)


def _has(net: nn.Module, paths: tuple[str, str | None]) -> bool:
    names = {name for name, module in net.named_modules() if not isinstance(module, nn.Identity)}
    return paths[0] in names and (paths[1] is None or paths[1] in names)


def _by_shape(net: nn.Module, family: str, depth: int) -> tuple[str, str | None]:
    lists = [name for name, m in net.named_modules() if isinstance(m, nn.ModuleList) and len(m) == depth]
    outer = [name for name in lists if not any(name.startswith(other + ".") for other in lists)]
    if depth == 0 or len(outer) != 1:
        raise StrataError(
            "E-SITES",
            f"Strata does not know where the layers of a '{family}' model are.",
            f"It looked for one list of {depth} blocks and found {', '.join(outer) or 'none'}.",
            "One line in probes/models/sites.py adds a family.",
        )
    parent = outer[0].rpartition(".")[0]
    beside = {name for name, m in net.get_submodule(parent).named_children() if not isinstance(m, nn.Identity)}
    norm = next((name for name in NORMS if name in beside), None)
    return outer[0], (f"{parent}.{norm}".lstrip(".") if norm else None)


@contextmanager
def reading(model: "Model", layers: Iterable[str], take: Take) -> Iterator[None]:
    """Hand every wanted layer of each forward in this block to `take`; the hooks are gone on exit, also after an error.

    A layer is "3", or a part of it as in `probes.models.parts`: "3 attention", "3 mlp", "3 heads", "3 head:2". Raises
    StrataError E-LAYER-UNKNOWN and E-SITE-UNKNOWN for what the model does not have.
    """
    with hooked(model, layers, take, first=bool(model.inserted)):
        yield


@contextmanager
def editing(model: "Model", layer: str, edit: Edit) -> Iterator[None]:
    """Let every forward in this block go on from `edit` of one layer's states; the hooks are gone on exit, as above.

    Raises as `reading` does, and ValueError (in the forward) when the edit gives another shape, type or device.
    """
    with editing_all(model, {layer: edit}):
        yield


@contextmanager
def editing_all(model: "Model", edits: Mapping[str, Edit]) -> Iterator[None]:
    """Edit several layers, or parts of them, in the same forwards: each one from what the earlier ones led to."""

    def take(label: str, states: torch.Tensor) -> torch.Tensor:
        edited = edits[label](states)
        if (edited.shape, edited.dtype, edited.device) != (states.shape, states.dtype, states.device):
            raise ValueError(f"An edit must give {states.dtype} {list(states.shape)} on {states.device} again.")
        return edited

    with hooked(model, edits, take):
        yield


def hidden_states(model: "Model", encoded: "Encoded", layers: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
    """Return layers by label, each [text, token, width] on the device, copied; all of them when none are named."""
    states: dict[str, torch.Tensor] = {}

    def keep(label: str, tensor: torch.Tensor) -> None:
        states[label] = tensor.clone()  # some blocks add to their input in place

    with torch.no_grad(), reading(model, model.layers if layers is None else layers, keep):
        model.forward(encoded)
    return states
