"""Corpus names that carry choices: `table:FILE?text=code&label=topic@0123456789ab`.

After the place come choices, `key=value` joined by `&`, and a pin behind the last `@`. In the place and in values,
these are written as a per cent sign and two hexadecimal digits: `%`, `?`, `&`, `=`, `@`, `#`, blanks, what is not
printable. Of those only `%25`, `%3F` (in the place) and `%26` (in a value) must be; the rest may be typed as it is.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from probes.errors import StrataError, did_you_mean

MANY = "label"
"""The one key that may come more than once."""

Keys = Mapping[str, tuple[str, ...]]
"""Key to the values it may have; none when it may have any."""


@dataclass(frozen=True)
class Name:
    """A corpus name taken apart; `str` puts it together again, choices in the order they came."""

    kind: str
    place: str
    choices: tuple[tuple[str, str], ...] = ()
    pin: str = ""

    def __str__(self) -> str:
        choices = "&".join(f"{key}={_quoted(value)}" for key, value in self.choices)
        return f"{self.kind}:{_quoted(self.place)}{'?' if choices else ''}{choices}{'@' if self.pin else ''}{self.pin}"

    def get(self, key: str) -> str:
        """Return the value of a choice, or ""."""
        return dict(self.choices).get(key, "")

    @property
    def labels(self) -> tuple[str, ...]:
        """The label columns, in their order."""
        return tuple(value for key, value in self.choices if key == MANY)

    def with_choices(self, keys: Keys, given: Mapping[str, str], *, labels: tuple[str, ...] | None = None) -> "Name":
        """Return the name with choices set ("" takes one away), all in the order of `keys`."""
        values = {**dict(self.choices), **given}
        many = self.labels if labels is None else labels
        pairs = [(key, value) for key in keys for value in (many if key == MANY else [values.get(key, "")]) if value]
        return replace(self, choices=tuple(pairs))


def parse(name: str, keys: Keys, pin: str) -> Name:
    """Take a name apart; E-CORPUS-NAME says which choice does not hold and what there is to choose from."""
    kind, _, rest = name.partition(":")
    found = re.fullmatch(f"(.*)@({pin})", rest, re.DOTALL)
    rest, mark = (found[1], found[2]) if found else (rest, "")
    place, _, query = rest.partition("?")
    pairs: list[tuple[str, str]] = []
    for part in query.split("&") if query else []:
        key, equals, value = part.partition("=")
        value = _unquoted(value)
        if key not in keys or not equals or not value:
            why = (
                f"{did_you_mean(key, keys)}There are: {', '.join(keys)}; each with a value, as in {next(iter(keys))}=…"
            )
            raise _wrong(name, f"It holds '{part[:60]}'.", why)
        if keys[key] and value not in keys[key]:
            raise _wrong(name, f"'{key}' is '{value[:60]}'.", f"It may be: {', '.join(keys[key])}.")
        if key != MANY and key in dict(pairs):
            raise _wrong(name, f"'{key}' is given twice.", f"Only '{MANY}' may come more than once.")
        pairs.append((key, value))
    return Name(kind, _unquoted(place), tuple(pairs), mark)


def _wrong(name: str, what: str, why: str) -> StrataError:
    fix = "A name reads KIND:PLACE?key=value&key=value; write & in a value as %26, ? in a path as %3F."
    return StrataError("E-CORPUS-NAME", f"'{name[:200]}' is not the name of a corpus. {what}", why, fix)


def _quoted(text: str) -> str:
    return "".join(c if c.isprintable() and c not in "%?&=@# " else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(character))


def _unquoted(text: str) -> str:
    return unquote(text, errors="surrogateescape")
