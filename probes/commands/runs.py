"""What was asked before: list, show, pin, annotate, delete and put back."""

import argparse
import json
from typing import Any

from probes.errors import StrataError

_SHORT = 4
"""Digits of a digest that are enough to name a run, when no other begins alike."""


def add(commands: Any) -> None:
    """Add `runs`."""
    runs = commands.add_parser("runs", help="list the runs, show one, pin it, write a note on it, delete it")
    _filters(runs)
    runs.set_defaults(act=_list)
    actions = runs.add_subparsers(metavar="ACTION")
    for name, act, about in (
        ("list", _list, "list the runs and the jobs that did not finish"),
        ("show", _show, "what one run asked, found and came from"),
        ("note", _note, "write a note on a run; an empty one clears it"),
        ("pin", _pin, "pin a run: it is listed first and cannot be deleted"),
        ("unpin", _unpin, "take the pin out"),
        ("delete", _delete, "delete a run; hidden states, which other runs may share, stay"),
        ("restore", _restore, "put back a run that was deleted in the last week"),
    ):
        action = actions.add_parser(name, help=about, description=about)
        action.set_defaults(act=act)
        if name == "list":
            _filters(action)
            continue
        action.add_argument("digest", help=f"the run's digest, or its first digits (at least {_SHORT})")
        if name == "note":
            action.add_argument("text")
        if name == "show":
            action.add_argument("--json", action="store_true", help="as JSON")


def _filters(parser: argparse.ArgumentParser) -> None:
    for name, about in {
        "kind": "of this analysis",
        "model": "that asked this model",
        "corpus": "that read this corpus",
        "state": "done, running, queued, failed, interrupted or cancelled",
        "search": "whose headline, model, corpus or note has these words",
    }.items():
        parser.add_argument(f"--{name}", default="", help=f"only those {about}")
    parser.add_argument("--days", type=int, help="only those not older than this")
    parser.add_argument("--pinned", action="store_true", help="only pinned ones")
    parser.add_argument("--json", action="store_true", help="as JSON")


def _list(options: argparse.Namespace) -> None:
    from probes import history  # on use: --help must not wait for it

    names = ("search", "kind", "model", "corpus", "state", "days", "pinned")
    wanted = history.Filter(**{name: getattr(options, name) for name in names})
    if wanted.state and wanted.state not in history.STATES:
        raise StrataError(
            "E-STATE", f"No run is ever '{wanted.state[:60]}'.", fix=f"Choose one of: {', '.join(history.STATES)}."
        )
    found = history.lines(wanted)
    table = history.table(found)
    if options.json:
        print(table.to_json(orient="records", date_format="iso", indent=1))
    elif found:
        shown = table.assign(when=[f"{line.when:%Y-%m-%d %H:%M}" for line in found], seconds=table.seconds.round(1))
        print(shown.to_string(index=False))
    else:
        print("No run is stored yet." if wanted == history.Filter() else "No run is like that.")


def _whole(start: str) -> str:
    """Return the digest that begins like that; raises StrataError E-RUN-UNKNOWN or E-RUN-AMBIGUOUS."""
    from probes import store  # on use, as above

    known = {e.digest for e in store.runs()} | {j.digest for j in store.jobs()} | {d.digest for d in store.deleted()}
    found = sorted(digest for digest in known if digest.startswith(start)) if len(start) >= _SHORT else []
    if len(found) > 1:
        fix = f"Give more digits: {', '.join(digest[: len(start) + 4] for digest in found[:5])}."
        raise StrataError("E-RUN-AMBIGUOUS", f"{len(found)} runs begin with '{start[:40]}'.", fix=fix)
    if not found:
        raise StrataError(
            "E-RUN-UNKNOWN", f"There is no run '{start[:40]}'.", fix="See the history: python -m probes runs"
        )
    return found[0]


def _show(options: argparse.Namespace) -> None:
    from probes import analyses, history  # on use, as above

    digest = _whole(options.digest)
    line = next((line for line in history.lines() if line.digest == digest), None)
    if line is None:
        raise StrataError(
            "E-RUN-DELETED", f"Run {digest[:12]} was deleted.", fix=f"python -m probes runs restore {digest[:12]}"
        )
    result = analyses.result_of(digest)
    if options.json:
        facts = {"digest": digest, "state": line.state, "question": line.spec, "text": line.text, "note": line.note}
        print(json.dumps({**facts, "source": result.source.as_dict() if result is not None else None}, indent=1))
        return
    print(f"{line.text or 'No headline.'}\n")
    print(f"run       {digest}\nstate     {line.state}{', pinned' if line.pinned else ''}")
    print(f"when      {line.when:%Y-%m-%d %H:%M} UTC, {line.seconds:.1f} s")
    if line.note:
        print(f"note      {line.note}")
    print(f"question  {line.kind} {json.dumps(line.spec, sort_keys=True)}")
    if result is not None:
        print("source    " + json.dumps(result.source.as_dict()))
        print("\n" + result.frame().to_string(index=False, float_format="{:.3f}".format))


def _note(options: argparse.Namespace) -> None:
    from probes import store  # on use, as above

    store.note_on(_whole(options.digest), options.text)


def _pin(options: argparse.Namespace) -> None:
    from probes import store  # on use, as above

    store.pin(_whole(options.digest))


def _unpin(options: argparse.Namespace) -> None:
    from probes import store  # on use, as above

    store.pin(_whole(options.digest), pinned=False)


def _delete(options: argparse.Namespace) -> None:
    from probes import engine, store  # on use, as above

    digest = _whole(options.digest)
    if engine.status(digest).state in store.LIVE:
        raise StrataError("E-RUN-LIVE", f"Run {digest[:12]} is under way.", fix="Cancel it first.")
    store.delete(digest)
    print(f"Deleted. For {store.DAYS} days it can be put back: python -m probes runs restore {digest[:12]}")


def _restore(options: argparse.Namespace) -> None:
    from probes import store  # on use, as above

    store.restore(_whole(options.digest))
