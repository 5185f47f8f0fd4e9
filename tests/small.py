"""The smallest real questions: short functions, or sentences in four languages, and Specs that read them."""

from pathlib import Path
from typing import Any

from probes.alignment import AlignmentSpec, LikenessSpec
from probes.contract import Spec
from probes.intervention import AblationSpec, ErasureSpec, LensSpec, PatchingSpec, SteeringSpec
from probes.syntax import SyntaxSpec

SIZES: dict[str, Any] = {"n_train": 12, "n_valid": 4, "n_test": 4, "min_words": 4, "rank": 4, "epochs": 1, "batch": 4}
NOUNS = ["value", "name", "item", "key", "index", "total", "count", "result", "data", "text"]
SHAPES = (
    "def {a}_{i}({b}, {c}):\n    return {b} + {c} * {i}\n",
    "def {a}_{i}({b}):\n    for {c} in range({b}):\n        print({c}, {i})\n    return {b}\n",
    "def {a}_{i}({b}, {c}):\n    if {b} > {i}:\n        return {c}\n    return [{b}, {c}]\n",
    "def {a}_{i}({b}):\n    {c} = {{'{a}': {i}}}\n    {c}[{b}] = len({b})\n    return {c}\n",
)


def code_folder(path: Path) -> Path:
    """Write 48 short functions, all different, into six Python files."""
    path.mkdir(parents=True, exist_ok=True)
    for part in range(6):
        lines = []
        for i in range(part * 8, part * 8 + 8):
            a, b, c = (NOUNS[(i * step + step) % len(NOUNS)] for step in (1, 3, 7))
            lines.append(SHAPES[i % len(SHAPES)].format(a=a, b=b, c=c if c != b else c + "s", i=i))
        (path / f"module_{part}.py").write_text("\n\n".join(lines))
    return path


def small_spec(model: Path, folder: Path, **changes: Any) -> SyntaxSpec:
    """Return the small question, with some of its fields changed."""
    return SyntaxSpec(**{"model": str(model), "corpus": f"code:{folder}", **SIZES, **changes})


ORDERS = {"eng_Latn": (0, 1, 2, 3), "deu_Latn": (0, 2, 1, 3), "tur_Latn": (3, 2, 1, 0), "xxx_Latn": (1, 0, 3, 2)}


def line_folder(path: Path, n: int = 16) -> Path:
    """Write the same sentences in four made-up languages that order their words differently, one a file."""
    path.mkdir(parents=True, exist_ok=True)
    for name, order in ORDERS.items():
        lines = []
        for i in range(n):
            words = [NOUNS[(i * step + step) % len(NOUNS)] for step in (1, 3)] + [NOUNS[i % 7], f"{name[0]}{i} x"]
            lines.append(" ".join(words[k] for k in order) + ".")
        (path / f"{name}.devtest").write_text("\n".join(lines) + "\n")
    return path


def small_alignment(model: Path, folder: Path, **changes: Any) -> AlignmentSpec:
    """Return the small question about languages, with some of its fields changed."""
    return AlignmentSpec(**{"model": str(model), "corpus": f"flores:{folder}", "n": 14, "at": 8, **changes})


def small_likeness(model: Path, other: Path | str, folder: Path, **changes: Any) -> LikenessSpec:
    """Return the small question about two models (or "same"), on English sentences, with some of its fields changed."""
    values = {"model": str(model), "other": str(other), "corpus": f"flores:{folder}", "n": 16, "draws": 3}
    return LikenessSpec(**{**values, **changes})


def small_interventions(model: Path, folder: Path) -> dict[str, Spec]:
    """Return the small questions of the lens and of every intervention, pinned; the model predicts next tokens."""
    reads: dict[str, Any] = {"model": str(model), "corpus": f"code:{folder}", "texts": 4}
    prompts = {"prompt": "def path in values", "other": "def key in values", "answer": " path", "instead": " key"}
    specs = (
        LensSpec(model=str(model), text="def total(values):"),
        PatchingSpec(model=str(model), **prompts),
        AblationSpec(**reads, layers="1, 2"),
        ErasureSpec(**reads, draws=1),
        SteeringSpec(model=str(model), steps=1, texts=4, draws=2, tokens=3),
    )
    return {spec.kind: spec.pinned() for spec in specs}
