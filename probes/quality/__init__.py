"""How good are embeddings, and at which price? Judged by pairs that people rated, or that must find each other."""

from probes.quality.compression import CompressionResult, CompressionSpec
from probes.quality.grid import GridResult, GridSpec
from probes.quality.pooling import PoolingResult, PoolingSpec

__all__ = ["CompressionResult", "CompressionSpec", "GridResult", "GridSpec", "PoolingResult", "PoolingSpec"]
