"""English that is on every machine: paragraphs of prose from the docstrings of the interpreter's own library.

One paragraph a file, so that no author's page weighs more than another's; files come in the order of a seeded hash of
their paths. What reads like code, a table or a list of arguments is no prose and is left out.
"""

import ast
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from probes.corpora import python_stdlib
from probes.corpora.functions import read_source
from probes.corpora.kinds import STDLIB, kind_of
from probes.corpora.sampling import printable
from probes.values import Text, digest_of

FEWEST, MOST = 12, 80
"""Words of a paragraph."""
ENGLISH = "english"
_CODE = (">>>", "::", "==", "|", "{", "}", "->", "\\", "*", "= ", "_")


def english(name: str, *, seed: int = 0, skipped: Counter[str] | None = None) -> Iterator[Text]:
    """Stream English texts of a corpus: of `python-stdlib` its docstrings' prose, of any other its texts.

    Refuses what the corpus itself refuses, before anything is read.
    """
    kind = kind_of(name)
    counts: Counter[str] = Counter() if skipped is None else skipped
    if kind.named == STDLIB:
        return _prose(python_stdlib.sources(name), seed, counts)
    return kind.reader.stream(name, language=None, seed=seed, skipped=counts)


def _prose(files: Mapping[str, Path], seed: int, skipped: Counter[str]) -> Iterator[Text]:
    seen: set[str] = set()
    for name in sorted(files, key=lambda name: digest_of([str(seed), name])):
        code = read_source(files[name], skipped)
        new = {text: line for text, line in paragraphs(code or "") if text not in seen}
        if new:
            text = min(new, key=lambda text: digest_of([str(seed), text]))
            seen.add(text)
            yield Text(text, ENGLISH, f"{printable(name)}:{new[text]}")


def paragraphs(code: str) -> Iterator[tuple[str, int]]:
    """Yield the paragraphs of prose in the docstrings of a Python file, on one line each, and where their owner is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in other people's strings
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (ast.get_docstring(node) or "").split("\n\n"):
                text = " ".join(part.split())
                if is_prose(text):
                    yield text, getattr(node, "lineno", 1)


def is_prose(text: str) -> bool:
    """Say whether a paragraph is sentences: of a fair length, begun and ended like one, nearly all of it words."""
    words = text.split()
    if not FEWEST <= len(words) <= MOST or not text[0].isupper() or text[-1] != "." or any(c in text for c in _CODE):
        return False
    plain = sum(word.strip(".,;:!?()'\"").replace("'", "").replace("-", "").isalpha() for word in words)
    return plain >= 0.9 * len(words)
