"""Linear probes of all layers, three seeds and five penalties, in one pass against scikit-learn's one at a time.

Both learn identifier roles from the same standardised states of MiniLM, the penalty is chosen by validation accuracy,
and the mean test accuracy over layers and seeds must agree within half a point. Prints the ratio of the times.
"""

import sys
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from sklearn.linear_model import LogisticRegression

from probes.contract import Progress
from probes.probing import ProbingSpec, linear
from probes.probing.analysis import TRAINED
from probes.probing.answers import answered
from probes.probing.problems import PENALTIES, Problems
from probes.probing.reading import read
from probes.probing.study import split

LEAST, APART = 20.0, 0.005


def chosen(hits: np.ndarray, task: Any) -> float:
    """Return the mean test accuracy over the seeds, of hits [seed, penalty, place], penalties chosen on validation."""
    found = []
    for seed, valid in enumerate(task.valid):
        best = hits[seed][:, valid].mean(1).argmax()
        found.append(hits[seed][best][task.test].mean())
    return float(np.mean(found))


def ours(rows: Any, answers: Any, task: Any) -> np.ndarray:
    """Return what every probe says is right [seed, penalty, place]."""
    problems = Problems.crossed([answers.values], task.train, task.classes)
    said = linear.outputs(rows, linear.fit(rows, problems)).argmax(-1).T.numpy()
    return (said == answers.values).reshape(len(task.train), len(PENALTIES), -1)


def theirs(rows: Any, answers: Any, task: Any) -> np.ndarray:
    """Return the same of scikit-learn, fitted one at a time with its own defaults but for more iterations."""
    wide, found = rows.numpy(), []
    for train in task.train:
        for penalty in PENALTIES:
            probe = LogisticRegression(C=1 / (penalty * train.sum()), max_iter=1000)
            found.append(probe.fit(wide[train], answers.values[train]).predict(wide) == answers.values)
    return np.stack(found).reshape(len(task.train), len(PENALTIES), -1)


def main(n: int) -> None:
    """Time both on the same places and print the ratio."""
    warnings.simplefilter("ignore")
    spec = ProbingSpec(n=n, random_init=False)
    examples, answers, _ = answered(read(spec, Progress()), spec.label, spec.task)
    task = split(examples, answers, spec)
    times, scores = {"ours": 0.0, "scikit-learn": 0.0}, {"ours": [], "scikit-learn": []}
    for layer in examples.layers:
        rows = task.features(examples.at(TRAINED, layer))
        for name, fit in (("ours", ours), ("scikit-learn", theirs)):
            start = time.perf_counter()
            hits = fit(rows, answers, task)
            times[name] += time.perf_counter() - start
            scores[name].append(chosen(hits, task))
        print(f"layer {layer}: accuracy {scores['ours'][-1]:.4f}, scikit-learn {scores['scikit-learn'][-1]:.4f}")
    mine, other = (float(np.mean(scores[name])) for name in times)
    ratio = times["scikit-learn"] / times["ours"]
    many = len(examples.layers) * len(task.train) * len(PENALTIES)
    print(f"{many} probes on {int(task.train.sum(1).mean())} places")
    print(f"ours {times['ours']:.2f} s, accuracy {mine:.4f}; scikit-learn {times['scikit-learn']:.2f} s, {other:.4f}")
    print(f"ratio {ratio:.1f} (target {LEAST:.0f}), accuracy apart {abs(mine - other):.4f} (target below {APART})")
    sys.exit(0 if ratio >= LEAST and abs(mine - other) < APART else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
