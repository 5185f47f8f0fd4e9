"""The one error a person is meant to read."""

import difflib
from collections.abc import Iterable


class StrataError(Exception):
    """A refusal that names what came, why it was refused and what to do next.

    `code` is stable (`E-MODEL-UNKNOWN`): tests, logs and pages refer to it, so wording can improve freely.
    """

    def __init__(self, code: str, what: str, why: str = "", fix: str = "") -> None:
        self.code, self.what, self.why, self.fix = code, what.strip(), why.strip(), fix.strip()
        super().__init__(code, what, why, fix)  # all four in args, so the error crosses a process boundary whole

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.fix, f"[{self.code}]") if part)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return "Did you mean 'x'? " for the choice most like `word`, letter case aside; nothing when none is."""
    named = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower(), named, 1, 0.5)
    return f"Did you mean '{named[found[0]]}'? " if found else ""


class Cancelled(Exception):
    """Raised by `Progress.report` when the person asked to stop; partial work already stored stays."""
