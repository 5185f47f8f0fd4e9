"""Which discrete codes do the hidden states fall into?"""

from probes.codebooks.analysis import CodebookResult, CodebookSpec

__all__ = ["CodebookResult", "CodebookSpec"]
