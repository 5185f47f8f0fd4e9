"""Runs an analysis here, or in a warm worker process that keeps models loaded: one interface, Dask underneath.

Only JSON goes in and only files (or, for live questions, the bytes of such files) come out. The interface process
never loads a model. What a job says of itself is in the store's journal, where every tab and process reads it.
"""

from probes.engine.here import run
from probes.engine.jobs import ask, cancel, submit, warm, width
from probes.engine.standing import State, Status, status

__all__ = ["State", "Status", "ask", "cancel", "run", "status", "submit", "warm", "width"]
