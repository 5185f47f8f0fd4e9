"""The language model behind a codebooks run, where it has one: what nudging and steering codes start from."""

from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.typed import same_model
from probes.errors import StrataError
from probes.models import LanguageModel, language_model
from probes.models.tasks import predicts

WHY = "Codes are steered by what the model writes next; an encoder writes nothing."
FIX = "Fit codes to a decoder, such as smollm2."


def refused(asked: CodebookSpec) -> StrataError:
    """Return the refusal for a model that does not predict the next token."""
    return StrataError("E-STEER", f"'{asked.model[:200]}' does not predict the next token.", WHY, FIX)


def decoder(asked: CodebookSpec, run: CodebookResult) -> LanguageModel:
    """Return the model with its head; raises StrataError E-STEER for an encoder, E-MODEL-MOVED for other weights."""
    if not predicts(asked.model, asked.revision):
        raise refused(asked)
    lm = language_model(same_model(asked, run))
    if lm.task != "next":
        raise refused(asked)
    return lm
