"""Where a layer's trees are right and where they fail: by kind of constituent, by length, by depth, with examples."""

import numpy as np
import pandas as pd

from probes.syntax.evaluate import Answers
from probes.syntax.spans import matched


def recall(answers: Answers, series: int) -> pd.DataFrame:
    """Return one row a true label, most frequent first: label, recall, n."""
    used, _ = matched(answers.gold, answers.spans(series), int(answers.starts[-1]))
    n = np.bincount(answers.gold.label, minlength=len(answers.names.labels))
    found = np.bincount(answers.gold.label[used], minlength=len(n))
    order = [i for i in np.lexsort((np.array(answers.names.labels), -n)) if n[i]]
    return pd.DataFrame(
        {"label": [answers.names.labels[i] for i in order], "recall": found[order] / n[order], "n": n[order]}
    )
