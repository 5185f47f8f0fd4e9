"""Which discrete codes do the hidden states fall into?"""

from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.coded import CodedResult, CodedSpec
from probes.codebooks.search import SearchResult, SearchSpec
from probes.codebooks.tokfsm import TokfsmResult, TokfsmSpec

__all__ = [
    "CodebookResult",
    "CodebookSpec",
    "CodedResult",
    "CodedSpec",
    "SearchResult",
    "SearchSpec",
    "TokfsmResult",
    "TokfsmSpec",
]
