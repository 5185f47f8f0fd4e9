"""The warm worker: a process of its own that joins the scheduler whose address and keys come on standard input.

It is started as `python -m probes.worker`, not through multiprocessing: that would run the interface's main script
once more in the child, which would start a worker of its own, and so on.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from probes.store import home

HOST = "127.0.0.1"
KEYS = ("tls_ca_file", "tls_client_cert", "tls_client_key", "tls_scheduler_cert", "tls_scheduler_key",
        "tls_worker_cert", "tls_worker_key")  # fmt: skip

SETTINGS = {
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,  # it would look at the stack a hundred times a second
    # Dask would give torch one thread, and every freed tensor back to the system: training took three times as long
    "distributed.nanny.pre-spawn-environ": {},
    "logging": {"distributed": "warning"},
}


def start(address: str, security: Any) -> "subprocess.Popen[bytes]":
    """Start a worker for the scheduler at `address`; the temporary keys never touch the disk or the process list."""
    # the interface may run in another folder and have found this package by its own means
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path}
    process = subprocess.Popen([sys.executable, "-m", "probes.worker"], stdin=subprocess.PIPE, env=environment)
    keys = {key: getattr(security, key) for key in KEYS}
    assert process.stdin is not None
    process.stdin.write(json.dumps({"address": address, "keys": keys}).encode() + b"\n")
    process.stdin.flush()  # left open: its end tells the worker that the interface is gone
    return process


async def serve(address: str, keys: dict[str, str]) -> None:
    """Work until the scheduler or the interface goes away; a process that dies in a job is replaced."""
    import dask  # on use, here and below: the interface only starts this module

    dask.config.set(SETTINGS)  # before distributed is imported, which sets up its logging by them
    from distributed import Nanny, Security

    # one thread: torch brings its own, and two jobs at once would only slow each other
    nanny = Nanny(
        address,
        nthreads=1,
        security=Security(require_encryption=True, **keys),
        memory_limit=0,  # the store keeps memory bounded; Dask's own limit would kill a worker that loads a model
        host=HOST,  # Dask would listen on every interface
        dashboard=False,
        dashboard_address=f"{HOST}:0",  # nothing is served there, but the port is opened
        local_directory=str(home() / "worker"),
        death_timeout=30,
    )
    async with nanny:
        orphaned = asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        await asyncio.wait([asyncio.ensure_future(nanny.finished()), orphaned], return_when=asyncio.FIRST_COMPLETED)


if __name__ == "__main__":
    given = json.loads(sys.stdin.buffer.readline())
    asyncio.run(serve(given["address"], given["keys"]))
