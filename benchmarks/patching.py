"""Patching every layer and token of a prompt, against one forward pass a patch; the ratio is of one process.

    python benchmarks/patching.py                 # SmolLM2, the page's demo
    python benchmarks/patching.py --sample 40     # time fewer of the single patches, and scale up

Both ways give the same values to 1e-3 of the largest, or this fails.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from probes.intervention import PatchingSpec
from probes.models import hidden_states, language_model, loaded
from probes.models.alone import Head
from probes.models.grafting import Graft, grafted, plain


def main() -> None:
    """Time both, compare their logits, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="single patches that are timed; all of them by default")
    sample = parser.parse_args().sample
    asked = PatchingSpec()
    lm = language_model(loaded(asked))
    head = Head(lm)
    encoded, n = lm.model.encode([asked.other]), lm.model.encode([asked.prompt]).ids.shape[1]
    donor = hidden_states(lm.model, lm.model.encode([asked.prompt]), [str(i) for i in range(lm.model.depth + 1)])
    grafts = [Graft(layer, i, i) for layer in range(lm.model.depth + 1) for i in range(n)]
    start = time.perf_counter()
    parts = [head.logits(last[:, -1, None], norm=False)[:, 0] for last in grafted(lm.model, encoded, donor, grafts)]
    together, found = time.perf_counter() - start, torch.cat(parts)
    some = grafts[:: max(1, len(grafts) // sample)] if sample else grafts
    start = time.perf_counter()
    single = [head.logits(plain(lm.model, encoded, donor, [one]), norm=False)[0, -1] for one in some]
    alone = (time.perf_counter() - start) * len(grafts) / len(some)
    apart = (torch.stack(single) - found[[grafts.index(one) for one in some]]).abs().max() / found.abs().max()
    assert apart < 1e-3, f"the two ways differ by {apart:.1e} of the largest logit"
    print(f"{len(grafts)} patches of {n} tokens: together {together:.2f} s, one at a time {alone:.2f} s")
    print(f"ratio {alone / together:.1f} (largest difference {apart:.0e} of the largest logit)")


if __name__ == "__main__":
    main()
