"""Measures of whether translations are near each other in one space, of two arrays [row, width].

Each is its Gram-level function given the cosines of the two sides; MEXA's are rounded to float32, as published.
"""

import numpy as np

from probes.alignment import hubs, mexa, retrieval, separation
from probes.alignment.checks import cosines, flat, pair
from probes.alignment.grams import similarities


def mexa_share(x: np.ndarray, y: np.ndarray) -> float:
    """Return MEXA: strict mutual nearest translations."""
    return float(mexa.mexa(similarities(*pair(x, y, what="MEXA"))))


def mexa_csls(x: np.ndarray, y: np.ndarray) -> float:
    """Return MEXA of similarities corrected for hubs."""
    return float(mexa.mexa(_csls(x, y, "MEXA")))


def precision(x: np.ndarray, y: np.ndarray) -> float:
    """Return P@1, mean of both ways; a tie is a miss."""
    return float(retrieval.precision_at(cosines(x, y, "Retrieval")))


def reciprocal_rank(x: np.ndarray, y: np.ndarray) -> float:
    """Return MRR, mean of both ways."""
    return float(retrieval.reciprocal_rank(cosines(x, y, "Retrieval")))


def csls_precision(x: np.ndarray, y: np.ndarray) -> float:
    """Return P@1 by CSLS with 10 neighbours, mean of both ways."""
    return float(retrieval.precision_at(_csls(x, y, "CSLS")))


def margin(x: np.ndarray, y: np.ndarray) -> float:
    """Return the mean distance of a translation's cosine from its best rival's."""
    return float(separation.margin(cosines(x, y, "The margin")))


def dprime(x: np.ndarray, y: np.ndarray) -> float:
    """Return d' of the cosines of translations against those of other pairs."""
    value = float(separation.dprime(cosines(x, y, "d'")))
    if np.isnan(value):
        flat("Neither the cosines of translations nor those of other pairs vary.")
    return value


def hubness(x: np.ndarray, y: np.ndarray) -> float:
    """Return the skewness of how often a row of y is among the 10 nearest of a row of x."""
    return float(hubs.hubness(cosines(x, y, "Hubness")))


def _csls(x: np.ndarray, y: np.ndarray, what: str) -> np.ndarray:
    return np.round(hubs.csls(cosines(x, y, what)), 12)
