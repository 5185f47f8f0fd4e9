"""What a decoder of yours is taught: to pass what its parts write through learnt codes (Tamkin et al., 2023).

The decoder's weights and the codes are trained together on the texts of a corpus, cut into blocks of equal length.
"""

from typing import ClassVar, Literal

from pydantic import Field

from probes.reads import ReadsCorpus


class Lesson(ReadsCorpus):
    """Train a decoder to think in codes, and keep it as a Hugging Face checkpoint with its codebooks beside it."""

    kind: ClassVar[str] = "codemodel"

    model: str = "smollm2"
    """A decoder: a name of the catalogue, a hub id, or a folder with config.json and safetensors."""
    corpus: str = "python-stdlib"
    """python-stdlib, code:FOLDER, table:FILE or hub:NAME; `python -m probes corpora` lists them."""
    language: str = "python"
    """The programming language whose functions are taken from the corpus; none for texts as they are."""
    places: str = "mlp"
    """Where codes stand, with commas between them: head (of attention, before its projection), attention, mlp."""
    layers: str = "all"
    """Which blocks, from 0: all, or numbers with commas between them."""
    codes: int = Field(512, ge=2, le=65_536)
    """Codes in each book; each head of attention has one of its own."""
    k: int = Field(1, ge=1, le=64)
    """Codes a token, of each book."""
    several: Literal["pursuit", "nearest"] = "pursuit"
    """How more than one are chosen: pursuit, each nearest to what those before it left, and added up; or the nearest to
    the token at once, and their mean."""
    many: int = Field(0, ge=0, le=1024)
    """Codes a token at the beginning, falling to k by the middle of the steps; 0 for k from the first step on."""
    steps: int = Field(500, ge=1, le=10_000_000)
    """Steps of training."""
    blocks: int = Field(8, ge=1, le=4096)
    """Blocks of text a step."""
    tokens: int = Field(128, ge=8, le=65_536)
    """Tokens a block."""
    texts: int = Field(3000, ge=10, le=10_000_000)
    """Texts of the corpus; one in ten, by its content, is held out."""
    rate: float = Field(3e-4, gt=0, le=1)
    """Learning rate, of AdamW's size, at its highest."""
    optimiser: Literal["adamw", "muon"] = "adamw"
    """What moves the blocks' matrices: adamw; or muon, which learns more a step, and of few tokens costs far more."""
    control: bool = True
    """Also train the decoder as long without codes, on the same blocks: what more text alone is worth. As much time."""
    seed: int = Field(0, ge=0, le=2**31 - 2)
    """Decides the order of texts, the start of the codes and the batches."""
