"""The same sentences in several languages, as a source holds them, and what can be compared of them.

A sentence counts when every chosen language has it. Empty lines, repeated lines and another script than the language's
are found here, counted and said; a language of line-parallel files that has another number of lines is no translation.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from probes.corpora.naming import name_of, named
from probes.corpora.scripts import declared, script_of
from probes.errors import StrataError, did_you_mean
from probes.values import Corpus, digest_of

LACKS = "sentence that a chosen language lacks or leaves empty"
REPEATED = "sentence that repeats another in a chosen language"
_LISTED = 60
"""Languages named in a message."""


CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_@.-]{0,39}")
"""What a language may be called: it goes into headlines, addresses and file names."""
NAMELESS = "text in a language whose name is no code"


@dataclass(frozen=True)
class Versions:
    """What a source holds: for each language, the text of each sentence it has."""

    title: str
    texts: dict[str, dict[str, str]]
    by_line: bool = False
    """Sentences are lines: two languages with other numbers of lines are not parallel."""
    left_out: dict[str, int] = field(default_factory=dict)
    """What the reader left out, and why."""
    notes: tuple[str, ...] = ()

    def coded(self) -> "Versions":
        """Return the same without languages whose names could be anything (a column's, a file's); counted."""
        named = {name: texts for name, texts in self.texts.items() if CODE.fullmatch(name)}
        lost = sum(len(texts) for name, texts in self.texts.items() if name not in named)
        return replace(self, texts=named, left_out={**self.left_out, NAMELESS: lost}) if lost else self

    @property
    def digest(self) -> str:
        """Return 12 hex digits over every language, sentence and text."""
        parts = (p for name, texts in self.texts.items() for p in (name, *(x for pair in texts.items() for x in pair)))
        return digest_of(parts)[:12]

    @property
    def sentences(self) -> list[str]:
        """Every sentence of any language, in the order the source has them."""
        return list(dict.fromkeys(name for texts in self.texts.values() for name in texts))


@dataclass(frozen=True)
class Parallel:
    """Sentences that every chosen language has, the pivot first."""

    corpus: Corpus
    """Labels: origin, language, sentence; all sentences of one language, then of the next, in the same order."""
    languages: tuple[str, ...]
    sentences: tuple[str, ...]
    scripts: dict[str, str]
    left_out: dict[str, int]
    notes: tuple[str, ...]

    def texts(self, language: str) -> tuple[str, ...]:
        """Return the sentences of one language."""
        at, n = self.languages.index(language), len(self.sentences)
        return self.corpus.texts[at * n : (at + 1) * n]


@dataclass(frozen=True)
class Choice:
    """What is asked of a source."""

    languages: tuple[str, ...] = ()
    """None for as many as share `n` sentences."""
    pivot: str = ""
    """Comes first; "" for English, however it is written."""
    n: int = 100
    seed: int | None = 0
    """Draws the sentences; None takes the first ones, as published numbers do."""
    repeated: bool = False
    """Keep sentences that repeat another."""


def parallel(found: Versions, asked: Choice, name: str) -> Parallel:
    """Choose languages and sentences; raises StrataError E-PARALLEL-… naming the language that does not fit."""
    pivot = pivot_of(found, asked.pivot)
    notes, left_out = list(found.notes), Counter(found.left_out)
    chosen = _languages(found, asked, pivot, notes)
    shared = _shared(found, chosen)
    left_out[LACKS] += len({s for c in chosen for s in found.texts[c]}) - len(shared)
    kept = shared if asked.repeated else _different(found, chosen, shared)
    left_out[REPEATED] += len(shared) - len(kept)
    if len(kept) < 2:
        raise StrataError(
            "E-PARALLEL-FEW",
            f"'{name[:200]}' has {len(kept)} sentences that {', '.join(chosen[:_LISTED])} all have.",
            f"Left out: {', '.join(f'{why} ({count:,})' for why, count in left_out.items() if count) or 'nothing'}.",
            "Choose fewer languages.",
        )
    if len(kept) < asked.n:
        notes.append(f"The corpus gave {len(kept)} sentences of the {asked.n} asked for.")
    taken = _taken(kept, asked)
    scripts = _scripts(found, chosen, taken, notes)
    rows = [(f"{found.title}:{s}", c, s) for c in chosen for s in taken]
    corpus = Corpus(
        name,
        tuple(found.texts[c][s] for c in chosen for s in taken),
        pd.DataFrame(rows, columns=["origin", "language", "sentence"]),
    )
    return Parallel(
        corpus, tuple(chosen), tuple(taken), scripts, {k: v for k, v in left_out.items() if v}, tuple(notes)
    )


def pivot_of(found: Versions, asked: str) -> str:
    """Return the language that is meant; "" is English under any of its codes; E-PARALLEL-LANGUAGE for none."""
    if asked in found.texts:
        return asked
    if not asked:
        short = {name: name.replace("-", "_").partition("_")[0].casefold() for name in found.texts}
        english = sorted((len(name), name) for name, code in short.items() if code in ("en", "eng", "english"))
        if english:
            return english[0][1]
    there = ", ".join(list(found.texts)[:_LISTED])
    what = f"There is no language '{asked[:60]}'" if asked else "There is no English"
    raise StrataError(
        "E-PARALLEL-LANGUAGE",
        f"{what} in {found.title}.",
        f"{did_you_mean(asked, list(found.texts)) if asked else ''}There are: {there}.",
        "Name one of them.",
    )


def _languages(found: Versions, asked: Choice, pivot: str, notes: list[str]) -> list[str]:
    sizes = {name: len(texts) for name, texts in found.texts.items()}
    if asked.languages:
        others = [pivot_of(found, name) for name in dict.fromkeys(asked.languages)]
        odd = next((name for name in others if found.by_line and sizes[name] != sizes[pivot]), None)
        if odd is not None:
            raise StrataError(
                "E-PARALLEL-COUNT",
                f"'{odd}' has {sizes[odd]:,} lines and '{pivot}' has {sizes[pivot]:,}.",
                "Line-parallel files must have as many lines each, or their sentences are not translations.",
                "Mend the file, or leave the language out.",
            )
    else:
        others = _enough(found, asked, pivot, notes)
    if not (set(others) - {pivot}):
        fix = "Name at least one more language."
        raise StrataError("E-PARALLEL-FEW", f"Only '{pivot}' is left of {found.title}.", fix=fix)
    return [pivot, *(name for name in others if name != pivot)]


def _enough(found: Versions, asked: Choice, pivot: str, notes: list[str]) -> list[str]:
    """Return the languages that can be had with `n` shared sentences: those with most sentences come first."""
    there = {name: {s for s, text in texts.items() if text.strip()} for name, texts in found.texts.items()}
    if found.by_line:
        odd = [name for name in there if len(found.texts[name]) != len(found.texts[pivot])]
        if odd:
            counts = ", ".join(f"{name} ({len(found.texts[name]):,})" for name in odd[:_LISTED])
            notes.append(f"Left out for another number of lines than {pivot} ({len(found.texts[pivot]):,}): {counts}.")
        return [name for name in there if name not in odd]
    base = there.pop(pivot)
    order = sorted(there, key=lambda name: (-len(there[name] & base), name))
    least = min(asked.n, len(there[order[0]] & base)) if order else 0
    shared, chosen, few = base, list[str](), list[str]()
    for name in order:
        both = shared & there[name]
        if asked.repeated or len(both) < least:
            kept = len(both)
        else:
            kept = len(_different(found, [pivot, *chosen, name], [s for s in found.texts[pivot] if s in both]))
        if kept >= least:
            shared, chosen = both, [*chosen, name]
        else:
            few.append(name)
    if few:
        listed = ", ".join(named(few[:12]).values()) + (f" and {len(few) - 12} more" if len(few) > 12 else "")
        notes.append(f"{len(few)} languages are left out, with which {least} sentences would not be shared: {listed}.")
    return chosen


def _shared(found: Versions, chosen: Sequence[str]) -> list[str]:
    first, *rest = (found.texts[name] for name in chosen)
    return [s for s, text in first.items() if text.strip() and all(other.get(s, "").strip() for other in rest)]


def _different(found: Versions, chosen: Sequence[str], shared: Sequence[str]) -> list[str]:
    """Return the sentences that say in every language what none before them says: equal ones could never be told."""
    repeated: set[str] = set()
    for name in chosen:
        seen: set[str] = set()
        for sentence in shared:
            text = " ".join(found.texts[name][sentence].split()).casefold()
            if text in seen:
                repeated.add(sentence)
            seen.add(text)
    return [sentence for sentence in shared if sentence not in repeated]


def _taken(kept: list[str], asked: Choice) -> list[str]:
    if asked.seed is None or len(kept) <= asked.n:
        return kept[: asked.n]
    drawn = set(random.Random(asked.seed).sample(range(len(kept)), asked.n))
    return [sentence for i, sentence in enumerate(kept) if i in drawn]


def _scripts(found: Versions, chosen: Sequence[str], taken: Sequence[str], notes: list[str]) -> dict[str, str]:
    """Return the script of each language, and note sentences that are written in another one."""
    scripts: dict[str, str] = {}
    astray: dict[str, int] = {}
    for name in chosen:
        each = [script_of(found.texts[name][s]) for s in taken]
        most = Counter(script for script in each if script).most_common(1)
        scripts[name] = declared(name) or (most[0][0] if most else "")
        other = sum(bool(script) and script != scripts[name] for script in each)
        if other:
            astray[name] = other
    if astray:
        most_of = max(astray, key=lambda name: astray[name])
        notes.append(
            f"{sum(astray.values())} sentences in {len(astray)} languages are not in their language's script "
            f"(most in {name_of(most_of)}: {astray[most_of]} of {len(taken)} are not in {scripts[most_of]})."
        )
    return scripts
