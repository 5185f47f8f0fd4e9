"""What removing the syntactic subspace costs SmolLM2, against random subspaces of equal rank and of equal variance.

    python benchmarks/causal.py                    # the run's best layer; some minutes
    python benchmarks/causal.py --layers best,20   # and others

The question is open, so the claim is only that it is answered: the headline says whether the removal hurts on held-out
code significantly more than both controls. The ratios printed are the change it makes over that of each control.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import probes

SIZES = {"n_train": 200, "n_valid": 30, "n_test": 60, "max_words": 96}
LIGHT = {"random_init": False, "controls": False, "dimensions": False}


def main() -> None:
    """Train the probe, remove what it reads, and print the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", default="best")
    layers = parser.parse_args().layers
    asked = probes.SyntaxSpec.model_validate({"model": "smollm2", **SIZES, **LIGHT}).pinned()
    print(probes.run(asked).headline())
    result = probes.run(probes.CausalSpec(run=asked.digest, layers=layers, texts=40, draws=3).pinned())
    print(result.headline())
    for note in result.source.notes:
        print(f"Note: {note}")
    print(result.frame().round(3).to_string(index=False))
    removed = result.changes[(result.changes.edit == "remove") & (result.changes.layer == result.best)]
    for text, rows in removed.groupby("text", sort=False):
        change = rows.set_index("subspace").change
        ours, *_ = change.index
        for control in change.index[1:]:
            print(f"{text}: ratio {change[ours] / change[control]:.2f} ({ours} over {control})")


if __name__ == "__main__":
    main()
