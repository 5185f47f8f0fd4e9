"""Features of an encoder that somebody else trained, as a codebook: which a state has, and what they add up to.

A TopK autoencoder (Gao et al., 2024) names the k largest features of a state. Where its file has a decoder that is what
features stand for; where it has none, a decoder is fitted to the fitted tokens, by least squares with the features held
as they are. Coefficients become one of 16 levels, as in the other sparse codebooks.
"""

from dataclasses import replace

import torch
from torch.nn import functional as F

from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.book import centred
from probes.codebooks.kmeans import Options
from probes.codebooks.rows import Rows, center_of
from probes.codebooks.sparse import RIDGE, SAMPLE, levels_of
from probes.codebooks.topk import TopK
from probes.errors import StrataError
from probes.models.encoders import Encoder, read

STEPS, MOST = 40, 1 << 16
"""Steps of conjugate gradients, and fitted rows, that a decoder is made by at most."""
_BLOCK = 1024


def book(encoder: Encoder, rows: Rows, options: Options) -> TopK:
    """Return the codebook of an encoder, read on rows; StrataError E-ENCODER when it is for states of another width."""
    if encoder.weights.shape[1] != rows.width:
        what = f"The encoder is for states of width {encoder.weights.shape[1]}, and these have {rows.width}."
        raise StrataError("E-ENCODER", what, fix="Name the model and the layer that it was trained on.")
    mean = center_of(rows)
    found = _on(encoder, mean if encoder.center is None else encoder.center.to(mean))
    whole = centred(rows, found.center)
    levels = levels_of(found.features(whole.at(slice(0, SAMPLE)))[0], options)
    if encoder.decoder is None:
        codes, less = decoder(found, whole)
        found = replace(_on(encoder, mean - less), codes=codes[None])
    return replace(found, levels=levels)


def again(asked: CodebookSpec, run: CodebookResult, at: int) -> TopK:
    """Return the codebook of a finished run; StrataError E-ENCODER when its encoder's file has changed since."""
    center, codes, levels = (torch.from_numpy(part[at].copy()) for part in (run.centers, run.codes, run.levels))
    return replace(_on(read(asked.encoder), center), codes=codes, levels=levels)


def _on(encoder: Encoder, center: torch.Tensor) -> TopK:
    """Return the encoder as what reads states less a center; it takes its own off them, if it has one."""
    weights, bias = encoder.weights.to(center), encoder.bias.to(center)
    own = torch.zeros_like(center) if encoder.center is None else encoder.center.to(center)
    bias = bias + weights @ (center - own)
    codes = weights if encoder.decoder is None else encoder.decoder.to(center)
    return TopK(center, codes[None], center.new_zeros(0), encoder.k, weights, bias)


def decoder(found: TopK, rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    """Return float32 [code, width], and what rows have on average by them [width].

    Least squares with a ridge and an intercept, for features as they are, by conjugate gradients: of at most `MOST`
    rows. A feature that no row has stands for nothing.
    """
    target = rows.at(slice(0, MOST))
    gains, atoms = (torch.cat(part) for part in zip(*map(found.features, target.split(_BLOCK)), strict=True))
    size = len(found.bias)
    sums = gains.new_zeros(size).index_add_(0, atoms.flatten(), gains.flatten())
    mean, ridge = sums / len(gains), RIDGE * gains.square().sum() / (sums > 0).sum().clamp(min=1)

    def made(codes: torch.Tensor) -> torch.Tensor:
        return F.embedding_bag(atoms, codes, per_sample_weights=gains, mode="sum") - mean @ codes

    def across(values: torch.Tensor) -> torch.Tensor:
        out = -torch.outer(mean, values.sum(0))
        for g, a, v in zip(gains.split(_BLOCK), atoms.split(_BLOCK), values.split(_BLOCK), strict=True):
            out.index_add_(0, a.flatten(), (g[:, :, None] * v[:, None]).flatten(0, 1))
        return out

    left = across(target)
    codes, step, size_of = torch.zeros_like(left), left.clone(), left.square().sum(0)
    for _ in range(STEPS):
        turned = across(made(step)) + ridge * step
        rate = size_of / (step * turned).sum(0).clamp(min=1e-30)
        codes += rate * step
        left -= rate * turned
        now = left.square().sum(0)
        step = left + now / size_of.clamp(min=1e-30) * step
        size_of = now
    codes[sums == 0] = 0
    return codes, mean @ codes
