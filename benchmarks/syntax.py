"""Where the syntax tree of Python lives in MiniLM, with 2,000 training functions, by our recipe or the published one.

    python benchmarks/syntax.py               # ours; some minutes
    python benchmarks/syntax.py --published   # the paper's recipe and input mode on the same functions

Claim: the middle layers (2 to 4) beat layer 0, the last layer and every layer of the randomly initialised model, with
95 % intervals that do not overlap. The ratio printed is the lowest of those three over the highest of the others.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import probes

PUBLISHED = {"recipe": "published", "input": "leaves", "rank": 128, "batch": 32, "epochs": 20, "rate": 0.001}


def main() -> None:
    """Run the study and print the table and the claim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--published", action="store_true")
    more = PUBLISHED if parser.parse_args().published else {}
    result = probes.run(probes.SyntaxSpec.model_validate({"n_train": 2000, "n_valid": 200, "n_test": 400, **more}))
    scores = result.scores
    print(result.headline())
    for note in result.source.notes:
        print(f"Note: {note}")
    print(scores.pivot(index="series", columns="layer", values="f1").round(3).to_string())
    own = scores[scores.series == "trained model"].set_index("layer")
    rivals = [own.loc[["0", "6"]], scores[scores.series == "random init"]]
    middle = own.loc[["2", "3", "4"]]
    lowest, highest = middle.low.min(), max(rows.high.max() for rows in rivals)
    print(f"layers 2 to 4: lower bounds from {lowest:.3f}; layers 0, 6 and random init: upper bounds to {highest:.3f}")
    print(f"ratio {middle.f1.min() / max(rows.f1.max() for rows in rivals):.2f} (claim: intervals do not overlap)")


if __name__ == "__main__":
    main()
