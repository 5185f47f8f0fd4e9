"""Which discrete codes do the hidden states fall into?"""

from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.coded import CodedResult, CodedSpec
from probes.codebooks.equal_bits import EqualBitsResult, EqualBitsSpec
from probes.codebooks.search import SearchResult, SearchSpec
from probes.codebooks.splice import SpliceResult, SpliceSpec

__all__ = [
    "CodebookResult",
    "CodebookSpec",
    "CodedResult",
    "CodedSpec",
    "EqualBitsResult",
    "EqualBitsSpec",
    "SearchResult",
    "SearchSpec",
    "SpliceResult",
    "SpliceSpec",
]
