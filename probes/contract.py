"""What every analysis promises: a Spec of plain values, a Result that says what was found, and their names together."""

import hashlib
import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from probes.errors import StrataError
from probes.values import Source


class Spec(BaseModel):
    """What to compute, in plain values; frozen, and hashed into the digest that names the answer everywhere."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        protected_namespaces=(),
        use_attribute_docstrings=True,
        str_max_length=1_000_000,  # of every text; with a bound pydantic also refuses half a surrogate pair
    )

    kind: ClassVar[str]
    """The analysis this asks for: the command's name, the store's and the URL's."""
    version: ClassVar[int] = 1
    """Raised when the same Spec would now give other numbers, so that stored answers are not mistaken for new ones."""

    def canonical(self) -> str:
        """Return the one JSON text of this question: sorted keys, no blanks, kind and version included."""
        whole = {"kind": self.kind, "version": self.version, "spec": self.model_dump(mode="json")}
        return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def digest(self) -> str:
        """Identify the question: 32 hex digits of SHA-256 over the canonical JSON."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()[:32]

    def pinned(self) -> Self:
        """Return the same question with moving names (a folder, a branch) replaced by what they mean today."""
        return self

    def unpinned(self) -> Self:
        """Return the same question with pinned names free to move again: what a form starts from."""
        return self


def parted(given: Any) -> Any:
    """Take "de, sw" as ("de", "sw"), as it comes from a command line; anything else is left as it is.

    >>> parted("de, sw,")
    ('de', 'sw')
    """
    return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given


Question = TypeVar("Question", bound=Spec)


def checked(spec: type[Question], fields: dict[str, Any]) -> Question:
    """Return a Spec of some plain values; raises StrataError E-SPEC naming each field that is wrong."""
    try:
        return spec.model_validate(fields)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or spec.kind}: {e['msg']} (got {e['input']!r:.60})" for e in error.errors()
        )
        what = f"This is not a question '{spec.kind}' can answer: {wrong}."
        raise StrataError("E-SPEC", what, fix="Correct the values named.") from error


class Result(Protocol):
    """What was found: a frozen dataclass of data frames, arrays and plain values."""

    @property
    def source(self) -> Source:
        """Say what the numbers came from."""
        ...

    def headline(self) -> str:
        """State what was found, in one sentence with its numbers."""
        ...

    def frame(self) -> pd.DataFrame:
        """Return the tidy table under the main figure."""
        ...


class Displayed:
    """What every Result inherits: put at the end of a notebook's cell, it shows itself."""

    def _repr_mimebundle_(self, **_asked: Any) -> dict[str, Any]:
        return resolve("probes.display:mimebundle")(self)  # by name: the rooms stand before the figures


class Progress:
    """Hears how far a run has come; override `report` to show it, and raise `Cancelled` in it to stop the run."""

    def report(self, done: float, total: float, note: str = "") -> None:
        """Take `done` of `total` units of the step called `note`."""

    def step(self, start: float, end: float) -> "Progress":
        """Return the part of this progress between two shares (0 to 1): what a sub-task is handed."""
        return _Part(self, start, end)


@dataclass(frozen=True)
class _Part(Progress):
    whole: Progress
    start: float
    end: float

    def report(self, done: float, total: float, note: str = "") -> None:
        share = done / total if total else 1.0
        self.whole.report(self.start + (self.end - self.start) * share, 1.0, note)


@dataclass(frozen=True)
class Comparable:
    """What of a Result can be set beside another's: one value a place (a layer) and test text."""

    measure: str
    """What the values are, as a figure's axis says it: F1 of constituents."""
    axis: str
    """What a place is: layer."""
    best: str
    """The place where the run says it is best, chosen without these texts."""
    items: pd.DataFrame
    """One row a place and text: order, place, text (equal for equal texts of any run), value."""


@dataclass(frozen=True)
class Analysis:
    """One question Strata can answer: its Spec, where it is run, what it returns and how that is drawn.

    `run`, `result`, `figures` and `methods` are written as "module:name" and imported on first use, so that listing the
    analyses (the command line's help, a page's first paint) imports neither torch nor altair.
    """

    spec: type[Spec]
    run_at: str
    result_at: str
    figures_at: tuple[str, ...]
    methods_at: str
    """`(spec, result) -> sentences`: what was computed, as a paper would say it, with citations `[@key]`."""
    live: bool = False
    """Answered by the warm worker while a person waits, and stored only when pinned."""
    compare_at: str = ""
    """What of a Spec and its Result can be compared with another run: a function to Comparables, the main one first."""

    @property
    def kind(self) -> str:
        """The name shared by the command, the store and the URL."""
        return self.spec.kind

    def run(self, spec: Spec, progress: Progress) -> Any:
        """Compute the answer here."""
        return resolve(self.run_at)(spec, progress)

    def comparables(self, spec: Spec, result: Any) -> tuple[Comparable, ...]:
        """Return what of an answer can be set beside another's; nothing, when the analysis does not say."""
        found: tuple[Comparable, ...] = resolve(self.compare_at)(spec, result) if self.compare_at else ()
        return found

    @property
    def result(self) -> type[Any]:
        """The frozen dataclass that `run` returns."""
        return resolve(self.result_at)

    def methods(self, spec: Spec, result: Any) -> tuple[str, ...]:
        """Return the sentences of a paper's methods section; their texts of others are already escaped."""
        return resolve(self.methods_at)(spec, result)

    @property
    def figures(self) -> dict[str, Callable[[Any], Any]]:
        """The figure functions by name, main figure first."""
        return {at.rpartition(":")[2]: resolve(at) for at in self.figures_at}


def resolve(at: str) -> Any:
    """Return what "module:name" names."""
    module, _, name = at.partition(":")
    return getattr(importlib.import_module(module), name)
