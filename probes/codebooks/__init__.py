"""Which discrete codes do the hidden states fall into?"""

from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.card import CardResult, CardSpec
from probes.codebooks.coded import CodedResult, CodedSpec
from probes.codebooks.concepts import ConceptsResult, ConceptsSpec
from probes.codebooks.search import SearchResult, SearchSpec

__all__ = [
    "CardResult",
    "CardSpec",
    "CodebookResult",
    "CodebookSpec",
    "CodedResult",
    "CodedSpec",
    "ConceptsResult",
    "ConceptsSpec",
    "SearchResult",
    "SearchSpec",
]
