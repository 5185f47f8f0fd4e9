"""A finished run that another question builds on, found by its digest and given with what it asked."""

from typing import TypeVar

from probes.contract import Spec
from probes.errors import StrataError
from probes.store.runs import asked, load

S = TypeVar("S", bound=Spec)
R = TypeVar("R")


def finished(digest: str, kind: type[S], result: type[R], *, called: str, again: str) -> tuple[S, R]:
    """Return a stored run of a kind; StrataError E-RUN-UNKNOWN, with `again` to do, for none or one of another version.

    One of another version is not opened: its files may hold other fields, and would be set aside as damaged.
    """
    question = asked(digest)
    ours = question is not None and question["kind"] == kind.kind
    if question and ours and question["version"] != kind.version:
        what = f"The {called} '{digest}' is of version {question['version']}; today's is {kind.version}."
        raise StrataError("E-RUN-UNKNOWN", what, fix=again)
    found = load(digest, result) if ours else None
    if question is None or found is None:
        raise StrataError("E-RUN-UNKNOWN", f"There is no {called} '{digest}' in the store.", fix=again)
    return kind.model_validate(question["spec"]), found
