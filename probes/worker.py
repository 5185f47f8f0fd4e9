"""The warm worker: a process of its own that joins the scheduler whose address and keys come on standard input.

It is started as `python -m probes.worker`, not through multiprocessing: that would run the interface's main script
once more in the child, which would start a worker of its own, and so on. It keeps one process a GPU, or one.
"""

import asyncio
import atexit
import json
import os
import subprocess
import sys
import threading
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from typing import Any

from probes import devices
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


def lost(line: Any) -> bool:
    """Say whether a line leads to a local worker whose keeper has died: nobody takes its jobs up again."""
    keeper = _keepers.get(id(line))
    return keeper is not None and keeper.poll() is not None


_keepers: dict[int, "subprocess.Popen[bytes]"] = {}


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
    _keepers[id(client)] = started
    atexit.register(stop)
    return client, started


def stop() -> None:
    """End the worker and its scheduler, in the order in which nobody is left talking to nobody."""
    if not _cluster.cache_info().currsize:
        return
    client, started = _cluster()
    _keepers.pop(id(client), None)  # first: what is stopped on purpose is not lost
    started.terminate()
    started.communicate()  # closes its input, and leaves no zombie
    client.close(timeout=2)
    client.cluster.close(timeout=2)
    _cluster.cache_clear()


async def serve(address: str, security: Any, host: str | None, watch: bool) -> None:
    """Keep one worker process a GPU until the scheduler (or, to `watch`, the interface) goes away; replace the dead."""
    from distributed import Nanny

    async with AsyncExitStack() as kept:
        nannies = [
            await kept.enter_async_context(
                Nanny(
                    address,
                    nthreads=1,  # torch brings its own threads, and two jobs at once would only slow each other
                    env=environment,
                    security=security,
                    memory_limit=0,  # the store bounds memory; Dask's limit would kill a worker that loads a model
                    host=host,
                    dashboard=False,
                    dashboard_address=f"{HOST}:0",  # nothing is served there, but the port is opened
                    local_directory=str(home() / "worker"),
                    death_timeout=30,
                )
            )
            for environment in devices.environments()
        ]
        ends = [asyncio.ensure_future(nanny.finished()) for nanny in nannies]
        if watch:
            ends.append(asyncio.ensure_future(asyncio.to_thread(sys.stdin.buffer.read)))
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)


def main() -> None:
    """Work for the interface that started this process and writes to its input."""
    configure()
    from distributed import Security

    given = json.loads(sys.stdin.buffer.readline())
    security = Security(require_encryption=True, **given["keys"])
    asyncio.run(serve(given["address"], security, HOST, watch=True))  # else Dask would listen on every interface


def configure() -> None:
    """Set up Dask for a process that keeps workers."""
    import dask  # on use, here and above: the interface only starts this module

    dask.config.set(LOGGING)  # before distributed is imported, which sets up its logging by it
    import distributed  # noqa: F401

    dask.config.set(SETTINGS)  # after, or its defaults come back


if __name__ == "__main__":
    main()
