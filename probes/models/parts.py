"""What is inside a block: where its attention and its MLP give their outputs, one table from families to module paths.

    attention   what the attention's last projection gives
    heads       what enters that projection: the mixed values of all query heads, side by side
    head:2      the third head's share of it
    mlp         what the MLP (or the mixture of experts) gives

All of them before the dropout, the norm and the residual connection that may follow: of BERT `attention.output.dense`,
not what leaves its LayerNorm. Layer *i* here is block *i*, whose output is layer *i* of the residual stream; there is
no layer 0. Families that are not in the table get the first row whose modules are in every block. Either way
`check_parts` asks whether these are indeed the only places where tokens meet, and all that a block adds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from probes.errors import StrataError

INNER: dict[tuple[str, str], str] = {
    # (path in a block of the attention's last projection, path of what gives the MLP's output): families
    ("attention.output.dense", "output.dense"): (
        "bert roberta xlm-roberta camembert electra deberta deberta-v2 ernie roformer roc_bert data2vec-text rembert "
        "big_bird megatron-bert xlm-roberta-xl esm roberta-prelayernorm"
    ),
    ("attention.attn.o", "output.dense"): "mpnet",
    ("albert_layers.0.attention.dense", "albert_layers.0.ffn_output"): "albert",
    ("attention.out_lin", "ffn.lin2"): "distilbert",
    ("self_attn.o_proj", "mlp"): (
        "llama mistral mixtral qwen2 qwen2_moe qwen3 qwen3_moe gemma gemma2 gemma3_text olmo olmo2 olmo3 olmoe phi3 "
        "starcoder2 stablelm cohere cohere2 granite smollm3 deepseek_v2 deepseek_v3 nemotron exaone4 apertus gpt_oss "
        "glm glm4 eurobert nomic_bert"
    ),
    ("attn.Wo", "mlp"): "modernbert",
    ("self_attn.out_proj", "fc2"): ("bart plbart blenderbot-small marian mbart m2m_100 pegasus blenderbot xglm opt"),
    ("self_attn.dense", "mlp"): "phi",
    ("attention.dense", "mlp"): "gpt_neox",
    ("attn.c_proj", "mlp"): "gpt2 gpt_bigcode",
    ("attn.attention.out_proj", "mlp"): "gpt_neo",
    ("attn.out_proj", "mlp"): "gptj codegen",
    # the MLP's own module adds the residual stream
    ("self_attention.dense", "mlp.dense_4h_to_h"): "bloom falcon",
    ("attn.out_proj", "ffn.down_proj"): "mpt",
    ("layer.0.SelfAttention.o", "layer.1.DenseReluDense.wo"): "t5 mt5 umt5",
    ("layer.0.LocalSelfAttention.o", "layer.1.DenseReluDense.wo"): "longt5",
    ("layer.0.TransientGlobalSelfAttention.o", "layer.1.DenseReluDense.wo"): "",  # longt5, where a setting says so
    ("layer.0.SelfAttention.o", "layer.1.mlp"): "switch_transformers",
}
INSIDE = {family: paths for paths, families in INNER.items() for family in families.split()}
PARTS = ("residual", "attention", "mlp", "heads")
"""Parts of a layer by name; one head more is `head:0`, `head:1`, …"""
PART = re.compile(r"residual|attention|mlp|heads|head:\d{1,4}")


@dataclass(frozen=True, eq=False)
class Parts:
    """The modules inside the blocks of one model, in the order of its blocks."""

    projections: tuple[nn.Module, ...]
    mlps: tuple[nn.Module, ...]
    paths: tuple[str, str]
    heads: int
    """Query heads a layer has."""
    mixed: int
    """How many numbers all heads of a layer have together."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name every part of a layer that can be read besides the residual stream."""
        return (*PARTS[1:], *(f"head:{k}" for k in range(self.heads)))

    def width(self, part: str, width: int) -> int:
        """Return how many numbers a state has at a part of a model of that width."""
        return {"heads": self.mixed}.get(part, self.mixed // self.heads if part.startswith("head:") else width)


def parts_of(blocks: Sequence[nn.Module], family: str, config: Any) -> Parts:
    """Find what is inside the blocks; raises StrataError E-SITE-INSIDE when no row of the table fits."""
    own = INSIDE.get(family)
    found = [paths for paths in (*([own] if own else ()), *INNER) if all(_has(block, paths) for block in blocks)]
    if not found:
        inside = ", ".join(name for name, _ in blocks[0].named_children())
        raise StrataError(
            "E-SITE-INSIDE",
            f"Strata does not know where attention and MLP of a '{family[:60]}' model give their outputs.",
            f"Its blocks hold {inside[:200] or 'nothing'}.",
            "Read the residual stream; one line in probes/models/parts.py adds a family.",
        )
    paths = found[0]
    projections = tuple(block.get_submodule(paths[0]) for block in blocks)
    widths, heads = {_entering(module) for module in projections}, getattr(config, "num_attention_heads", 0)
    mixed = widths.pop()
    if widths or not isinstance(heads, int) or heads < 1 or mixed % heads:
        raise StrataError(
            "E-SITE-HEADS",
            f"The heads of this '{family[:60]}' model are not laid out alike in all layers.",
            f"Its configuration says {heads} heads; {mixed} numbers enter the attention's last projection.",
            "Read the residual stream.",
        )
    return Parts(projections, tuple(block.get_submodule(paths[1]) for block in blocks), paths, heads, mixed)


def _has(block: nn.Module, paths: tuple[str, str]) -> bool:
    names = {name for name, _ in block.named_modules()}
    return paths[0] in names and paths[1] in names


def _entering(module: nn.Module) -> int:
    """Return how many numbers enter a projection; GPT-2's class keeps its weight the other way round."""
    found = getattr(module, "in_features", None) or getattr(module, "nx", None)
    if not isinstance(found, int):
        what = f"The attention's last projection is a {type(module).__name__[:60]}, not a matrix."
        raise StrataError("E-SITE-INSIDE", what, fix="Read the residual stream.")
    return found


def label_of(layer: str | int, part: str = "residual") -> str:
    """Return the label of a part of a layer: "3" of the residual stream, else "3 mlp", "3 head:2", …"""
    return str(layer) if part == "residual" else f"{layer} {part}"


def split(label: str) -> tuple[str, str]:
    """Return the layer and the part that a label names; "6 + norm" is a layer of the residual stream."""
    layer, _, part = label.partition(" ")
    return (layer, part) if part != "residual" and PART.fullmatch(part) else (label, "residual")
