"""Configuration → transformers module: with the weights of a folder, or with fresh ones under a seed."""

import copy
import hashlib
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn
from transformers import AutoConfig, AutoModel, AutoModelForTextEncoding, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_TEXT_ENCODING_MAPPING, MODEL_MAPPING

from probes.errors import StrataError
from probes.models import placing, vetting
from probes.models.oom import out_of_memory

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Way:
    """How a model is built: its type, its device, its attention, its bits, and whether its own code may run."""

    dtype: torch.dtype
    device: str = "cpu"
    attention: str = "auto"
    quantise: str = "none"
    code: bool = False

    @property
    def local(self) -> dict[str, bool]:
        """What every loader of transformers is told: nothing from the network, and no code that was not granted."""
        return {"trust_remote_code": self.code, "local_files_only": True}

    @property
    def attending(self) -> dict[str, str]:
        """Name the implementation of attention, unless transformers may choose."""
        return {} if self.attention == "auto" else {"attn_implementation": self.attention}


PLAIN = Way(torch.float32)


def dtype_of(name: str) -> torch.dtype:
    """Return the torch type of that name; raises StrataError E-DTYPE with the choices."""
    if name in DTYPES:
        return DTYPES[name]
    raise StrataError("E-DTYPE", f"'{name[:40]}' is not a type models are loaded in.", f"Choose {', '.join(DTYPES)}.")


def device_of(name: str) -> str:
    """Return the device itself for "auto" (cuda, mps, cpu in that order); raises E-DEVICE when it is absent.

    "all" stands for every GPU together, and is the CPU on a machine that has none.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True, "meta": True}
    if name == "all":
        return "all" if there["cuda"] else "cpu"
    if name == "auto":
        return next(kind for kind, is_there in there.items() if is_there)
    kind, _, index = name.partition(":")
    known = there.get(kind, False) and (not index or index.isdecimal())
    if not known or (index and kind == "cuda" and int(index) >= torch.cuda.device_count()):
        have = ", ".join(["auto", *(k for k, is_there in there.items() if is_there and k != "meta"), "all"])
        near = get_close_matches(name, there, n=1)
        why = f"Did you mean '{near[0]}'?" if near and near[0] != kind else ""
        raise StrataError("E-DEVICE", f"This machine has no device '{name[:40]}'. {why}".strip(), f"Choose {have}.")
    return name


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' progress bars and loading reports off the terminal: what matters in them is raised here."""
    log: Any = transformers.utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()


def config_of(folder: Path, way: Way = PLAIN) -> Any:
    """Return the configuration of a folder that has been found safe, or whose code has been granted."""
    vetting.config_of(folder, code=way.code)
    with quiet(), _explained(folder, "E-LOAD-CONFIG", "its configuration is not one transformers accepts"):
        return AutoConfig.from_pretrained(folder, **way.local)


def config_from(values: Mapping[str, Any]) -> Any:
    """Return the configuration of these values."""
    return AutoConfig.for_model(**values)


def tokenizer_of(folder: Path, way: Way = PLAIN) -> Any:
    """Return the fast tokenizer of a folder; raises StrataError when there is none, or none with character offsets."""
    if not any((folder / name).is_file() for name in vetting.TOKENIZER_FILES if "config" not in name):
        raise StrataError(
            "E-TOKENIZER-MISSING",
            f"{folder} has no tokenizer.",
            fix="Save one there: tokenizer.save_pretrained(folder).",
        )
    with quiet(), _explained(folder, "E-TOKENIZER-MISSING", "its tokenizer cannot be loaded"):
        tokenizer = AutoTokenizer.from_pretrained(folder, **way.local)
    if not tokenizer.is_fast:
        raise StrataError(
            "E-TOKENIZER-SLOW",
            f"{folder} has only a slow tokenizer ({type(tokenizer).__name__}), which gives no character offsets.",
            "Strata aligns words and leaves by offsets, never by guessing.",
            "Convert it to a tokenizer.json.",
        )
    return tokenizer


def trained(folder: Path, config: Any, way: Way) -> nn.Module:
    """Return the model with the folder's safetensors; raises when a weight is missing or has another shape.

    It stands on its device already when it is quantised or spread over several.
    """
    options: dict[str, Any] = {"dtype": way.dtype, "use_safetensors": True, "output_loading_info": True}
    options |= {**way.local, **way.attending, **placing.options(way.quantise, way.device), **_options(config)}
    what = "its weights do not fit its configuration"
    with quiet(), torch.random.fork_rng(devices=[]), _explained(folder, "E-LOAD-WEIGHTS", what), _attending(way):
        net, report = _kind(config).from_pretrained(folder, config=config, **options)
    # poolers and the decoder of an encoder-decoder are not on the way of anything that is read
    beside = ("pooler.", "decoder.") if getattr(config, "is_encoder_decoder", False) else ("pooler.",)
    if missing := sorted(name for name in report["missing_keys"] if not name.startswith(beside)):
        raise StrataError(
            "E-LOAD-MISSING",
            f"{folder} lacks {len(missing)} weights of its architecture ({', '.join(missing[:3])}).",
            "They would be random numbers.",
            "Check that config.json and the weights belong together.",
        )
    return _encoder(net)


def fresh(config: Any, way: Way) -> nn.Module:
    """Return the same architecture with the weights its own initialiser gives."""
    code = {"trust_remote_code": way.code}
    with quiet(), _attending(way):
        return _encoder(_kind(config).from_config(config, dtype=way.dtype, **code, **way.attending, **_options(config)))


def random(config: Any, way: Way, seed: int) -> nn.Module:
    """Return `fresh` under a seed: the same seed gives the same bits, and the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]), torch.device("meta" if way.device == "meta" else "cpu"):
        torch.manual_seed(seed)
        return fresh(config, way)


def bytes_of(config: Any, way: Way) -> int:
    """Return what the parameters of a configuration will take, before a weight is read or a number drawn."""
    own = copy.deepcopy(config)  # some models write into the configuration they are built from
    with torch.device("meta"):
        count = sum(p.numel() for p in fresh(own, way).parameters())
    return int(count * {"none": way.dtype.itemsize, "8bit": 1, "4bit": 0.5}[way.quantise])


def digest_of_parameters(net: nn.Module) -> str:
    """Return the SHA-256 over every parameter's bytes in order; of shapes only for a model without numbers."""
    total = hashlib.sha256()
    for name, p in net.named_parameters():
        total.update(f"{name}{tuple(p.shape)}".encode())
        if not p.is_meta:
            total.update(p.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return total.hexdigest()


def _kind(config: Any) -> Any:
    """Choose the class: of an encoder-decoder the encoder alone, where transformers has that (T5)."""
    named = getattr(config, "auto_map", None) or {}
    if named and "AutoModel" not in named and type(config) not in MODEL_MAPPING:
        # granted code that offers its model with a head only: `_encoder` takes the model from under it
        return next((getattr(transformers, n) for n in named if n.startswith("AutoModelFor")), AutoModel)
    if getattr(config, "is_encoder_decoder", False) and type(config) in MODEL_FOR_TEXT_ENCODING_MAPPING:
        return AutoModelForTextEncoding
    return AutoModel


def _encoder(net: nn.Module) -> nn.Module:
    whole: Any = net if type(net).__module__.startswith("transformers.models.") else getattr(net, "base_model", net)
    both = getattr(whole.config, "is_encoder_decoder", False) and hasattr(whole, "decoder")
    return whole.get_encoder() if both else net


def _options(config: Any) -> dict[str, Any]:
    """Leave out BERT's pooler, which is after everything that is read and often not in the checkpoint."""
    known = MODEL_MAPPING.get(type(config), None)
    classes = known if isinstance(known, tuple) else (known,)
    takes = all(c is not None and "add_pooling_layer" in inspect.signature(c.__init__).parameters for c in classes)
    return {"add_pooling_layer": False} if takes else {}


@contextmanager
def _attending(way: Way) -> Iterator[None]:
    """Say which attention a model lacks."""
    try:
        yield
    except (ValueError, ImportError) as error:
        if way.attention == "auto" or "attention" not in str(error):
            raise
        what = f"This model has no attention of the kind '{way.attention}'."
        raise StrataError("E-ATTENTION", what, fix="Choose eager, which every model has, or auto.") from error


@contextmanager
def _explained(folder: Path, code: str, what: str) -> Iterator[None]:
    """Turn the many exceptions of transformers' loaders into one that names the folder."""
    try:
        yield
    except Exception as error:  # tokenizers raises the bare class; nothing of ours runs in here
        if out_of_memory(error) or isinstance(error, StrataError):
            raise
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise StrataError(code, f"{folder} cannot be loaded: {what}.", said) from error
