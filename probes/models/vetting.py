"""Is this folder safe to load? Everything is judged before transformers sees it: no pickle, no code, no path outside.

Only `config.json`, tokenizer files and safetensors are ever read. Weights in a pickle and code beside the weights are
refused, not run: both execute whatever their author put there.
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


def config_of(folder: Path) -> dict[str, Any]:
    """Return config.json; raises StrataError when it is missing, broken, needs code, or is not built in."""
    from transformers import CONFIG_MAPPING  # slow to import, and only needed when a model is about to be loaded

    known = tuple(CONFIG_MAPPING.keys())

    config = _json(folder / "config.json")
    for name, found in (
        ("config.json", config),
        ("tokenizer_config.json", _json(folder / "tokenizer_config.json", {})),
    ):
        _refuse_code(folder, name, found)
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


def _json(path: Path, default: dict[str, Any] | None = None) -> dict[str, Any]:
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


def _refuse_code(folder: Path, name: str, config: Mapping[str, Any]) -> None:
    if not needs_code(config):
        return
    files = ", ".join(sorted(p.name for p in folder.glob("*.py"))) or "not in the folder"
    raise StrataError(
        "E-REMOTE-CODE",
        f"{folder} wants to run its own code ('auto_map' in {name}; Python files: {files}).",
        "Strata runs only the architectures built into transformers.",
        f"If transformers' own '{config.get('model_type')}' is the same model, remove 'auto_map' from a copy of it.",
    )


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files transformers will read, every header checked; refuses pickles and paths outside."""
    if (index := folder / "model.safetensors.index.json").is_file() and not (folder / "model.safetensors").is_file():
        files = _shards(folder, index)
    else:
        files = [folder / "model.safetensors"]
        if not files[0].is_file():
            _refuse_missing(folder)
    for file in files:
        _check_header(file)
    return files


def _shards(folder: Path, index: Path) -> list[Path]:
    named = _json(index).get("weight_map")
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


def _refuse_missing(folder: Path) -> None:
    if pickles := sorted(p.name for pattern in PICKLES for p in folder.glob(pattern)):
        raise StrataError(
            "E-LOAD-PICKLE",
            f"{folder} has its weights only as a pickle ({', '.join(pickles[:3])}).",
            "Opening a pickle can run any code, so Strata does not.",
            "Convert it where you trust it (load and save_pretrained), or take a revision with safetensors.",
        )
    raise StrataError(
        "E-LOAD-WEIGHTS",
        f"{folder} has no model.safetensors.",
        fix="Give the folder that holds config.json and the weights.",
    )


def _check_header(file: Path) -> None:
    try:
        with safe_open(file, framework="np") as opened:
            if not opened.keys():
                raise StrataError("E-LOAD-DAMAGED", f"{file} holds no tensors.")
    except (SafetensorError, OSError, ValueError) as error:
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
