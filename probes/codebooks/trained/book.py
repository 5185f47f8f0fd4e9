"""One codebook layer: what passes is replaced by the nearest of its learnt codes (Tamkin et al., 2023, section 2).

Gradients pass straight through, or turned and stretched as code and input differ (the rotation trick, Fifty et al.,
2024). Codes learn by gradient, or as running means of what chose them (van den Oord et al., 2017, appendix A.1).
Several codes a token are the most similar ones, as in the paper, or are chosen one after another: residual quantisation
(Juang & Gray, 1982) with one codebook for all stages. Each is the nearest to what those before it left, and is taken
off whole; one may come again. Matching pursuit (`--method pursuit`) chooses by direction and takes off a multiple.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.nn import functional as F

from probes.errors import StrataError


@dataclass(frozen=True)
class Rules:
    """How codes are chosen, what comes out, and how they learn."""

    k: int = 1
    """Codes chosen for each token."""
    similarity: Literal["cosine", "euclidean"] = "cosine"
    output: Literal["sum", "mean"] = "sum"
    """The paper adds the chosen codes up, its code takes their mean."""
    normalise: bool = False
    """Normalise what comes in (LayerNorm without weights), as the reference does; its scale is then lost."""
    learn: Literal["gradient", "mean"] = "gradient"
    commitment: float = 0.0
    """Weight of the loss that draws what comes in towards its codes, relative to the loss that draws the codes."""
    rotate: bool = False
    decay: float = 0.98
    """Of running means, a step."""
    pursuit: bool = False
    """Residual quantisation: one code after another, each nearest to what those before it left: euclidean, summed."""


class Book(nn.Module):
    """Independent codebooks for each part of a vector: [..., part x width] in and out.

    In training `loss` holds the squared distance of the last pass, a mean over tokens and a sum over dimensions; `ids`
    [token, part, choice] are of the last pass, in the order chosen. `forced` ids stand in for chosen ones; -1 adds
    nothing. Outside training nothing here changes.
    """

    codes: torch.Tensor
    count: torch.Tensor
    total: torch.Tensor

    def __init__(self, parts: int, codes: int, width: int, rules: Rules | None = None) -> None:
        super().__init__()
        self.rules = rules or Rules()
        if not 1 <= self.rules.k <= (codes if not self.rules.pursuit else self.rules.k):  # a pursuit may repeat one
            raise StrataError("E-CODES-K", f"{self.rules.k} of {codes} codes cannot be chosen.", fix="Lower k.")
        if self.rules.pursuit and (self.rules.similarity, self.rules.output) != ("euclidean", "sum"):
            what = "Codes that are chosen one after another are the nearest, and are added up."
            raise StrataError("E-CODES-K", what, fix="Choose the similarity euclidean and the output sum.")
        start = torch.randn(parts, codes, width)
        if self.rules.learn == "gradient":
            self.codes = nn.Parameter(start)
        else:
            self.register_buffer("codes", start)
        self.register_buffer("count", torch.ones(parts, codes))
        self.register_buffer("total", start.clone())
        self.k = self.rules.k
        """Codes chosen now: a schedule may begin with more than the rules end with."""
        self.ids = torch.zeros(0, parts, self.k, dtype=torch.int64)
        self.seen = torch.zeros(0, parts, width)
        self.loss = torch.zeros(())
        self.forced: torch.Tensor | None = None
        self.on = True

    def start(self, codes: torch.Tensor, count: torch.Tensor | None = None) -> None:
        """Put codes [part, code, width] in, with how often each was chosen [part, code]."""
        with torch.no_grad():
            self.codes.copy_(codes)
            self.count.copy_(torch.ones_like(self.count) if count is None else count)
            self.total.copy_(codes * self.count[..., None])

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return what the codes of the states stand for, in their shape and type."""
        parts, _, width = self.codes.shape
        if states.shape[-1] != parts * width:
            raise StrataError("E-CODES-WIDTH", f"{states.shape[-1]} dimensions are not {parts} parts of {width}.")
        rows = self._rows(states)
        self.seen = rows.detach()
        if not self.on:
            return states
        with torch.no_grad():
            self.ids = self.choose(self.seen)
        if self.forced is not None:
            self.ids = torch.where(self.forced > -2, self.forced, self.ids)
        out = self.stand(self.ids)
        if self.training:
            self.loss = self._distance(rows, out)
        return self._passed(rows, out).reshape(states.shape).to(states.dtype)

    def read(self, states: torch.Tensor) -> torch.Tensor:
        """Return the ids [token, part, choice] that a forward would choose for states, without one."""
        return self.choose(self._rows(states))

    def _rows(self, states: torch.Tensor) -> torch.Tensor:
        parts, _, width = self.codes.shape
        rows = states.reshape(-1, parts, width).float()
        return F.layer_norm(rows, (width,)) if self.rules.normalise else rows

    def taken(self, texts: torch.Size | tuple[int, ...]) -> torch.Tensor:
        """Return the ids of the last pass by text, [text, token, part, choice], of texts [text, token]."""
        return self.ids.reshape(*texts, *self.ids.shape[1:])

    def choose(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the ids [token, part, choice] of the most similar codes of rows [token, part, width]."""
        found = []
        for part, codes in enumerate(self.codes.detach()):
            if self.rules.pursuit and self.k > 1:
                found.append(_in_turn(rows[:, part], codes, self.k))
                continue
            if self.rules.similarity == "cosine":
                like = rows[:, part] @ F.normalize(codes, dim=-1).T
            else:
                like = rows[:, part] @ codes.T - codes.square().sum(-1) / 2
            found.append(like.argmax(1, keepdim=True) if self.k == 1 else like.topk(self.k, dim=1).indices)
        return torch.stack(found, 1)

    def stand(self, ids: torch.Tensor) -> torch.Tensor:
        """Return what ids [token, part, choice] stand for, [token, part, width]; -1 adds nothing."""
        parts = torch.arange(len(self.codes), device=ids.device)[:, None]
        chosen = self.codes[parts, ids.clamp(min=0)] * (ids >= 0)[..., None]
        whole = chosen.sum(2)
        return whole / self.k if self.rules.output == "mean" else whole

    def targets(self) -> torch.Tensor:
        """Return what each choice of the last pass should stand for, [token, part, choice, width]: all of the row, or
        what the other choices leave of it where codes are chosen for that."""
        rows = self.seen[:, :, None].expand(-1, -1, self.k, -1)
        if not self.rules.pursuit or self.k == 1:
            return rows
        parts = torch.arange(len(self.codes), device=rows.device)[:, None]
        return rows - self.stand(self.ids)[:, :, None] + self.codes.detach()[parts, self.ids]

    def _distance(self, rows: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        drawn = (out - rows.detach()).square().sum((1, 2)).mean()
        return drawn + self.rules.commitment * (out.detach() - rows).square().sum((1, 2)).mean()

    def _passed(self, rows: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        """Return `out` with the gradient handed on to what came in, and to the codes where they learn by it."""
        if self.rules.rotate:
            turned = rotated(rows, out.detach())
            return turned + (out - out.detach())
        return out + (rows - rows.detach())


def _in_turn(rows: torch.Tensor, codes: torch.Tensor, k: int) -> torch.Tensor:
    """Return the ids [row, choice] of codes, each nearest to what is left of its row; one may come again."""
    between = codes @ codes.T
    like = rows @ codes.T - between.diagonal() / 2
    ids = [like.argmax(1)]
    for _ in range(k - 1):
        like -= between[ids[-1]]
        ids.append(like.argmax(1))
    return torch.stack(ids, 1)


def rotated(rows: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """Return `out` as the rotation and stretch of `rows` that takes them there; the gradient is turned likewise."""
    one, two = F.normalize(rows, dim=-1).detach(), F.normalize(out, dim=-1).detach()
    half = F.normalize(one + two, dim=-1)
    turned = rows - 2 * half * (half * rows).sum(-1, keepdim=True) + 2 * two * (one * rows).sum(-1, keepdim=True)
    stretch = out.norm(dim=-1, keepdim=True) / rows.detach().norm(dim=-1, keepdim=True).clamp(min=1e-12)
    return turned * stretch


@torch.no_grad()
def follow(book: Book) -> None:
    """Move codes that learn as running means towards what they were chosen for in the last pass."""
    keep, targets = book.rules.decay, book.targets()
    for part in range(len(book.codes)):
        ids = book.ids[:, part].reshape(-1)
        rows = targets[:, part].reshape(len(ids), -1)
        had = torch.bincount(ids, minlength=book.codes.shape[1]).float()
        book.count[part].mul_(keep).add_(had, alpha=1 - keep)
        sums = torch.zeros_like(book.total[part]).index_add_(0, ids, rows)
        book.total[part].mul_(keep).add_(sums, alpha=1 - keep)
        some = book.count[part] > 1e-3
        book.codes[part, some] = book.total[part, some] / book.count[part, some, None]


@torch.no_grad()
def restart(book: Book, least: float, draw: torch.Generator) -> int:
    """Move codes chosen less than `least` times a step to rows of the last pass, drawn by distance; return how many.

    Where codes are chosen one after another, to what all choices but the last left of those rows.
    """
    moved, targets = 0, book.targets()[:, :, -1]
    for part in range(len(book.codes)):
        dead = (book.count[part] < least).nonzero()[:, 0]
        rows = book.seen[:, part]
        far = (rows - book.stand(book.ids)[:, part]).square().sum(1)
        dead = dead[: int((far > 0).sum())]
        if len(dead):
            picked = targets[:, part][torch.multinomial(far, len(dead), generator=draw)]
            book.codes[part, dead], book.count[part, dead] = picked, 4 * least
            book.total[part, dead] = picked * 4 * least
            moved += len(dead)
    return moved
