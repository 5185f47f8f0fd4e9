"""What was computed, in sentences a paper can use: the method of each run, what it was run on, and with what."""

import re
from typing import Any

from probes import __version__, analyses
from probes.contract import Spec
from probes.export.bibtex import entries
from probes.export.names import literal

_CITATION = re.compile(r"(\[@[a-z0-9-]+\])")


def prose(sentence: str) -> str:
    """Return a sentence as Markdown: citations of papers we know stay citations, everything else is literal."""
    parts = _CITATION.split(sentence)
    kept = [not part.strip() or (part.startswith("[@") and part[2:-1] in entries()) for part in parts]
    return "".join(part if keep else literal(part) for part, keep in zip(parts, kept, strict=True))


def paragraphs(spec: Spec, result: Any) -> list[str]:
    """Return the paragraphs about one run: the method, the material, what must be said of it, and the finding."""
    source = result.source
    versions = [f"{name} {version}" for name, version in source.versions.items()]
    seed = f", with seed {source.seed}" if "seed" in type(spec).model_fields else ""
    material = (
        f"The model is {source.model} (revision {source.revision or 'none'}, weights {source.weights[:12]}), read in "
        f"{source.dtype} on {source.device} through Transformers [@wolf-2020]; the texts are {source.corpus} (digest "
        f"{source.corpus_digest[:12]}){seed}."
    )
    tools = f"Computed with Strata {__version__}, run {spec.digest}, using {', '.join(versions)}."
    left_out = getattr(result, "left_out", None) or {}
    counts = ", ".join(f"{reason} ({count:,})" for reason, count in left_out.items())
    noted = [*source.notes, *([f"Left out: {counts}."] if counts else [])]
    said = [" ".join(analyses.of(spec).methods(spec, result)), material, *([" ".join(noted)] if noted else []), tools]
    return [prose(text) for text in [*said, f"Result: {result.headline()}"]]


def methods(runs: list[tuple[Spec, Any]], title: str) -> str:
    """Return `methods.md`: a section a run, in the order of the bundle."""
    parts = [f"# Methods: {literal(title)}", "Citations are keys of `references.bib` (`pandoc --citeproc` reads both)."]
    for spec, result in runs:
        parts += [f"## {spec.kind.capitalize()}, run {spec.digest[:12]}", *paragraphs(spec, result)]
    return "\n\n".join(parts) + "\n"
