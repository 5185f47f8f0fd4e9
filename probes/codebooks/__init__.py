"""Which discrete codes do the hidden states fall into?"""

from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.card import CardResult, CardSpec
from probes.codebooks.coded import CodedResult, CodedSpec
from probes.codebooks.concepts import ConceptsResult, ConceptsSpec
from probes.codebooks.equal_bits import EqualBitsResult, EqualBitsSpec
from probes.codebooks.patch import CodePatchResult, CodePatchSpec
from probes.codebooks.search import SearchResult, SearchSpec
from probes.codebooks.splice import SpliceResult, SpliceSpec
from probes.codebooks.steer import CodeSteerResult, CodeSteerSpec
from probes.codebooks.tokfsm import TokfsmResult, TokfsmSpec

__all__ = [
    "CardResult",
    "CardSpec",
    "CodebookResult",
    "CodebookSpec",
    "CodedResult",
    "CodedSpec",
    "ConceptsResult",
    "ConceptsSpec",
    "EqualBitsResult",
    "EqualBitsSpec",
    "CodePatchResult",
    "CodePatchSpec",
    "SearchResult",
    "SearchSpec",
    "SpliceResult",
    "SpliceSpec",
    "CodeSteerResult",
    "CodeSteerSpec",
    "TokfsmResult",
    "TokfsmSpec",
]
