"""Corpora by name, streamed text by text: `python-stdlib`, `code:FOLDER`, `table:FILE`, …; nothing is run.

Some are *parallel*: `gettext:…`, `flores:FOLDER`, `bible:FOLDER`, `parallel:FILE` and `udhr:FOLDER` hold the same
sentences in several languages, and `parallel` takes those that a choice of languages shares.

A *pinned* name (`python-stdlib@3.11.7`, `code:/path@0123456789ab`) says which state of the outside world was read, and
refuses to stream another.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pandas as pd

from probes.corpora.kinds import CODE_LANGUAGES, KINDS, STDLIB, kind_of, named, unpinned
from probes.errors import StrataError
from probes.values import Corpus, Text

if TYPE_CHECKING:
    from probes.corpora.matrix_file import Matrix
    from probes.corpora.names import Name
    from probes.corpora.previews import Preview
    from probes.corpora.versions import Choice, Parallel

__all__ = [
    "STDLIB",
    "change",
    "choices",
    "keep",
    "kept",
    "kind_of",
    "is_matrix",
    "load",
    "matrix",
    "named",
    "parallel",
    "parallel_kinds",
    "pin",
    "preview",
    "stream",
    "table",
    "unpinned",
]


def stream(
    name: str, *, language: str | None = None, seed: int = 0, skipped: Counter[str] | None = None
) -> Iterator[Text]:
    """Stream a corpus in an order fixed by `seed`; any prefix is a fair sample of what is there.

    A wrong name, file, folder or language is refused here, before anything is read; what is left out is counted in
    `skipped`. With a programming language, a corpus gives functions in it.
    """
    return kind_of(name).reader.stream(name, language=language, seed=seed, skipped=skipped)


def load(name: str, *, language: str | None = None, n: int, seed: int = 0) -> Corpus:
    """Return the first `n` texts of the stream (fewer if it ends before), labelled with `origin` and `language`.

    The label columns of a table come after these two; one that is called like them gets an underscore.
    """
    if n < 1:
        raise ValueError(f"A corpus has at least one text; asked for n = {n}.")
    texts = list(islice(stream(name, language=language, seed=seed), n))
    labels = pd.DataFrame({"origin": [t.origin for t in texts], "language": [t.language for t in texts]})
    for i, (column, _) in enumerate(texts[0].labels if texts else ()):
        free = column
        while free in labels:
            free += "_"
        labels[free] = pd.Series([t.labels[i][1] for t in texts], dtype=object).infer_objects()
    return Corpus(name, tuple(t.text for t in texts), labels)


def parallel(name: str, asked: "Choice") -> "Parallel":
    """Return the sentences of a parallel corpus that the chosen languages share; E-CORPUS-PARALLEL for any other."""
    kind = kind_of(name)
    if not kind.parallel:
        raise StrataError(
            "E-CORPUS-PARALLEL",
            f"'{name[:200]}' does not hold the same sentences in several languages.",
            f"These kinds do: {', '.join(parallel_kinds())}.",
            "Name one of them.",
        )
    found: Parallel = cast(Any, kind.reader).parallel(name, asked)
    return found


def parallel_kinds() -> tuple[str, ...]:
    """Return how names of parallel corpora look."""
    return tuple(kind.named for kind in KINDS if kind.parallel)


def is_matrix(name: str) -> bool:
    """Say whether a corpus is made of vectors, so that no model reads it."""
    return name.startswith("matrix:")


def matrix(name: str) -> "Matrix":
    """Open a matrix: its layers, mapped and not read, and the columns of its rows."""
    from probes.corpora import matrix_file  # on use: it needs the readers

    return matrix_file.opened(name)


def pin(name: str) -> str:
    """Return the name that means what is there today; pinning a pinned name changes nothing."""
    return kind_of(name).reader.pin(name)


def preview(name: str, n: int = 20) -> "Preview":
    """Look at a corpus: its first `n` rows, how it is written, what is wrong in it; cheap, however large it is."""
    return kind_of(name).reader.preview(name, max(1, min(n, 1000)))


def keep(name: str, data: "bytes | BinaryIO") -> str:
    """Keep an uploaded file under the store and return the corpus name that reads it."""
    from probes.corpora import uploads  # on use: it needs the readers

    return uploads.keep(name, data)


def kept() -> list[str]:
    """Return the corpus names of uploaded files, the newest first."""
    from probes.corpora import uploads  # on use, as above

    return uploads.kept()


def choices(name: str) -> "Name":
    """Take the name of a corpus apart: its place and the choices it holds."""
    from probes.corpora.names import parse  # on use, as above

    kind = kind_of(name)
    return parse(name, kind.reader.KEYS, kind.pin)


def change(name: str, given: Mapping[str, str], labels: tuple[str, ...]) -> str:
    """Return the name of a table with other choices: its columns, how it is written; "" takes a choice away."""
    return str(choices(unpinned(name)).with_choices(kind_of(name).reader.KEYS, given, labels=labels))


def table() -> pd.DataFrame:
    """List the corpora: how each is named, what it holds, in which languages, and under which licence."""
    from probes.corpora.grammars import LANGUAGES  # on use, as above

    spoken = {CODE_LANGUAGES: ", ".join(LANGUAGES)}
    rows = [(kind.named, kind.what, spoken.get(kind.languages, kind.languages), kind.licence) for kind in KINDS]
    return pd.DataFrame(rows, columns=["name", "what", "languages", "licence"])
