"""A name → a model that has been checked: the one door through which models come in."""

import hashlib
import json
import threading
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch

from probes.errors import StrataError
from probes.models import build, check, fetch, vetting
from probes.models.encoding import Encoded, context_of
from probes.models.model import Model
from probes.models.sites import sites_of

__all__ = ["Encoded", "Model", "load", "loaded"]

WARM = 2
"""Models kept in memory by `loaded`: the one asked about and its randomly initialised twin."""


def load(
    name: str,
    *,
    revision: str | None = None,
    dtype: str = "float32",
    device: str = "auto",
    random_init: int | None = None,
) -> Model:
    """Return the model of a catalogue name, a folder or a hub id, after its self-check has passed.

    `random_init` is a seed: the same architecture and tokenizer with fresh weights, and the checkpoint is not read.
    Raises StrataError E-MODEL-…, E-HUB-…, E-LOAD-…, E-TOKENIZER-… or E-SELF-CHECK, saying what to do.
    """
    kind, place = build.dtype_of(dtype), build.device_of(device)
    if place == "meta" and random_init is None:
        raise StrataError("E-DEVICE", "'meta' holds shapes, not weights.", fix="Give random_init=0 with it.")
    located = fetch.folder_of(name, revision)
    config = build.config_of(located.path)
    tokenizer = build.tokenizer_of(located.path)
    if random_init is None:
        located, weights = fetch.weights_of(located)
        net, made = build.trained(located.path, config, kind), weights
    else:
        weights = f"random init, seed {random_init}"
        net = build.random(config, kind, random_init, place)
        made = build.digest_of_parameters(net)
    net = net.eval().requires_grad_(False).to(place)
    model = Model(
        name=name,
        revision=located.revision,
        weights=weights,
        net=net,
        tokenizer=tokenizer,
        dtype=dtype,
        device=place,
        family=config.model_type,
        context=context_of(net, tokenizer),
        sites=sites_of(net, config.model_type),
        facts=(made, _config_digest(config), vetting.tokenizer_digest(located.path), _attention(config)),
        notes=located.notes if random_init is None else (),
    )
    result = check.check(model)
    check.require(model, result)
    return replace(model, check=result)


_ONE_AT_A_TIME = threading.Lock()


@lru_cache(maxsize=WARM)
def _warm(name: str, revision: str | None, dtype: str, device: str, random_init: int | None) -> Model:
    return load(name, revision=revision, dtype=dtype, device=device, random_init=random_init)


def loaded(
    name: str,
    *,
    revision: str | None = None,
    dtype: str = "float32",
    device: str = "auto",
    random_init: int | None = None,
) -> Model:
    """Return what `load` would, from this process's memory when it was among the last few asked for."""
    with _ONE_AT_A_TIME:  # two sessions that ask for the same model share one load
        return _warm(name, revision, dtype, build.device_of(device), random_init)


def _config_digest(config: Any) -> str:
    """Identify the architecture: the values of the configuration, without where and with which version it was saved."""
    values = {k: v for k, v in config.to_dict().items() if not k.startswith("_") and k != "transformers_version"}
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _attention(config: Any) -> str:
    return f"{getattr(config, '_attn_implementation', None) or 'eager'} torch {torch.__version__.partition('+')[0]}"
