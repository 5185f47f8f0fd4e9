"""The scheduler that STRATA_SCHEDULER names, when the work is not done on this machine.

    STRATA_SCHEDULER=tls://login1:8786 python -m probes sweep grid.toml

Keys for `tls://` are where Dask keeps them: its configuration file, or DASK_DISTRIBUTED__COMM__TLS__CA_FILE and
…__CLIENT__CERT, …__CLIENT__KEY (docs/cluster.md). The workers keep the same STRATA_HOME, on a disk that all can see.
"""

import asyncio
import atexit
import os
import re
import threading
from typing import Any

from probes.errors import StrataError
from probes.worker import LOGGING, configure, serve

VARIABLE = "STRATA_SCHEDULER"
_ADDRESS = re.compile(r"(?:tcp|tls)://(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}", re.ASCII)
_WAIT = 10  # seconds for the scheduler to answer

_lines: dict[str, Any] = {}
_opening = threading.Lock()


def address() -> str | None:
    """Return the scheduler's address, or None when the work is done on this machine."""
    given = os.environ.get(VARIABLE, "").strip()
    if given and not _ADDRESS.fullmatch(given):
        raise StrataError(
            "E-SCHEDULER",
            f"{VARIABLE} is '{given[:100]}'.",
            "It wants tls://HOST:PORT, or tcp://HOST:PORT in the clear.",
            "Give the address that `dask scheduler` printed, or unset it to work on this machine.",
        )
    return given or None


def client() -> Any:
    """Return this process's line to the scheduler, opening it on first use and after it broke."""
    at = address()
    assert at is not None, "asked for without a scheduler"
    with _opening:
        if at in _lines and _lines[at].status in ("running", "connecting"):
            return _lines[at]
        if not _lines:
            atexit.register(close)
        _lines[at] = _open(at)
        return _lines[at]


def _open(at: str) -> Any:
    import dask  # on use: opening a page needs no Dask

    dask.config.set(LOGGING)  # before distributed is imported, which sets up its logging by it
    from distributed import Client

    security = security_of(at, "client")
    try:
        return Client(at, security=security, set_as_default=False, timeout=_WAIT)
    except (OSError, ValueError) as error:  # a certificate of another authority is an OSError too
        why = re.sub(r"\s+", " ", str(error.__cause__ or error))[:300]
        raise StrataError(
            "E-SCHEDULER",
            f"The scheduler at {at} does not answer.",
            why,
            f"Start it, or unset {VARIABLE} to work on this machine.",
        ) from error


def security_of(at: str, role: str) -> Any:
    """Return Dask's own keys for a role (client or worker); raises StrataError E-SCHEDULER-KEYS when it has none."""
    from distributed import Security  # on use, as above

    security = Security(require_encryption=at.startswith("tls://") or None)
    wanted = ("tls_ca_file", f"tls_{role}_cert", f"tls_{role}_key")
    if at.startswith("tls://") and not all(getattr(security, name) for name in wanted):
        stem = "DASK_DISTRIBUTED__COMM__TLS__"
        raise StrataError(
            "E-SCHEDULER-KEYS",
            f"{at} wants keys, and Dask's configuration names none for the {role}.",
            fix=f"Set {stem}CA_FILE, {stem}{role.upper()}__CERT and {stem}{role.upper()}__KEY to their files.",
        )
    return security


def close() -> None:
    """Hang up; what the workers have begun goes on."""
    for line in _lines.values():
        line.close(timeout=2)
    _lines.clear()


def work() -> None:
    """Keep workers for the scheduler in this process, one a GPU, until the scheduler goes away."""
    at = address()
    if at is None:
        raise StrataError(
            "E-SCHEDULER",
            "A worker needs a scheduler to work for.",
            f"{VARIABLE} is not set.",
            f"Start `dask scheduler` and set {VARIABLE} to the address it prints.",
        )
    configure()
    asyncio.run(serve(at, security_of(at, "worker"), None, watch=False))
