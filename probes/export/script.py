"""A Python file that asks the same question again in a clean process, and says whether the answer is the same."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from probes import __version__, analyses
from probes.contract import Spec
from probes.errors import StrataError
from probes.export.names import line, stem
from probes.export.tables import frame_bytes

_DIGEST = re.compile(r"[0-9a-f]{32}")
_WIDE = 100  # characters of a text literal on one line


def script(spec: Spec, result: Any) -> str:
    """Return the file: a header, the question with every field written out, the answer, the check, the table."""
    head = "\n".join(f"# {text}".rstrip() for text in header(spec, result))
    return f'''{head}

{source(spec)}

DIGEST = "{spec.digest}"  # what this question was called when it was exported
TABLE = "{checksum(result)}"  # SHA-256 of its table as CSV

if question.digest != DIGEST:
    print(f"Note: this version of Strata calls the question {{question.digest}}; it may mean another thing by it.")

result = probes.run(question)  # from the store when it is there (STRATA_HOME), else computed
print(result.headline())

table = frame_bytes(result.frame(), "csv")
Path("{stem(spec.kind, spec.digest)}.csv").write_bytes(table)
if hashlib.sha256(table).hexdigest() == TABLE:
    print("The table is the same as when it was exported, to the last digit.")
else:
    print("The table differs from the exported one: compare the versions above with those installed here.")
'''


def source(spec: Spec) -> str:
    """Return the lines that import what is needed, run what the question rests on, and name it `question`."""
    before = needed(spec)
    ours = {"from probes.export.tables import frame_bytes", *(_import(step) for step in [*before, spec])}
    lines = ["import hashlib", "from pathlib import Path", "", "import probes", *sorted(ours), ""]
    lines += [f"probes.run(\n{_indent(_call(step))}\n)\n" for step in before]
    return "\n".join([*lines, f"question = {_call(spec)}"])


def checksum(result: Any) -> str:
    """Return SHA-256 of the table as CSV, in which every number has all its digits."""
    return hashlib.sha256(frame_bytes(result.frame(), "csv")).hexdigest()


def header(spec: Spec, result: Any) -> list[str]:
    """Say in lines what was found, by which run, on what, with which versions, and what must be on the machine."""
    came = result.source
    versions = ", ".join(f"{name} {version}" for name, version in came.versions.items())
    said = [
        result.headline(),
        "",
        f"Run {spec.digest} ({spec.kind}, version {spec.version}) of Strata {__version__}.",
        f"Model {came.model}, weights {came.weights}, {came.dtype} on {came.device}.",
        f"Data {came.corpus}, digest {came.corpus_digest}, seed {came.seed}.",
        f"Computed with {versions}.",
        *came.notes,
    ]
    paths = list(dict.fromkeys(path for step in [*needed(spec), spec] for path in folders(step)))
    said += [f"Must be on this machine, unchanged: {path}" for path in paths]
    return [line(text) if text else "" for text in said]


def needed(spec: Spec) -> list[Spec]:
    """Return the questions whose runs this one names by their digest, each after those it needs itself.

    Raises StrataError E-RUN-UNKNOWN when one of them is not in the store, so that nobody is handed half a recipe.
    """
    found: list[Spec] = []
    for digest in _named(spec):
        step = analyses.spec_of(digest)
        if step is None:
            raise StrataError(
                "E-RUN-UNKNOWN",
                f"This answer rests on run '{digest}', which is not in the store.",
                "A script without it would not run.",
                "Open or run that question again, then export.",
            )
        found += [*needed(step), step]
    return list(dict.fromkeys(found))


def _named(spec: Spec) -> Iterator[str]:
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and _DIGEST.fullmatch(text):
                yield text


def folders(spec: Spec) -> list[str]:
    """Return the paths that a question reads: fields that are one, or name one after a prefix (`code:FOLDER`)."""
    found = []
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        text = re.sub(r"^[a-z]+:|@[0-9a-f]{12}$", "", value) if isinstance(value, str) else ""
        if text.isprintable() and ("/" in text or "\\" in text) and Path(text).expanduser().is_absolute():
            found.append(text)
    return found


def _import(spec: Spec) -> str:
    return f"from {type(spec).__module__} import {type(spec).__name__}"


def _call(spec: Spec) -> str:
    fields = "".join(f"    {name}={literal(getattr(spec, name))},\n" for name in type(spec).model_fields)
    return f"{type(spec).__name__}(\n{fields})"


def _indent(text: str) -> str:
    return "\n".join(f"    {part}" for part in text.splitlines())


def literal(value: Any) -> str:
    """Return a Python literal of a plain value; a long text as its lines, one below the other."""
    if not isinstance(value, str) or (len(value) <= _WIDE and "\n" not in value.rstrip("\n")):
        return repr(value)
    pieces = [line[i : i + _WIDE] for line in value.splitlines(keepends=True) for i in range(0, len(line), _WIDE)]
    return "(\n" + "\n".join(f"        {piece!r}" for piece in pieces) + "\n    )"
