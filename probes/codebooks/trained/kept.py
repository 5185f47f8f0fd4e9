"""Codebook models on disk: a Hugging Face checkpoint, with `codebooks.safetensors` and `codebooks.json` beside it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from probes.codebooks.trained.book import Rules
from probes.codebooks.trained.model import Codebooks
from probes.errors import StrataError
from probes.models import toy

TENSORS, RULES = "codebooks.safetensors", "codebooks.json"


@dataclass(frozen=True)
class Trained:
    """A decoder, its codebooks hooked in, and what was written down about how they were made."""

    net: nn.Module
    books: Codebooks
    notes: dict[str, Any]


def save(trained: Trained, folder: Path, dtype: torch.dtype = torch.float32) -> None:
    """Write a codebook model; in float16 it takes half the room and its numbers are rounded."""
    toy.keep(trained.net, folder, dtype)
    named = trained.books.named()
    save_file({n: b.codes.detach().to(dtype).contiguous() for n, b in named.items()}, folder / TENSORS)
    rules = {n: asdict(b.rules) for n, b in named.items()}
    whole = {"version": 1, "rules": next(iter(rules.values()), asdict(Rules())), "notes": trained.notes}
    (folder / RULES).write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


@dataclass(frozen=True)
class Written:
    """What is on disk of codebooks: float [part, code, width] by name, and how codes are chosen."""

    codes: dict[str, torch.Tensor]
    rules: Rules
    notes: dict[str, Any]


def read(folder: Path) -> Written:
    """Read codebooks without their model; raises StrataError E-CODES-KEPT when a file is missing or no such."""
    try:
        tensors = load_file(folder / TENSORS)
        codes = {name: codes for name, codes in tensors.items() if codes.ndim == 3}
        return Written(codes, *_told(folder))
    except Exception as error:  # whatever a foreign file makes the reader say
        raise _unreadable(folder, error) from error


def rules(folder: Path) -> Rules:
    """Read how codes are chosen, and none of the codes; raises as `read` does when that is not written down."""
    try:
        return _told(folder)[0]
    except Exception as error:  # as above
        raise _unreadable(folder, error) from error


def _told(folder: Path) -> tuple[Rules, dict[str, Any]]:
    whole = json.loads((folder / RULES).read_text("utf-8"))
    return Rules(**whole["rules"]), dict(whole["notes"])


def _unreadable(folder: Path, error: Exception) -> StrataError:
    return StrataError(
        "E-CODES-KEPT",
        f"There is no codebook model in '{folder.name}'.",
        f"{TENSORS} and {RULES} are not both there and readable: {type(error).__name__}.",
        "Name a folder that Strata has written.",
    )


def load(folder: Path) -> Trained:
    """Read a codebook model, ready to be used; raises as `read` does."""
    written, net = read(folder), toy.decoder(folder)
    books = Codebooks(net, {name: codes.shape[1] for name, codes in written.codes.items()}, written.rules).eval()
    fill(books, written, folder)
    return Trained(net, books, written.notes)


def fill(books: Codebooks, written: Written, folder: Path) -> None:
    """Put codes into the codebooks of their model; E-CODES-KEPT where they do not fit it."""
    for name, book in books.named().items():
        if book.codes.shape != written.codes[name].shape:
            raise StrataError("E-CODES-KEPT", f"The codes of '{name}' do not fit the model in '{folder.name}'.")
        book.start(written.codes[name].float())


def digest(folder: Path) -> str:
    """Return the SHA-256 of the codes and of how they are chosen."""
    parts = [hashlib.sha256((folder / name).read_bytes()).digest() for name in (TENSORS, RULES)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def weights_of(decoder: str, folder: Path) -> str:
    """Return the SHA-256 of a codebook model, given that of its decoder: of both, its codes and how they are chosen."""
    return hashlib.sha256(f"{decoder} {digest(folder)}".encode()).hexdigest()
