"""A line of progress for whoever watches the terminal."""

import sys
import time

from probes.contract import Progress


class Bar(Progress):
    """One line on standard error, when somebody watches it."""

    def __init__(self) -> None:
        self.last = 0.0
        self.shown = sys.stderr.isatty()

    def report(self, done: float, total: float, note: str = "") -> None:
        """Draw the line again, at most five times a second."""
        now = time.monotonic()
        if self.shown and now - self.last > 0.2:
            self.last = now
            print(f"\r\033[K{done / total if total else 0:4.0%} {note}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the line to what comes next."""
        if self.shown and self.last:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
