"""Is this folder safe to load? Everything is judged before transformers sees it: no pickle, no code, no path outside.

Only `config.json`, tokenizer files and safetensors are ever read here. Weights in a pickle are refused (`convert.py`
turns them into safetensors, elsewhere), and so is code beside the weights unless `trust.py` knows a person's grant.
"""

import hashlib
import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from probes.errors import StrataError
from probes.models.wheels import sha256_of

PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)
CONFIG_LIMIT = 16 << 20  # bytes; the largest real ones hold label names and stay under one
HEADER_LIMIT = 32 << 20  # bytes; about 120 a tensor
TENSORS = 50_000
"""Names one file may hold: large mixtures of experts have many, but spread them over many files."""


def config_of(folder: Path, *, code: bool = False) -> dict[str, Any]:
    """Return config.json; raises StrataError when it is missing, broken, or needs code and `code` is not granted."""
    from transformers import CONFIG_MAPPING  # slow to import, and only needed when a model is about to be loaded

    known = tuple(CONFIG_MAPPING.keys())

    if (folder / "adapter_config.json").is_file():  # transformers would follow it to another model on its own
        what = f"{folder} is an adapter, or holds one beside a model."
        raise StrataError("E-ADAPTER", what, fix="Give the model it was trained on, and this folder as the adapter.")
    config = read_json(folder / "config.json")
    if code:
        return config
    if named := asks_for_code(folder):
        raise StrataError("E-REMOTE-CODE", f"{folder} wants to run its own code ('auto_map' in {named[0]}).")
    kind = config.get("model_type")
    if kind not in known:
        near = get_close_matches(str(kind), known, n=1)
        raise StrataError(
            "E-LOAD-ARCHITECTURE",
            f"{folder} is a model of type '{str(kind)[:60]}', which transformers does not know.",
            f"The nearest it knows is '{near[0]}'." if near else "",
            "Check 'model_type' in config.json.",
        )
    return config


def read_json(path: Path, default: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the object in a JSON file, or the default when there is no file; raises StrataError E-LOAD-CONFIG."""
    if default is not None and not path.is_file():
        return default
    try:
        if path.stat().st_size > CONFIG_LIMIT:
            raise ValueError(f"it is larger than {CONFIG_LIMIT >> 20} MB")
        found = json.loads(path.read_bytes())
        if not isinstance(found, dict):
            raise ValueError("it is not a JSON object")
    except FileNotFoundError:
        raise StrataError(
            "E-LOAD-CONFIG", f"{path.parent} has no {path.name}.", "A model's folder starts with it.", "Check the path."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise StrataError("E-LOAD-CONFIG", f"{path} cannot be read.", f"{error}"[:200]) from error
    return found


def needs_code(config: Mapping[str, Any]) -> bool:
    """Whether a configuration names Python files of its own."""
    return bool(config.get("auto_map"))


def asks_for_code(folder: Path) -> list[str]:
    """Return which of a folder's configurations name Python files."""
    names = ("config.json", "tokenizer_config.json")
    return [name for name in names if needs_code(read_json(folder / name, {}))]


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files transformers will read, every header checked; refuses pickles and paths outside."""
    if (index := folder / "model.safetensors.index.json").is_file() and not (folder / "model.safetensors").is_file():
        files = _shards(folder, index)
    else:
        files = [folder / "model.safetensors"]
        if not files[0].is_file():
            refuse_missing(folder)
    for file in files:
        check_header(file)
    return files


def _shards(folder: Path, index: Path) -> list[Path]:
    named = read_json(index).get("weight_map")
    names = sorted({str(v) for v in named.values()}) if isinstance(named, dict) else []
    outside = [n for n in names if Path(n).name != n or "\\" in n or ":" in n or not n.endswith(".safetensors")]
    if outside or not names:
        what = f"names '{outside[0][:120]}'" if outside else "names no files"
        raise StrataError("E-LOAD-INDEX", f"{index} {what}.", "Shards are .safetensors files in the same folder.")
    if missing := [n for n in names if not (folder / n).is_file()]:
        raise StrataError(
            "E-LOAD-INDEX", f"{folder} lacks {len(missing)} of {len(names)} shards: {', '.join(missing[:3])}."
        )
    return [folder / n for n in names]


def refuse_missing(folder: Path, wanted: str = "model.safetensors") -> None:
    """Raise E-LOAD-PICKLE when there are pickles in place of the weights, E-LOAD-WEIGHTS when there is nothing."""
    if pickles := sorted(p.name for pattern in PICKLES for p in folder.glob(pattern)):
        raise StrataError(
            "E-LOAD-PICKLE",
            f"{folder} has its weights only as a pickle ({', '.join(pickles[:3])}).",
            "Opening a pickle can run any code, so Strata does not.",
            f"Convert it once, apart from everything else: python -m probes models convert {folder}"
            if wanted == "model.safetensors"
            else "Ask its author for safetensors, or save it again with a newer PEFT.",
        )
    raise StrataError(
        "E-LOAD-WEIGHTS", f"{folder} has no {wanted}.", fix="Give the folder that holds config.json and the weights."
    )


def check_header(file: Path) -> None:
    """Raise StrataError E-LOAD-DAMAGED unless the file is whole, and its header of a size that real weights have."""
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if length > HEADER_LIMIT:
                raise ValueError(f"its header is said to have {length} bytes")
            names = json.loads(opened.read(length), object_pairs_hook=lambda pairs: [name for name, _ in pairs])
        if len(names) > TENSORS or len(set(names)) < len(names):
            many = f"it names {len(names)} tensors" if len(names) > TENSORS else "it names a tensor twice"
            raise ValueError(many)
        with safe_open(file, framework="np") as reader:
            if not reader.keys():
                raise StrataError("E-LOAD-DAMAGED", f"{file} holds no tensors.")
    except (SafetensorError, OSError, ValueError, TypeError, RecursionError) as error:
        raise StrataError(
            "E-LOAD-DAMAGED", f"{file} is not a whole safetensors file.", f"{error}"[:200], "Fetch or copy it again."
        ) from error


def weights_digest(folder: Path) -> str:
    """Return the SHA-256 of the weights: the file's own when there is one, else over the shards' names and hashes."""
    files = weight_files(folder)
    if len(files) == 1:
        return sha256_of(files[0])
    return hashlib.sha256("".join(f"{f.name}\0{sha256_of(f)}\n" for f in files).encode()).hexdigest()


def tokenizer_digest(folder: Path) -> str:
    """Return the SHA-256 over the tokenizer's files."""
    files = [folder / name for name in TOKENIZER_FILES if (folder / name).is_file()]
    return hashlib.sha256("".join(f"{f.name}\0{sha256_of(f)}\n" for f in files).encode()).hexdigest()
