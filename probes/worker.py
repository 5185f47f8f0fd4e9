"""The warm worker: a process of its own that joins the scheduler whose address and keys come on standard input.

It is started as `python -m probes.worker`, not through multiprocessing: that would run the interface's main script
once more in the child, which would start a worker of its own, and so on.
"""

import asyncio
import atexit
import json
import os
import subprocess
import sys
import threading
from functools import cache
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
}
LOGGING = {"logging": {"distributed": "warning"}}


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


_starting = threading.Lock()


def client() -> Any:
    """Return the interface's line to the worker, starting scheduler and worker on first use and after a death."""
    with _starting:  # two sessions must not start two workers
        client, started = _cluster()
        if started.poll() is not None:  # its keeper died, so nobody restarts the worker: begin again
            stop()
            client, _ = _cluster()
        return client


@cache
def _cluster() -> tuple[Any, Any]:
    import dask  # on use: opening a page needs no Dask

    dask.config.set(LOGGING)  # before distributed is imported, which sets up its logging by it
    from distributed import Client, LocalCluster, Security

    dask.config.set({"distributed.scheduler.allowed-failures": 3})
    dask.config.set({"distributed.scheduler.http.routes": []})  # its pages would tell everybody here what is asked
    security = Security.temporary()  # on a shared machine loopback is not private
    cluster = LocalCluster(
        n_workers=0,
        host=f"tls://{HOST}",
        dashboard_address=f"{HOST}:0",  # nothing is served there, but the port is opened
        scheduler_kwargs={"dashboard": False},
        security=security,
    )
    started = start(cluster.scheduler_address, security)
    client = Client(cluster, security=security, set_as_default=False)
    atexit.register(stop)
    return client, started


def stop() -> None:
    """End the worker and its scheduler, in the order in which nobody is left talking to nobody."""
    if not _cluster.cache_info().currsize:
        return
    client, started = _cluster()
    started.terminate()
    started.communicate()  # closes its input, and leaves no zombie
    client.close(timeout=2)
    client.cluster.close(timeout=2)
    _cluster.cache_clear()


async def serve(address: str, keys: dict[str, str]) -> None:
    """Work until the scheduler or the interface goes away; a process that dies in a job is replaced."""
    import dask  # on use, here and below: the interface only starts this module

    dask.config.set(LOGGING)  # before distributed is imported, which sets up its logging by it
    from distributed import Nanny, Security

    dask.config.set(SETTINGS)  # after, or its defaults come back
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
