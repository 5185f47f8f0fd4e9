"""What source files look like as a corpus: languages, files, functions of a sample, and what would be left out."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from probes.corpora.previews import MOST_CHARACTERS, Preview, lengths_of, shown
from probes.corpora.sampling import sampled
from probes.errors import StrataError
from probes.values import Text, digest_of

MOST_FILES = 50_000
"""Files looked for, of any kind: a whole disk named by mistake would take minutes to list."""
SAMPLE = 30
"""Files of each language that are parsed."""


def of_files(name: str, found: Mapping[str, Mapping[str, Path]], *, n: int) -> Preview:
    """Parse a fair sample of the files of each language; the number of functions is an estimate from it."""
    rows, texts, left_out, notes = [], list[Text](), Counter[str](), list[str]()
    total = 0.0
    for language, files in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        part = sorted(files, key=lambda path: digest_of(["0", path]))[:SAMPLE]
        try:
            functions = list(
                sampled({path: files[path] for path in part}, language, corpus=name, seed=0, skipped=left_out)
            )
        except StrataError as error:  # no function in the sample, or no grammar installed
            functions = []
            notes += [str(error)] if error.code != "E-CORPUS-EMPTY" else []
        texts += functions
        estimate = len(functions) / len(part) * len(files)
        total += estimate
        rows.append((language, len(files), round(estimate)))
    looked_at = sum(min(SAMPLE, len(files)) for files in found.values())
    many = sum(len(files) for files in found.values())
    whole = looked_at == many
    if not whole:
        notes.insert(0, f"Functions are estimated from {looked_at:,} of {many:,} files.")
    if len(found) > 1:
        notes.append(f"A question reads one language: {', '.join(f'{row[0]} ({row[1]:,} files)' for row in rows)}.")
    first = [(shown(t.origin), t.language, shown(t.text)) for t in _turns(texts, n)]
    sizes = [len(t.text) for t in texts]
    return Preview(
        name,
        shown(name.rpartition("/")[2]),
        "functions",
        ("origin", "language", "text"),
        pd.DataFrame(first, columns=["origin", "language", "text"], dtype=object),
        round(total),
        whole,
        "text",
        {"languages": ", ".join(f"{language} ({files:,} files)" for language, files, _ in rows)},
        lengths_of(sizes),
        left_out=dict(left_out),
        looked_at=len(texts),
        notes=tuple(notes),
    )


def _turns(texts: list[Text], n: int) -> list[Text]:
    """Return `n` texts, of every language some."""
    by_language: dict[str, list[Text]] = {}
    for text in texts:
        by_language.setdefault(text.language, []).append(text)
    share = max(1, -(-n // max(1, len(by_language))))
    return [text for group in by_language.values() for text in group[:share] if len(text.text) <= MOST_CHARACTERS][:n]
