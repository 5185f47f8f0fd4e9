"""Corpora by name: `python-stdlib` and `code:FOLDER`, streamed function by function; nothing is executed.

A *pinned* name (`python-stdlib@3.11.7`, `code:/path@0123456789ab`) says which state of the outside world was read, and
refuses to stream another.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pandas as pd

from probes.errors import StrataError
from probes.values import Corpus, Text

STDLIB, FOLDER = "python-stdlib", "code:"


def stream(
    name: str, *, language: str | None = None, seed: int = 0, skipped: Counter[str] | None = None
) -> Iterator[Text]:
    """Stream a corpus in an order fixed by `seed`; any prefix is a fair sample of its files.

    A wrong name, folder or language is refused here, before anything is read; what is left out is counted in `skipped`.
    """
    if _kind(name) == STDLIB:
        from probes.corpora import python_stdlib  # on use: listing corpora needs no grammar

        return python_stdlib.stream(name, language=language, seed=seed, skipped=skipped)
    from probes.corpora import code_folder  # on use, as above

    return code_folder.stream(name, language=language, seed=seed, skipped=skipped)


def load(name: str, *, language: str | None = None, n: int, seed: int = 0) -> Corpus:
    """Return the first `n` texts of the stream (fewer if it ends before), labelled with `origin` and `language`."""
    if n < 1:
        raise ValueError(f"A corpus has at least one text; asked for n = {n}.")
    texts = list(islice(stream(name, language=language, seed=seed), n))
    labels = pd.DataFrame({"origin": [t.origin for t in texts], "language": [t.language for t in texts]})
    return Corpus(name, tuple(t.text for t in texts), labels)


def pin(name: str) -> str:
    """Return the name that means what is there today; pinning a pinned name changes nothing."""
    if _kind(name) == STDLIB:
        from probes.corpora import python_stdlib  # on use, as above

        return name if "@" in name else python_stdlib.pin()
    from probes.corpora import code_folder  # on use, as above

    return code_folder.pin(name)


def unpinned(name: str) -> str:
    """Return the name without what `pin` added."""
    return STDLIB if name.startswith(f"{STDLIB}@") else re.sub(r"@[0-9a-f]{12}$", "", name)


def table() -> pd.DataFrame:
    """List the corpora: how each is named, what it holds, in which languages, and under which licence."""
    from probes.corpora.grammars import LANGUAGES  # on use, as above

    rows = [
        (STDLIB, "functions of the running interpreter's own library, tests left out", "python", "PSF-2.0"),
        (FOLDER + "FOLDER", "functions of a folder of source code", ", ".join(LANGUAGES), "that of the code"),
    ]
    return pd.DataFrame(rows, columns=["name", "what", "languages", "licence"])


def _kind(name: str) -> str:
    for kind in (STDLIB, FOLDER):
        if name == kind or name.startswith(FOLDER if kind == FOLDER else STDLIB + "@"):
            return kind
    from probes.corpora.grammars import nearest  # on use, as above

    choices = (STDLIB, FOLDER + "FOLDER")
    why = f"{nearest(name, choices)}There are: {', '.join(choices)}."
    raise StrataError("E-CORPUS-UNKNOWN", f"There is no corpus '{name}'.", why, "See: python -m probes corpora")
