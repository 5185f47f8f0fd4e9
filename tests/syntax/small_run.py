"""A folder of planted functions, and the syntax run of a tiny model on it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted import code

from probes.contract import Progress
from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.study import study


def folder_of(path: Path, n: int = 160) -> str:
    """Write `n` functions as a module a file; return the corpus name."""
    rng = np.random.default_rng(0)
    path.mkdir(parents=True, exist_ok=True)
    for i in range(n // 4):
        (path / f"m{i}.py").write_text("\n".join(code(rng) for _ in range(4)), "utf-8")
    return f"code:{path}"


def spec_of(model: Path, corpus: str, **other: Any) -> SyntaxSpec:
    """Ask little: few functions, few epochs."""
    asked = {"n_train": 40, "n_valid": 8, "n_test": 12, "rank": 8, "epochs": 3, "min_words": 4, **other}
    return SyntaxSpec(model=str(model), corpus=corpus, **asked)


def studied(spec: SyntaxSpec, home: Path, progress: Progress | None = None) -> SyntaxResult:
    """Run a study in a store of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(home))
        patch.setenv("HF_HUB_OFFLINE", "1")
        return study(spec, progress or Progress())
