"""A TopK sparse autoencoder, trained here: the peer that codebooks are compared with (Gao et al., 2024).

The k largest of relu(E (x - center) + b) times the rows of a decoder of unit length. Trained by Adam on the squared
error, with the decoder's rows put back to length one after every step. Latents that no token of a pass took start again
at a state drawn by its error, which is simpler than the auxiliary loss of the paper. Coefficients become one of 16
levels afterwards, as in the other sparse codebooks.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.functional import normalize

from probes.codebooks import kmeans
from probes.codebooks.book import centred
from probes.codebooks.kmeans import Options, Tell
from probes.codebooks.rows import Rows, center_of
from probes.codebooks.sparse import SAMPLE, Sparse, levels_of, start

BATCH, RATE = 256, 2e-3
"""Rows a step, and Adam's learning rate for states scaled to a mean square of one."""
EPOCHS = 2
"""Passes of training for each pass that the other methods are given: a step of gradient moves less than a mean."""


@dataclass(frozen=True, eq=False)
class TopK(Sparse):
    """Atoms chosen by an encoder of their own, all at once."""

    encoder: torch.Tensor = torch.zeros(0)
    """float32 [code, width]"""
    bias: torch.Tensor = torch.zeros(0)
    """float32 [code]"""

    def features(self, centred: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the exact coefficients of the atoms that rows without their center have, and the atoms, [row, k]."""
        gains, atoms = torch.addmm(self.bias, centred, self.encoder.T).topk(self.k, 1)
        return gains.clamp(min=0), atoms

    def _ids(self, centred: torch.Tensor) -> torch.Tensor:
        gains, atoms = self.features(centred)
        return torch.cat([atoms, self.level(gains)], 1)


def fit(rows: Rows, options: Options, k: int = 1, tell: Tell = kmeans.silent) -> TopK:
    """Return a trained autoencoder: the same bits for the same seed on the same machine."""
    kmeans.check(options.codes, len(rows))
    center, draw = center_of(rows), np.random.default_rng(options.seed)
    whole = centred(rows, center)
    scale = float(torch.cat([b.square().mean(1) for _, b in whole.blocks()]).mean().sqrt())
    scaled = whole.seen(rows.width, lambda block, _: block / scale)
    atoms = start(whole, options.codes, draw)
    net = [atoms.clone(), atoms.new_zeros(len(atoms)), atoms.clone()]  # encoder, bias, decoder
    passes = EPOCHS * options.passes
    adam = torch.optim.Adam([part.requires_grad_() for part in net], RATE, betas=(0.9, 0.999))
    for number in range(passes):
        taken, far = _pass(scaled, net, adam, k, draw)
        if number < passes - 1:
            _restart(scaled, net, (taken, far), draw)
        tell((number + 1) / (passes + 1))
    encoder, bias, decoder = (part.detach() for part in net)
    book = TopK(center, decoder[None], center.new_zeros(0), k, encoder, bias * scale)
    return replace(book, levels=levels_of(book.features(whole.at(slice(0, SAMPLE)))[0], options))


def _pass(
    rows: Rows, net: list[torch.Tensor], adam: torch.optim.Optimizer, k: int, draw: np.random.Generator
) -> tuple[torch.Tensor, np.ndarray]:
    """Take a step a batch, in an order drawn; return how many rows took each latent, and each row's error."""
    encoder, bias, decoder = net
    taken, far = torch.zeros(len(bias), dtype=torch.int64, device=bias.device), np.zeros(len(rows))
    order = draw.permutation(len(rows))
    for first in range(0, len(rows), BATCH):
        mine = np.sort(order[first : first + BATCH])
        block = rows.at(mine)
        gains, atoms = torch.addmm(bias, block, encoder.T).topk(k, 1)
        gains = gains.relu()
        found = torch.einsum("rk,rkw->rw", gains, decoder[atoms])
        error = (block - found).square().sum(1)
        adam.zero_grad()
        error.mean().backward()
        adam.step()
        with torch.no_grad():
            decoder.copy_(normalize(decoder))
        taken += torch.bincount(atoms[gains > 0], minlength=len(taken))
        far[mine] = error.detach().cpu().numpy()
    return taken, far


@torch.no_grad()
def _restart(
    rows: Rows, net: list[torch.Tensor], seen: tuple[torch.Tensor, np.ndarray], draw: np.random.Generator
) -> None:
    """Point latents that nothing took at rows drawn by their error."""
    encoder, bias, decoder = net
    taken, far = seen
    dead = (taken == 0).nonzero()[:, 0]
    n = min(len(dead), int(np.count_nonzero(far)))
    if n:
        new = normalize(rows.at(np.sort(draw.choice(len(rows), n, replace=False, p=far / far.sum()))))
        encoder[dead[:n]], decoder[dead[:n]], bias[dead[:n]] = new, new, 0.0
