"""Which model, and will it run here? How large it is, whether it is read as it computes, and how it cuts text."""

from probes.checkup.model import ModelResult, ModelSpec
from probes.checkup.size import SizeResult, SizeSpec
from probes.checkup.tokens import TokensResult, TokensSpec

__all__ = ["ModelResult", "ModelSpec", "SizeResult", "SizeSpec", "TokensResult", "TokensSpec"]
