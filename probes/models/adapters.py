"""A PEFT adapter on a model: injected beside the weights, not merged into them, so that the base stays bit for bit.

Only adapters that add to single modules are taken (LoRA, LoHa, LoKr, IA3), and only from safetensors. An adapter is
saved from the model with its head, and read here without: what it does to the head does not reach a hidden state.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from probes.errors import StrataError
from probes.models import catalogue, fetch, pin, vetting
from probes.models.wheels import sha256_of

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
KINDS = ("LORA", "LOHA", "LOKR", "IA3")
_PART = re.compile(r"\.(lora_|hada_|lokr_|ia3_)")
_START = (True, False, None, "gaussian", "orthogonal")
"""Ways to start a LoRA that leave the base as it is; others (PiSSA, OLoRA) rewrite its weights first."""


@dataclass(frozen=True)
class Adapter:
    """A vetted adapter: where it is, what it says of itself, and what decides its numbers."""

    name: str
    path: Path
    revision: str
    config: dict[str, Any]
    digest: str


def adapter_of(name: str, revision: str | None) -> Adapter:
    """Return the adapter of a folder or a hub id, fetched if need be; raises StrataError saying what to do."""
    if (path := fetch.own_folder(name)) is not None:
        if revision is not None:
            pin.check(path, revision)
        return vetted(name, path, revision or pin.state_of(path))
    if not fetch.HUB_ID.fullmatch(name):
        why = "It is neither a folder of this machine nor a hub id (owner/model)."
        raise StrataError("E-ADAPTER", f"There is no adapter '{name[:200]}'.", why, "Give a folder saved by PEFT.")
    from probes.models import hub  # imports huggingface_hub, which a folder does not need

    path, commit = hub.snapshot(name, revision, offline=catalogue.hub_offline(), want=hub.ADAPTER)
    return vetted(name, path, commit)


def vetted(name: str, path: Path, revision: str) -> Adapter:
    """Return the adapter of a folder; raises StrataError E-ADAPTER, or E-LOAD-PICKLE when it is only a pickle."""
    if not (path / CONFIG).is_file():
        raise StrataError("E-ADAPTER", f"'{name[:200]}' is no adapter.", f"It has no {CONFIG}.", "Give a PEFT folder.")
    config = vetting.read_json(path / CONFIG)
    kind = str(config.get("peft_type"))
    if kind not in KINDS:
        raise _refused(name, f"It is of the kind '{kind[:40]}'; {', '.join(KINDS)} can be put on a model that is read.")
    if config.get("init_lora_weights", True) not in _START:
        raise _refused(name, f"It rewrites the base ('{str(config['init_lora_weights'])[:40]}').")
    if config.get("megatron_config") or config.get("layer_replication"):
        raise _refused(name, "It names other classes or layers than the model's own.")
    if not (path / WEIGHTS).is_file():
        vetting.refuse_missing(path, WEIGHTS)
    vetting.check_header(path / WEIGHTS)
    facts = json.dumps(config, sort_keys=True)
    return Adapter(name, path, revision, config, f"adapter {sha256_of(path / WEIGHTS)} {facts}")


def put_on(net: Any, adapter: Adapter) -> str:
    """Inject the adapter into a model and return the note that goes with every result."""
    from peft import PeftConfig, inject_adapter_in_model, set_peft_model_state_dict
    from safetensors.torch import load_file

    tensors, outside = _within(net, load_file(adapter.path / WEIGHTS), adapter.name)
    own = {"inference_mode": True, **dict.fromkeys(("modules_to_save", "base_model_name_or_path", "auto_mapping"))}
    values = {k: v for k, v in {**adapter.config, **own}.items() if k != "runtime_config"}
    try:
        made: Any = PeftConfig.from_peft_type  # peft leaves it untyped
        config = made(**values)
        inject_adapter_in_model(config, net, state_dict=tensors)
        net.peft_config = {"default": config}
        report: Any = set_peft_model_state_dict(net, tensors)
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        raise _refused(adapter.name, f"{type(error).__name__}: {error}"[:300]) from error
    lost = [name for name in report.missing_keys if _PART.search(name)] + list(report.unexpected_keys)
    if lost:
        raise _refused(adapter.name, f"{len(lost)} of its weights found no place ({', '.join(lost[:3])}).")
    beside = f" {outside} of its weights belong to parts that are not read." if outside else ""
    return (
        f"With the adapter {adapter.name} ({adapter.revision}), not merged: the base's weights are untouched.{beside}"
    )


def _within(net: nn.Module, tensors: dict[str, Any], name: str) -> tuple[dict[str, Any], int]:
    """Return the weights that belong to modules of this model, under its own names, and how many belong to others."""
    modules = {module for module, _ in net.named_modules()}
    prefix = str(getattr(net, "base_model_prefix", "")) + "."
    inside: dict[str, Any] = {}
    for key, tensor in tensors.items():
        whole = key.removeprefix("base_model.model.")
        own = next((k for k in (whole, whole.removeprefix(prefix)) if _place(k) in modules), "")
        if own and not _PART.search(own):
            raise _refused(name, f"It also replaces whole weights of the base ('{own[:80]}').")
        if own:
            inside[own] = tensor
    if not inside:
        raise _refused(name, f"None of its {len(tensors)} weights belongs to a module of this model.")
    return inside, len(tensors) - len(inside)


def _place(key: str) -> str:
    """Return the module a weight is for: what stands before the adapter's own part of the name."""
    return _PART.split(key, maxsplit=1)[0] if _PART.search(key) else key.rpartition(".")[0]


def _refused(name: str, why: str) -> StrataError:
    fix = "Choose the model it was trained on, or save it again with PEFT."
    return StrataError("E-ADAPTER", f"The adapter '{name[:200]}' cannot be put on this model.", why, fix)
