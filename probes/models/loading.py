"""A choice → a model that has been checked: the one door through which models come in."""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

import torch
from pydantic import ValidationError

from probes.errors import StrataError
from probes.models import adapters, build, check, encoding, fetch, placing, trust, vetting
from probes.models.adapters import Adapter
from probes.models.build import Way
from probes.models.choice import ReadsModel
from probes.models.encoding import Encoded, context_of
from probes.models.fetch import Located
from probes.models.model import Model
from probes.models.sites import sites_of

__all__ = ["Encoded", "Model", "Prepared", "load", "made", "prepare"]


class Asked(TypedDict, total=False):
    """The fields of `ReadsModel` besides the name, as `load` takes them."""

    revision: str | None
    dtype: str
    device: str
    attention: str
    adapter: str | None
    adapter_revision: str | None
    quantise: str


def load(model: str, *, random_init: int | None = None, **asked: Unpack[Asked]) -> Model:
    """Return the model of a catalogue name, a folder or a hub id, after its self-check has passed.

    The options are the fields of `ReadsModel`: revision, dtype, device, attention, adapter, adapter_revision, quantise.
    `random_init` is a seed: the same architecture and tokenizer with fresh weights, and the checkpoint is not read.
    Raises StrataError E-MODEL-…, E-HUB-…, E-LOAD-…, E-TOKENIZER-… or E-SELF-CHECK, saying what to do.
    """
    return made(prepare(chosen(model, dict(asked)), random_init))


def chosen(model: str, asked: dict[str, Any]) -> ReadsModel:
    """Return the choice these options make; raises StrataError E-DTYPE, E-ATTENTION, … for a value there is none of."""
    if unknown := sorted(set(asked) - set(ReadsModel.model_fields)):
        raise TypeError(f"load() takes no '{unknown[0]}'; it takes {', '.join(ReadsModel.model_fields)}.")
    try:
        return ReadsModel(model=model, **asked)
    except ValidationError as error:
        problem = error.errors()[0]
        name, came = str(problem["loc"][0]), str(problem["input"])[:40]
        choices = getattr(ReadsModel.model_fields[name].annotation, "__args__", ())
        fix = f"Choose {', '.join(map(str, choices))}." if problem["type"] == "literal_error" else ""
        raise StrataError(
            f"E-{name.upper()}", f"'{came}' is no {name} a model is loaded with.", problem["msg"] + ".", fix
        ) from error


@dataclass(frozen=True)
class Prepared:
    """A model that has been found, vetted and measured, and of which no weight has been read."""

    choice: ReadsModel
    random_init: int | None
    located: Located
    adapter: Adapter | None
    way: Way
    config: Any
    code: trust.CodeRequest | None

    @property
    def need(self) -> int:
        """The bytes its parameters will take."""
        return 0 if self.way.device == "meta" else build.bytes_of(self.config, self.way)


def prepare(choice: ReadsModel, random_init: int | None = None) -> Prepared:
    """Find a model, fetching it if need be, and judge everything that can be judged before a weight is read."""
    kind, place = build.dtype_of(choice.dtype), build.device_of(choice.device)
    if place == "meta" and random_init is None:
        raise StrataError("E-DEVICE", "'meta' holds shapes, not weights.", fix="Give random_init=0 with it.")
    placing.options(choice.quantise, place)  # raises when this machine cannot do it
    located = fetch.folder_of(choice.model, choice.revision)
    wanted = choice.adapter if random_init is None else None
    adapter = adapters.adapter_of(wanted, choice.adapter_revision) if wanted else None
    code = trust.granted(located)
    if code is not None:
        located = fetch.with_code(located)
    if random_init is None:
        located = fetch.with_weights(located)
    # the random twin is of the architecture: its adapter would add nothing, and its numbers need not be few
    few = choice.quantise if random_init is None else "none"
    way = Way(kind, place, choice.attention, few, code is not None)
    return Prepared(choice, random_init, located, adapter, way, build.config_of(located.path, way), code)


def made(prepared: Prepared) -> Model:
    """Read the weights, or draw them, and return the model once it has passed its self-check."""
    located, way, config = prepared.located, prepared.way, prepared.config
    tokenizer = build.tokenizer_of(located.path, way)
    if prepared.random_init is None:
        located, weights = fetch.weights_of(located)
        net, made = build.trained(located.path, config, way), weights
    else:
        weights = f"random init, seed {prepared.random_init}"
        net = build.random(config, way, prepared.random_init)
        made = build.digest_of_parameters(net)
    own = _notes(prepared, net, located)
    placed = prepared.random_init is None and (way.device == "all" or way.quantise != "none")
    where = placing.place(net, way.device, placed=placed)
    if prepared.adapter is not None:
        own = (*own, adapters.put_on(net, prepared.adapter))
    net.eval().requires_grad_(False)
    encoding.check_vocabulary(net, tokenizer, prepared.choice.model)
    model = Model(
        name=prepared.choice.model,
        revision=located.revision,
        weights=weights,
        net=net,
        tokenizer=tokenizer,
        dtype=prepared.choice.dtype,
        device=where,
        family=config.model_type,
        context=context_of(net, tokenizer),
        sites=sites_of(net, config.model_type),
        facts=(made, _config_digest(config), vetting.tokenizer_digest(located.path), _attention(net), *_more(prepared)),
        notes=own,
    )
    result = check.check(model)
    check.require(model, result)
    return replace(model, check=result)


def _notes(prepared: Prepared, net: Any, located: Located) -> tuple[str, ...]:
    """Say what a reader of the numbers must know: where the weights come from, and what else was run."""
    code = (f"Ran remote code of {prepared.code.repo}@{prepared.code.commit}.",) if prepared.code else ()
    if prepared.random_init is None:
        return (*located.notes, *code, *placing.notes(net, prepared.way.quantise))
    left_out = [f"the adapter {prepared.choice.adapter}"] if prepared.choice.adapter else []
    left_out += [f"the {prepared.choice.quantise} weights"] if prepared.choice.quantise != "none" else []
    twin = (f"The random twin is of the architecture alone, without {' and '.join(left_out)}.",) if left_out else ()
    return (*code, *twin)


def _more(prepared: Prepared) -> tuple[str, ...]:
    """What else decides the numbers; nothing for a plain model, whose states keep the name they have."""
    code = (f"code {prepared.code.commit}",) if prepared.code else ()
    bits = () if prepared.way.quantise == "none" else (prepared.way.quantise,)
    return (*code, *bits, *((prepared.adapter.digest,) if prepared.adapter else ()))


def _config_digest(config: Any) -> str:
    """Identify the architecture: the values of the configuration, without where and with which version it was saved."""
    values = {k: v for k, v in config.to_dict().items() if not k.startswith("_") and k != "transformers_version"}
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _attention(net: Any) -> str:
    kind = getattr(net.config, "_attn_implementation", None) or "eager"
    return f"{kind} torch {torch.__version__.partition('+')[0]}"
