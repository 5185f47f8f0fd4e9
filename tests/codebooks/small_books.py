"""A codebook run made by hand: a few equal texts of eight tokens, two layers, codes that are known."""

from typing import Any

import numpy as np
import pandas as pd

from probes.codebooks import CodebookResult
from probes.values import Source

TEXT = "self . a = ( b ) x"
WORDS = TEXT.split(" ")


def made(texts: int = 8, *, label: bool = True, **changes: Any) -> CodebookResult:
    """Return a run of some texts, three quarters of them fitted; layer 1's code 3 is `self`, its code 5 a bracket."""
    spans = np.cumsum([0, *(len(word) + 1 for word in WORDS)])[:-1]
    rows = [
        (i, f"m.py:{i}", int(a), int(a) + len(w), w, i >= texts * 3 // 4, "paren" if w in "()" else "name")
        for i in range(texts)
        for a, w in zip(spans, WORDS, strict=True)
    ]
    tokens = pd.DataFrame(rows, columns=["text", "origin", "start", "end", "token", "held_out", "label"])
    if not label:
        tokens["label"] = ""
    n, cut = len(tokens), int((~tokens.held_out).sum())
    draw = np.random.default_rng(0)
    ids = draw.integers(3, size=(2, n, 1)).astype(np.uint8)
    ids[1][tokens.token == "self"] = 3
    ids[1][tokens.token.isin(["(", ")"])] = 5
    codes = draw.normal(size=(2, 1, 8, 4)).astype(np.float32)
    known: dict[str, Any] = {
        **dict.fromkeys(("scores", "usage", "leaves", "texts"), pd.DataFrame()),
        "tokens": tokens,
        "passages": pd.DataFrame(
            {"origin": [f"m.py:{i}" for i in range(texts)], "language": "python", "content": TEXT}
        ),
        **{"best": "1", "depth": 1, "books": 1, "size": 8, "slots": 1},
        "sizes": (cut, n - cut),
        "left_out": {},
        "layers": ("0", "1"),
        "codes": codes,
        "centers": np.zeros((2, 4), np.float32),
        "levels": np.zeros((2, 0), np.float32),
        "ids": ids,
        "taken": np.stack([np.bincount(one[:cut, 0], minlength=8) for one in ids])[:, None],
        "others": ids[:, cut:],
        "atoms": np.zeros((2, 0), np.int64),
        "errors": draw.random((2, n - cut)).astype(np.float32),
        "source": Source("toy", "", "none", "float32", "cpu", "lines", "", 0),
    }
    return CodebookResult(**{**known, **changes})
