"""Whether the pictures of the documentation are made again, of answers at their full size; else a run is small."""

import os

SHOTS = os.environ.get("STRATA_SHOTS") == "1"
"""With STRATA_SHOTS=1; otherwise a run leaves the tree clean."""
SCHEMES = ("light", "dark") if SHOTS else ("dark",)
"""Colour schemes that pictures are taken in: all other tests look at pages in the light one."""
