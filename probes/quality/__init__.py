"""How good are embeddings, and at which price? Judged by pairs that people rated, or that must find each other."""

from probes.quality.grid import GridResult, GridSpec

__all__ = ["GridResult", "GridSpec"]
