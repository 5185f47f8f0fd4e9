"""How large is a model? Counted on a model without weights, made from its configuration, or taken as published.

Nothing but a config.json is read or fetched. A model of the catalogue or a preset that is not on this machine is
judged by the numbers written down for it, so the answer needs no hub.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from probes.errors import StrataError
from probes.models import build, catalogue, fetch, hub, presets, sites, vetting
from probes.models.encoding import NO_LIMIT, context_of
from probes.models.memory import Shape

COUNTED = "counted from its configuration"
PUBLISHED = "as written down in Strata's lists; it is not on this machine"
_MATRICES = {"Linear", "Conv1D"}
"""Classes whose weight bitsandbytes quantises (the second is GPT-2's)."""


def shape_of(model: str | Mapping[str, Any], revision: str | None = None) -> Shape:
    """Return the shape of a model given by name or by its configuration's values; raises what loading would raise."""
    if not isinstance(model, str):
        return counted(model)
    if model in catalogue.names() and not (entry := catalogue.entry(model)).cached:
        return _published(entry.family, entry.parameters, entry.layers, entry.width, vocabulary=0)
    if model in catalogue.names() or not fetch.HUB_ID.fullmatch(model) or Path(model).is_dir():
        folder = fetch.folder_of(model, revision).path
    else:
        known = presets.presets().get(model)
        if known is not None and not presets.cached(model):
            return _published(known.family, known.parameters, known.layers, known.width, vocabulary=known.vocabulary)
        folder, _ = hub.snapshot(model, revision, offline=catalogue.hub_offline(), want=hub.CONFIG)
    with _explained():
        return _of(build.config_of(folder))


def counted(values: Mapping[str, Any]) -> Shape:
    """Return the shape of a configuration; raises StrataError E-LOAD-CONFIG when it is none."""
    if vetting.needs_code(values) or "model_type" not in values:
        raise StrataError("E-LOAD-CONFIG", "This is not the configuration of a model built into transformers.")
    with _explained():
        return _of(build.config_from(values))


@contextmanager
def _explained() -> Iterator[None]:
    """Turn whatever transformers makes of a wrong value into one refusal: it has a dozen exceptions for that."""
    try:
        yield
    except StrataError:
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise StrataError("E-LOAD-CONFIG", "This configuration is not one transformers accepts.", said) from error


def _of(config: Any) -> Shape:
    with torch.device("meta"):
        net = build.fresh(config, build.PLAIN)
    width = int(getattr(config, "hidden_size", 0) or config.d_model)
    inner = [getattr(config, n, None) for n in ("intermediate_size", "ffn_dim", "d_ff", "n_inner", "encoder_ffn_dim")]
    matrices = (getattr(m, "weight", None) for m in net.modules() if type(m).__name__ in _MATRICES)
    linear = [w.numel() for w in matrices if isinstance(w, torch.Tensor)]
    return Shape(
        family=str(config.model_type),
        parameters=sum(p.numel() for p in net.parameters()),
        linear=sum(linear),
        layers=sites.depth_of(net),
        width=width,
        feed_forward=next((int(n) for n in inner if isinstance(n, int) and n), 4 * width),
        heads=int(getattr(config, "num_attention_heads", 0) or 0),
        vocabulary=int(getattr(config, "vocab_size", 0) or 0),
        context=context_of(net, SimpleNamespace(model_max_length=NO_LIMIT)),
        counted=COUNTED,
    )


def _published(family: str, parameters: int, layers: int, width: int, *, vocabulary: int) -> Shape:
    """Return the shape of a model known by a few numbers: the inner layer is four widths, all but the words linear."""
    linear = parameters - vocabulary * width if vocabulary else 12 * layers * width**2
    return Shape(
        family=family,
        parameters=parameters,
        linear=linear,
        layers=layers,
        width=width,
        feed_forward=4 * width,
        heads=max(width // 64, 1),  # only eager attention is counted by heads, and 64 wide is the rule
        vocabulary=vocabulary,
        context=0,
        counted=PUBLISHED,
    )
