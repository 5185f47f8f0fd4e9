"""Puts many questions, here or to the engine's workers, and hears how each of them ended."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from probes import engine
from probes.contract import Progress, Spec
from probes.engine.standing import refusal
from probes.engine.work import unforeseen
from probes.errors import Cancelled, StrataError
from probes.sweeps.grid import shared

_LOOK = 0.3
"""Seconds between two looks at the jobs under way."""
_AHEAD, _LEAST = 2, 8
"""Jobs in flight for every one that can run, so that no worker waits for the next; and at least so many, so that a
cluster that grows with what is asked sees that more is."""
ENDED = refusal(StrataError("E-CANCELLED", "Cancelled, or its answer is damaged.", fix="Ask it again."))


@dataclass(frozen=True)
class Asked:
    """A question that was put, by its digest, and why it has no answer."""

    digest: str
    error: dict[str, str] | None = None


def _pinned(spec: Spec) -> Asked:
    try:
        return Asked(spec.pinned().digest)
    except StrataError as error:
        return Asked(spec.digest, refusal(error))


@dataclass(frozen=True)
class _Nth(Progress):
    """The progress of one question among many."""

    whole: Progress
    index: int
    count: int

    def report(self, done: float, total: float, note: str = "") -> None:
        share = done / total if total else 1.0
        self.whole.report(self.index + share, self.count, f"question {self.index + 1} of {self.count}: {note}")


def here(specs: Sequence[Spec], progress: Progress) -> list[Asked]:
    """Answer them one after the other in this process."""
    asked = []
    for index, spec in enumerate(specs):
        one = _pinned(spec)
        try:
            if one.error is None:
                engine.run(spec, _Nth(progress, index, len(specs)))
        except Cancelled:
            raise
        except StrataError as error:
            one = Asked(one.digest, refusal(error))
        except Exception as error:  # one broken question of a night's sweep must not cost the others
            one = Asked(one.digest, unforeseen(error))
        asked.append(one)
    return asked


def away(specs: Sequence[Spec], progress: Progress) -> list[Asked]:
    """Have the workers answer them; whoever stops this stops the jobs it started, and not those it joined."""
    flight = _Flight(specs)
    try:
        while flight.waiting or flight.flying:
            flight.land()
            flight.launch(engine.width())
            share = len(flight.landed) + flight.share
            left = f"{len(flight.landed)} of {len(specs)} answered, {len(flight.flying)} under way"
            progress.report(share, len(specs), left)
            time.sleep(_LOOK)
    except BaseException:
        for index in flight.ours & set(flight.flying):
            engine.cancel(flight.flying[index])
        raise
    return [flight.landed[index] for index in range(len(specs))]


class _Flight:
    """The questions that wait, are under way and are answered; of those that share states, one goes ahead alone."""

    def __init__(self, specs: Sequence[Spec]) -> None:
        self.specs = specs
        self.reads = [shared(spec) for spec in specs]
        self.under_way, self.made = Counter[tuple[str, ...]](), set[tuple[str, ...]]()
        self.waiting = list(range(len(specs)))
        self.flying: dict[int, str] = {}
        self.landed: dict[int, Asked] = {}
        self.ours: set[int] = set()
        self.share = 0.0

    def land(self) -> None:
        """Take note of what has ended."""
        self.share = 0.0
        for index, digest in list(self.flying.items()):
            now = engine.status(digest)
            self.share += now.share
            if now.state not in ("queued", "running"):
                del self.flying[index]
                self.under_way[self.reads[index]] -= 1
                self.made.add(self.reads[index])
                self.landed[index] = Asked(digest, None if now.state == "done" else now.error or ENDED)

    def launch(self, workers: int) -> None:
        """Hand out what there is room for."""
        room, alone = max(_LEAST, workers * _AHEAD), workers > 1
        for index in list(self.waiting):
            if len(self.flying) >= room:
                return
            reads = self.reads[index]
            if alone and reads not in self.made and self.under_way[reads]:
                continue  # somebody is making the states this question reads
            self.waiting.remove(index)
            one = _pinned(self.specs[index])
            if one.error is None and engine.status(one.digest).state not in ("queued", "running"):
                self.ours.add(index)
            try:
                if one.error is None:
                    self.flying[index] = engine.submit(self.specs[index])
                    self.under_way[self.reads[index]] += 1
            except StrataError as error:
                one = Asked(one.digest, refusal(error))
            if one.error is not None:
                self.landed[index] = one
