"""The smallest real questions: short functions, or sentences in four languages, and Specs that read them."""

from pathlib import Path
from typing import Any

from probes.alignment import AlignmentSpec, LikenessSpec
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


def pair_table(path: Path, n: int = 90) -> str:
    """Write pairs of short texts with the share of words they have in common, and return the name that reads them."""
    lines = ["first,second,score"]
    for i in range(n):
        one = [NOUNS[(i * step + step) % len(NOUNS)] for step in (1, 3, 7)]
        other = one[: i % 4] + [NOUNS[(i + 5 * k) % len(NOUNS)] for k in range(3 - i % 4)]
        lines.append(f"{' '.join(one)} {i},{' '.join(other)} {i // 3},{len(set(one) & set(other)) + i / 100}")
    path.write_text("\n".join(lines) + "\n")
    return f"table:{path}"
