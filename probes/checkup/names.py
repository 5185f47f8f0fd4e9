"""What a model is called in a sentence."""

from pathlib import Path

LONGEST = 60


def short(name: str) -> str:
    """Return a model's name without its owner or its folder, and no longer than fits a sentence.

    >>> short("minilm"), short("microsoft/codebert-base"), short("/models/mine/")
    ('minilm', 'codebert-base', 'mine')
    """
    last = Path(name).name or name
    return last if len(last) <= LONGEST else last[: LONGEST - 1] + "…"
