"""Every question Strata answers, written down once; commands, pages, caches, exports and tests follow from it."""

import difflib
import json
from typing import Any

from pydantic import ValidationError

from probes import store
from probes.contract import Analysis, Spec
from probes.errors import StrataError
from probes.syntax import SnippetSpec, SyntaxSpec

ANALYSES = (
    Analysis(
        spec=SyntaxSpec,
        run_at="probes.syntax.analysis:run",
        result_at="probes.syntax.analysis:SyntaxResult",
        figures_at=("probes.figures.layers:f1_by_layer", "probes.figures.layers:recall_by_label"),
    ),
    Analysis(
        spec=SnippetSpec,
        run_at="probes.syntax.snippet:run",
        result_at="probes.syntax.snippet:SnippetResult",
        figures_at=(
            "probes.figures.snippet:snippet",
            "probes.figures.trees:gold_and_predicted",
            "probes.figures.subspace:subspace",
        ),
        live=True,
    ),
)


def find(kind: str) -> Analysis:
    """Return the analysis of that kind; raises StrataError E-ANALYSIS-UNKNOWN with the nearest name and the choices."""
    kinds = [analysis.kind for analysis in ANALYSES]
    if kind in kinds:
        return ANALYSES[kinds.index(kind)]
    near = difflib.get_close_matches(kind, kinds, 1)
    hint = f"Did you mean '{near[0]}'?" if near else ""
    raise StrataError(
        "E-ANALYSIS-UNKNOWN", f"There is no analysis '{kind[:60]}'.", hint, f"There are: {', '.join(kinds)}."
    )


def of(spec: Spec) -> Analysis:
    """Return the analysis that answers a Spec."""
    return find(spec.kind)


def parse(kind: str, fields: dict[str, Any]) -> Spec:
    """Return the Spec of some plain values; raises StrataError E-SPEC naming each field that is wrong."""
    try:
        return find(kind).spec.model_validate(fields)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or kind}: {e['msg']} (got {e['input']!r:.60})" for e in error.errors()
        )
        raise StrataError(
            "E-SPEC", f"This is not a question '{kind}' can answer: {wrong}.", fix="Correct the values named."
        ) from error


def from_json(text: str) -> Spec:
    """Return the Spec of its canonical JSON; raises StrataError E-SPEC when it is of another version."""
    whole = json.loads(text)
    spec = parse(whole["kind"], whole["spec"])
    if whole["version"] != spec.version:
        raise StrataError(
            "E-SPEC", f"This question is of version {whole['version']}; today's is {spec.version}.", fix="Ask it again."
        )
    return spec


def spec_of(digest: str) -> Spec | None:
    """Return the Spec of a run that is stored, or was only ever begun; None when it can no longer be asked."""
    asked = store.asked(digest) or store.begun(digest)
    try:
        spec = from_json(json.dumps(asked)) if asked else None
    except (StrataError, KeyError, TypeError):
        return None
    return spec if spec is not None and spec.digest == digest else None  # a folder under a wrong name is no answer


def result_of(digest: str) -> Any | None:
    """Return the stored Result of a digest, or None."""
    spec = spec_of(digest)
    return store.load(digest, of(spec).result) if spec is not None else None
