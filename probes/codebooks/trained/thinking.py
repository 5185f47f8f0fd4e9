"""A kept codebook model as other analyses read it: loaded and checked like any model, with its codebooks in place.

What is read at a place that has a codebook is what enters it, so that its codes can be told; an edit there changes what
leaves it. The model is this module's own: others that this process keeps warm never have codebooks in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from probes.codebooks.trained import kept
from probes.codebooks.trained.book import Book
from probes.codebooks.trained.model import Codebooks
from probes.errors import StrataError
from probes.models import Model, loaded
from probes.models.choice import ReadsModel
from probes.models.fetch import own_folder
from probes.models.parts import label_of

SITES = {"heads": "head", "attention": "attention", "mlp": "mlp"}
"""Where states are read → what the place is called where codebooks stand."""


@dataclass(frozen=True, eq=False)
class Thinking:
    """A model that goes on from its codes, and the codebooks themselves."""

    model: Model
    books: Mapping[str, Book]
    """By the label that their place is read under, such as "3 mlp"."""

    def labels(self, site: str) -> tuple[str, ...]:
        """Return the layers with a codebook at a site, in order; StrataError E-CODES-PLACE names those there are."""
        found = tuple(label for label in self.model.labels(site) if label in self.books) if site in SITES else ()
        if not found:
            sites = {label.partition(" ")[2] for label in self.books}
            what = f"'{self.model.name[:200]}' has no codebook at the site '{site}'."
            raise StrataError("E-CODES-PLACE", what, fix=f"Choose the site {' or '.join(sorted(sites))}.")
        return found


def thinking(asked: ReadsModel) -> Thinking:
    """Return the codebook model that is asked for; StrataError E-CODES-KEPT where the folder holds none."""
    folder_of(asked)
    model = loaded(asked.choice().pinned(), insert=_with_codebooks)
    return Thinking(model, cast(Mapping[str, Book], model.inserted))


def _with_codebooks(choice: ReadsModel, model: Model) -> Model:
    folder = folder_of(choice)
    written = kept.read(folder)
    books = Codebooks(model.net, {name: codes.shape[1] for name, codes in written.codes.items()}, written.rules)
    kept.fill(books, written, folder)
    books.eval().requires_grad_(False).to(model.device)
    found = sorted(books.named().items(), key=lambda one: int(one[0].partition(".")[0]))
    named = {_label(name): book for name, book in found}
    said = f"It ran with its {len(named)} codebooks in place ({', '.join(named)}), as it was trained to."
    weights = kept.weights_of(model.weights, folder)
    return replace(model, weights=weights, notes=(*model.notes, said), inserted=named)


def folder_of(choice: ReadsModel) -> Path:
    """Return the folder of a codebook model; E-CODES-KEPT for a name that is no folder."""
    folder = own_folder(choice.model)
    if folder is None:
        what = f"'{choice.model[:200]}' is no folder, and codebooks of its own are in none."
        raise StrataError("E-CODES-KEPT", what, fix="Train one (python -m probes codemodel), and name its folder.")
    return folder


def _label(name: str) -> str:
    layer, _, place = name.partition(".")
    site = next(site for site, where in SITES.items() if where == place)
    return label_of(int(layer) + 1, site)
