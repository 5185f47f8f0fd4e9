"""Cases 4, 5 and 9: files made to break a reader are refused fast, by name, in little memory."""

import json
import resource
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probes.errors import StrataError
from probes.models import load, vetting

LIMIT_SECONDS, LIMIT_MEMORY = 5, 500 << 20


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bert, tmp_path / "model"))


def entry(shape: list[int], start: int, end: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def file_of(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def twice() -> bytes:
    one = json.dumps(entry([1], 0, 4))
    return f'{{"a":{one},"a":{one}}}'.encode()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "seven bytes": lambda: b"1234567",
    "header longer than the file": lambda: file_of(b"{}", length=1 << 20),
    "header of 2^63 bytes": lambda: file_of(b"{}", length=1 << 63),
    "header above 100 MB": lambda: file_of(b"{" + b" " * (101 << 20) + b"}"),
    "header of 30 MB without end": lambda: file_of(b'{"a":' + b"[" * (30 << 20)),
    "header of 30 MB of text": lambda: file_of({"__metadata__": {"a": "x" * (30 << 20)}}),
    "100,000 tensors": lambda: file_of({f"tensor.{i}": entry([0], 0, 0) for i in range(100_000)}),
    "overlap": lambda: file_of({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, bytes(12)),
    "gap": lambda: file_of({"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, bytes(12)),
    "more data than tensors": lambda: file_of({"a": entry([1], 0, 4)}, bytes(12)),
    "less data than tensors": lambda: file_of({"a": entry([4], 0, 16)}, bytes(12)),
    "offsets backwards": lambda: file_of({"a": entry([1], 4, 0)}, bytes(4)),
    "shape beyond 64 bits": lambda: file_of({"a": entry([1 << 32, 1 << 32, 16], 0, 0)}),
    "negative dimension": lambda: file_of({"a": entry([-1], 0, 4)}, bytes(4)),
    "negative offset": lambda: file_of({"a": entry([1], -4, 0)}, bytes(4)),
    "shape that does not fit its bytes": lambda: file_of({"a": entry([3], 0, 4)}, bytes(4)),
    "type nobody has": lambda: file_of({"a": entry([1], 0, 4, "F33")}, bytes(4)),
    "one name twice": lambda: file_of(twice(), bytes(4)),
    "a list": lambda: file_of([1, 2]),
    "a number": lambda: file_of(7),
    "no JSON": lambda: file_of(b"\x80\x04\x95pickle"),
    "no Unicode": lambda: file_of(b'{"\xff":1}'),
    "no tensors": lambda: file_of({}),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_safetensors_file(kind: str, folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(HOSTILE[kind]())
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(StrataError, match=r"model\.safetensors") as caught:
        vetting.weight_files(folder)
    assert caught.value.code == "E-LOAD-DAMAGED"
    assert time.process_time() - began < LIMIT_SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10 < LIMIT_MEMORY
    with pytest.raises(StrataError) as caught:  # and by the door everybody uses
        load(str(folder))
    assert caught.value.code == "E-LOAD-DAMAGED"


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.999])
def test_a_file_cut_anywhere(part: float, folder: Path) -> None:
    file = folder / "model.safetensors"
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(StrataError, match="Fetch or copy it again") as caught:
        load(str(folder))
    assert caught.value.code == "E-LOAD-DAMAGED"


def test_the_whole_of_it_stays_small() -> None:
    """In a process of its own: peak memory of judging every hostile file, beyond what the imports take."""
    code = (
        "import resource, sys, tempfile, pathlib\n"
        "sys.path[:0] = sys.argv[1:]\n"
        "import test_hostile_files as t\n"
        "from probes.errors import StrataError\n"
        "made = {k: v() for k, v in t.HOSTILE.items() if not k.startswith('header')}\n"
        "folder = pathlib.Path(tempfile.mkdtemp())\n"
        "(folder / 'config.json').write_text('{}')\n"
        "start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for data in [*made.values(), t.file_of(b'{' + b' ' * (1 << 10), length=101 << 20)]:\n"
        "    (folder / 'model.safetensors').write_bytes(data)\n"
        "    try:\n        t.vetting.weight_files(folder)\n"
        "    except StrataError:\n        pass\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) << 10)\n"
    )
    here = [str(Path(__file__).parent), str(Path(vetting.__file__).parents[2])]
    run = subprocess.run([sys.executable, "-c", code, *here], capture_output=True, text=True, check=True)
    assert int(run.stdout) < LIMIT_MEMORY


@pytest.mark.parametrize("name", ["../../outside.safetensors", "sub/inside.safetensors", "/etc/x.safetensors"])
def test_an_index_that_points_elsewhere(name: str, folder: Path) -> None:
    (folder / "sub").mkdir()
    shutil.copy(folder / "model.safetensors", folder / "sub" / "inside.safetensors")
    (folder / "model.safetensors").rename(folder.parent.parent / "outside.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": name}}))
    with pytest.raises(StrataError, match="Shards are .safetensors files in the same folder") as caught:
        load(str(folder))
    assert caught.value.code == "E-LOAD-INDEX"


def test_a_shard_that_is_a_link_to_elsewhere(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_ROOTS", str(folder))
    (folder / "model.safetensors").rename(tmp_path / "outside.safetensors")
    (folder / "a.safetensors").symlink_to(tmp_path / "outside.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": "a.safetensors"}}))
    with pytest.raises(StrataError, match="A link on the way leads outside") as caught:
        load(str(folder))
    assert caught.value.code == "E-PATH-OUTSIDE"


# ---- tokenizers ------------------------------------------------------------------------------------------------------


def tokenizer(folder: Path, change: Callable[[dict[str, Any]], None], name: str = "tokenizer.json") -> Path:
    file = folder / name
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    return folder


def test_a_vocabulary_larger_than_the_embedding(folder: Path) -> None:
    tokenizer(folder, lambda t: t["model"]["vocab"].update({f"word{i}": 5000 + i for i in range(400)}))
    with pytest.raises(StrataError, match=r"has \d+ tokens, but the model has only \d+ embeddings") as caught:
        load(str(folder), device="cpu")
    assert caught.value.code == "E-TOKENIZER-VOCAB"


def test_a_vocabulary_whose_ids_lie_beyond_the_embedding(folder: Path) -> None:
    """As many words as embeddings, and one of them far outside: found when it is met, before the model is asked."""
    tokenizer(folder, lambda t: t["model"]["vocab"].update({"def": 9_999}))
    with pytest.raises(StrataError, match="gives id 9999, but the model has only") as caught:
        load(str(folder), device="cpu")
    assert caught.value.code == "E-TOKENIZER-VOCAB"


def test_a_pad_token_that_was_added_to_the_tokenizer_alone(tiny_llama: Path, tmp_path: Path) -> None:
    """As people do for batching; its id has no embedding, so that padding with it would fail inside the model."""
    from transformers import AutoTokenizer

    folder = Path(shutil.copytree(tiny_llama, tmp_path / "padded"))
    padded = AutoTokenizer.from_pretrained(folder)
    padded.add_special_tokens({"pad_token": "<never seen>"})
    padded.save_pretrained(folder)
    model = load(str(folder), device="cpu")
    assert model.tokenizer.pad_token_id >= model.net.get_input_embeddings().num_embeddings
    assert model.check.passed
    assert model.encode(["return", "return value"]).ids.max() < model.net.get_input_embeddings().num_embeddings


@pytest.mark.parametrize("kind", [None, "Unheard", 7])
def test_a_tokenizer_of_no_known_kind(kind: Any, folder: Path) -> None:
    tokenizer(folder, lambda t: t["model"].update(type=kind))
    with pytest.raises(StrataError, match="tokenizer cannot be loaded") as caught:
        load(str(folder), device="cpu")
    assert caught.value.code == "E-TOKENIZER-MISSING"
