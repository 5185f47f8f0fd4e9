"""What shape is the cloud of embeddings, at every layer? Measures are arrays in, numbers out."""

from probes.geometry.analysis import GeometryResult, GeometrySpec
from probes.geometry.contextual import ContextualResult, ContextualSpec
from probes.geometry.maps import MapResult, MapSpec
from probes.geometry.measures import MEASURES, Measure, measure

__all__ = [
    "MEASURES",
    "ContextualResult",
    "ContextualSpec",
    "GeometryResult",
    "GeometrySpec",
    "MapResult",
    "MapSpec",
    "Measure",
    "measure",
]
