"""Models: which there are, how they are fetched and loaded, and how their layers are read.

    model = load("minilm")
    encoded = model.encode(["def add(a, b): return a + b"])
    states = hidden_states(model, encoded)            # {"0": [text, token, width], ..., "6": ...}

The only room that imports transformers. Names resolve on first use, so that importing it stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probes.models.catalogue import names
    from probes.models.check import Check
    from probes.models.encoding import Encoded
    from probes.models.heads import LanguageModel, language_model
    from probes.models.loading import load
    from probes.models.memory import estimate
    from probes.models.model import Model
    from probes.models.sites import Site, editing, editing_all, hidden_states, reading
    from probes.models.warm import loaded

_HOMES = {
    "Check": "check",
    "Encoded": "encoding",
    "LanguageModel": "heads",
    "Model": "model",
    "Site": "sites",
    "editing": "sites",
    "editing_all": "sites",
    "estimate": "memory",
    "hidden_states": "sites",
    "language_model": "heads",
    "load": "loading",
    "loaded": "warm",
    "names": "catalogue",
    "reading": "sites",
}

__all__ = [
    "Check",
    "Encoded",
    "LanguageModel",
    "Model",
    "Site",
    "editing",
    "editing_all",
    "estimate",
    "hidden_states",
    "language_model",
    "load",
    "loaded",
    "names",
    "reading",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
