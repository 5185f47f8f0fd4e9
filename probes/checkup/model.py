"""Is what Strata reads what the model computes? Compared, layer by layer, with the model's own account."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from probes.checkup.names import short
from probes.contract import Displayed, Progress
from probes.models.choice import ReadsModel
from probes.values import Source


class ModelSpec(ReadsModel):
    """Load a model and check, layer by layer, that what is read is what it computes."""

    kind: ClassVar[str] = "model"


@dataclass(frozen=True)
class ModelResult(Displayed):
    """A loaded model's facts and its self-check."""

    name: str
    family: str
    parameters: int
    millions: float
    depth: int
    width: int
    heads: int
    vocabulary: int
    context: int
    """Tokens a text may have."""
    tokenizer: str
    """How it cuts text."""
    sites: str
    """Where the layers are, as paths of the model's modules."""
    checks: pd.DataFrame
    """One row a question: name, passed, detail, difference (the largest), limit (0: nothing measured), warning."""
    asked: int
    passed: int
    largest: float
    """The largest difference between what was read and what the model says, over all the questions."""
    source: Source

    @property
    def sound(self) -> bool:
        """Whether every question that must pass did."""
        return bool((self.checks["passed"] | self.checks["warning"]).all())

    def headline(self) -> str:
        """State what the model is and whether it is read correctly."""
        if self.passed == self.asked:
            verdict = f"all {self.asked} self-checks pass"
        else:
            verdict = f"{self.passed} of {self.asked} self-checks pass"
        return (
            f"{self.name}: {self.depth} layers of {self.width}, {self.millions:.1f} M parameters; {verdict}, "
            f"the largest difference {self.largest:.0e}."
        )

    def frame(self) -> pd.DataFrame:
        """Return the self-check."""
        return self.checks


def run(spec: ModelSpec, progress: Progress) -> ModelResult:
    """Load and check; raises StrataError, naming the rows that failed, when the model is not fit to be read."""
    from probes.checkup.pieces import kind_of  # on use, as below: listing the analyses must not import torch
    from probes.models import check, loaded
    from probes.models.provenance import source_of

    progress.report(0, 1, "reading weights")
    model = loaded(spec)
    progress.report(0.7, 1, "self-check")
    found = check.check(model)  # of the model as it stands now, also when it was warm
    check.require(model, found)
    table = found.table()
    config = model.net.config
    return ModelResult(
        name=short(spec.model),
        family=model.family,
        parameters=model.parameters,
        millions=model.parameters / 1e6,
        depth=model.depth,
        width=model.width,
        heads=int(getattr(config, "num_attention_heads", 0) or 0),
        vocabulary=int(model.net.get_input_embeddings().num_embeddings),
        context=model.context,
        tokenizer=kind_of(model.tokenizer),
        sites=" and ".join(path for path in model.sites.paths if path),
        checks=table,
        asked=len(table),
        passed=int(table["passed"].sum()),
        largest=float(np.max(table["difference"])),
        source=source_of(model, corpus="two lines of code", texts=check.TEXTS, seed=0),
    )
