"""Kinds of parallel corpora: a reader gives `Versions`, and stream, pin and preview follow from them, once for all.

`corpora.parallel` takes the sentences that several languages share; `stream` gives any of them as texts like those of
other corpora, labelled with their sentence, the same sentences first in every language.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pandas as pd

from probes.corpora.names import Keys, Name, parse
from probes.corpora.previews import Preview, lengths_of, shown
from probes.corpora.versions import Choice, Parallel, Versions, parallel, pivot_of
from probes.errors import StrataError
from probes.values import Text

PIN = "[0-9a-f]{12}"
_COLUMNS = 12
"""Languages that a preview shows."""
BROKEN = "sentence with a byte that is no character"


@dataclass(frozen=True)
class ParallelReader:
    """What a kind of parallel corpus offers: as every kind, `stream`, `pin` and `preview`; and `parallel`."""

    KEYS: Keys
    read: Callable[[Name], Versions]
    """Reads the source a name means, whatever the pin says."""
    place: Callable[[Name], str] = lambda asked: asked.place
    """Returns the place as it is pinned: the whole path."""

    def versions(self, name: str) -> tuple[Name, Versions]:
        """Read the source; E-CORPUS-EMPTY when it holds no two languages, E-CORPUS-MOVED when not what is pinned."""
        asked = parse(name, self.KEYS, PIN)
        found = self.read(asked).coded()
        if len(found.texts) < 2 or not found.sentences:
            raise StrataError(
                "E-CORPUS-EMPTY",
                f"'{name[:200]}' holds {len(found.texts)} languages and {len(found.sentences)} sentences.",
                "A parallel corpus has the same sentences in at least two languages.",
                "Look at the kinds and how each is laid out: docs/corpora.md.",
            )
        if asked.pin and asked.pin != found.digest:
            raise StrataError(
                "E-CORPUS-MOVED",
                f"The sentences of {found.title} have changed since they were named.",
                f"Their digest is now {found.digest}.",
                "Put the same files back, or leave out what follows the last @ to use what is there now.",
            )
        return asked, found

    def parallel(self, name: str, asked: Choice) -> Parallel:
        """Return the sentences that the chosen languages share."""
        return parallel(self.versions(name)[1], asked, name)

    def pin(self, name: str) -> str:
        """Return the name with the digest of its sentences; a pinned name comes back as it is."""
        if parse(name, self.KEYS, PIN).pin:
            return name
        asked, found = self.versions(name)
        return str(replace(asked, place=self.place(asked), pin=found.digest))

    def stream(self, name: str, *, language: str | None, seed: int, skipped: Counter[str] | None) -> Iterator[Text]:
        """Stream sentences in an order drawn by the seed, each in all its languages or in one ("" is English)."""
        _, found = self.versions(name)
        chosen = list(found.texts) if language is None else [pivot_of(found, language)]
        counts: Counter[str] = Counter() if skipped is None else skipped
        counts.update(found.left_out)
        return _stream(found, chosen, seed)

    def preview(self, name: str, n: int) -> Preview:
        """Look at the first sentences of every language, and count what each has."""
        asked, found = self.versions(name)
        return _preview(found, str(replace(asked, pin="")), n)


def _stream(found: Versions, chosen: list[str], seed: int) -> Iterator[Text]:
    order = found.sentences
    random.Random(seed).shuffle(order)
    for sentence in order:
        for name in chosen:
            text = found.texts[name].get(sentence, "")
            if text.strip():
                yield Text(text, name, f"{found.title}:{sentence}", (("sentence", sentence),))


def _preview(found: Versions, name: str, n: int) -> Preview:
    languages, sentences = list(found.texts), found.sentences
    counts = {c: sum(bool(text.strip()) for text in texts.values()) for c, texts in found.texts.items()}
    some = sorted(languages, key=lambda c: (c != languages[0], -counts[c]))[:_COLUMNS]
    cells = {c: [shown(found.texts[c].get(s, "")) for s in sentences[:n]] for c in some}
    fewest = min(counts, key=lambda c: (counts[c], c))
    shared = sum(all(texts.get(s, "").strip() for texts in found.texts.values()) for s in sentences)
    notes = [*found.notes, *_counts_note(found)]
    if len(languages) > len(some):
        notes.append(f"The {len(some)} languages with most sentences are shown, of {len(languages)}.")
    return Preview(
        name=name,
        title=found.title,
        noun="sentences",
        columns=("sentence", *some),
        rows=pd.concat(
            [pd.DataFrame({"sentence": [shown(s) for s in sentences[:n]]}), pd.DataFrame(cells, dtype=object)], axis=1
        ),
        count=len(sentences),
        exact=True,
        facts={
            "languages": f"{len(languages)}",
            "shared by all": f"{shared:,}",
            "fewest sentences": f"{fewest} ({counts[fewest]:,})",
        },
        lengths=lengths_of([len(text) for texts in found.texts.values() for text in texts.values() if text.strip()]),
        left_out=dict(found.left_out),
        looked_at=len(sentences),
        notes=tuple(notes),
    )


def _counts_note(found: Versions) -> list[str]:
    sizes = Counter(len(texts) for texts in found.texts.values())
    if not found.by_line or len(sizes) == 1:
        return []
    usual = sizes.most_common(1)[0][0]
    odd = ", ".join(f"{name} ({len(texts):,})" for name, texts in found.texts.items() if len(texts) != usual)
    return [f"Not as many lines as the others ({usual:,}): {odd[:500]}."]
