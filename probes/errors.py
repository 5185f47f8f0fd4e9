"""The one error a person is meant to read."""


class StrataError(Exception):
    """A refusal that names what came, why it was refused and what to do next.

    `code` is stable (`E-MODEL-UNKNOWN`): tests, logs and pages refer to it, so wording can improve freely.
    """

    def __init__(self, code: str, what: str, why: str = "", fix: str = "") -> None:
        self.code, self.what, self.why, self.fix = code, what, why, fix
        super().__init__(code, what, why, fix)  # all four in args, so the error crosses a process boundary whole

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.fix, f"[{self.code}]") if part)


class Cancelled(Exception):
    """Raised by `Progress.report` when the person asked to stop; partial work already stored stays."""
