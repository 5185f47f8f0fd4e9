"""What kinds of codebooks are called and the numbers that describe them, without what fits them (and imports torch)."""

from typing import Literal

Kind = Literal["kmeans", "spherical", "product", "residual"]

LEVELS = 16
"""Gains that a spherical codebook tells apart: 4 bits."""
MOST = 1 << 16
"""Rows of noise made at most: they are held in memory."""
DUPLICATE = 0.95
"""Cosine beyond which two codes are called duplicates."""
