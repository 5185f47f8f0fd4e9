"""Strata reads the layers of language models.

import probes

result = probes.run(probes.SyntaxSpec(model="minilm", corpus="python-stdlib"))
print(result.headline())
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probes.corpora import load as corpus
    from probes.engine import run
    from probes.models import load
    from probes.syntax import SnippetSpec, SyntaxSpec

__version__ = "0.1.0"
__all__ = ["SnippetSpec", "SyntaxSpec", "__version__", "corpus", "load", "run"]

_HOMES = {
    "SnippetSpec": ("probes.syntax", "SnippetSpec"),
    "SyntaxSpec": ("probes.syntax", "SyntaxSpec"),
    "corpus": ("probes.corpora", "load"),
    "load": ("probes.models", "load"),
    "run": ("probes.engine", "run"),
}


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import probes` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'probes' has no attribute '{name}'")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
