"""Where a model is read: one table from families to module paths, and hooks that are gone when the reading ends.

Layer 0 is what enters the first block, layer *i* what leaves block *i*. Families that normalise after the last block
have one more, labelled `6 + norm`. Families that are not in the table are read by shape (the one list of as many
blocks as the model has layers); either way the self-check at load compares every layer with the model's own account.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from probes.errors import StrataError

if TYPE_CHECKING:
    from probes.models.encoding import Encoded
    from probes.models.model import Model

Take = Callable[[str, torch.Tensor], None]
"""Called inside the forward with a layer's label and its states [text, token, width], still on the device."""
Edit = Callable[[torch.Tensor], torch.Tensor]
"""States [text, token, width] → those the model goes on with: of the same shape and type, on the same device."""


@dataclass(frozen=True)
class Site:
    """A place in a model: the layer, and the part of it (the residual stream, for now)."""

    layer: int
    part: str = "residual"


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

    Raises StrataError E-LAYER-UNKNOWN for a label the model does not have.
    """
    with _hooked(model, layers, take):
        yield


@contextmanager
def editing(model: "Model", layer: str, edit: Edit) -> Iterator[None]:
    """Let every forward in this block go on from `edit` of one layer's states; the hooks are gone on exit, as above.

    Raises StrataError E-LAYER-UNKNOWN for a label the model does not have, ValueError (in the forward) when the edit
    gives another shape, type or device.
    """

    def take(_label: str, states: torch.Tensor) -> torch.Tensor:
        edited = edit(states)
        if (edited.shape, edited.dtype, edited.device) != (states.shape, states.dtype, states.device):
            raise ValueError(f"An edit must give {states.dtype} {list(states.shape)} on {states.device} again.")
        return edited

    with _hooked(model, [layer], take):
        yield


@contextmanager
def _hooked(model: "Model", layers: Iterable[str], take: "_Offer") -> Iterator[None]:
    wanted = _known(layers, model.layers)
    reader = _Reader(model.sites, wanted, take)
    handles = []
    try:
        handles.append(model.net.register_forward_pre_hook(reader.start))
        for block in model.sites.blocks:
            handles.append(block.register_forward_pre_hook(reader.enter, with_kwargs=True))
            handles.append(block.register_forward_hook(reader.leave))
        if model.sites.norm is not None:
            handles.append(model.sites.norm.register_forward_hook(reader.normed))
        yield
    finally:
        for handle in handles:
            handle.remove()


_Offer = Callable[[str, torch.Tensor], torch.Tensor | None]
"""A Take, or one whose answer takes the place of the states."""


class _Reader:
    """Counts the blocks of one forward, so that a shared block is told apart by when it runs."""

    def __init__(self, sites: Sites, wanted: frozenset[str], take: _Offer) -> None:
        self.sites, self.wanted, self.take = sites, wanted, take
        self.done = 0

    def start(self, _net: nn.Module, _args: Any) -> None:
        self.done = 0  # also after a forward that failed half-way

    def enter(self, _block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.done:
            return None
        given = self._offer("0", args[0] if args else kwargs["hidden_states"])
        if given is None:
            return None
        return ((given, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": given})

    def leave(self, _block: nn.Module, _args: Any, output: Any) -> Any:
        self.done += 1
        whole = isinstance(output, tuple)
        given = self._offer(str(self.done), output[0] if whole else output)
        return (given, *output[1:]) if given is not None and whole else given

    def normed(self, _norm: nn.Module, _args: Any, output: torch.Tensor) -> torch.Tensor | None:
        return self._offer(f"{self.sites.depth} + norm", output)

    def _offer(self, label: str, states: torch.Tensor) -> torch.Tensor | None:
        return self.take(label, states) if label in self.wanted else None


def _known(layers: Iterable[str], labels: tuple[str, ...]) -> frozenset[str]:
    wanted = frozenset(str(layer) for layer in layers)
    if unknown := sorted(wanted - set(labels)):
        raise StrataError(
            "E-LAYER-UNKNOWN", f"This model has no layer '{unknown[0][:40]}'.", f"Its layers are {', '.join(labels)}."
        )
    return wanted


def hidden_states(model: "Model", encoded: "Encoded", layers: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
    """Return layers by label, each [text, token, width] on the device, copied; all of them when none are named."""
    states: dict[str, torch.Tensor] = {}

    def keep(label: str, tensor: torch.Tensor) -> None:
        states[label] = tensor.clone()  # some blocks add to their input in place

    with torch.no_grad(), reading(model, model.layers if layers is None else layers, keep):
        model.forward(encoded)
    return states
