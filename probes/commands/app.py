"""Open Strata in the browser: the server, at an address that is safe to listen on."""

import argparse
import ipaddress
import os
import socket
import sys
from pathlib import Path
from typing import Any

from probes import access

APP = Path(__file__).parents[2] / "app.py"
LOCAL = "127.0.0.1"


def add(commands: Any) -> None:
    """Add `app`."""
    parser = commands.add_parser("app", help="open Strata in the browser", description="Open Strata in the browser.")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--address", default=LOCAL, help=f"what to listen on; other than {LOCAL} only with a token")
    parser.add_argument(
        "--host", action="append", default=[], help="a further name people open it by (can be repeated)"
    )
    parser.add_argument("--headless", action="store_true", help="open no browser here")
    parser.set_defaults(act=_app)


def _app(options: argparse.Namespace) -> None:
    """Check, say what a person must know, and become the server."""
    access.check(options.address, access.token())
    if not access.token():
        print(f"Every user of this machine can open it. To ask them for a token, set {access.TOKEN} first.")
    elif not access.local(options.address):
        print("It asks for the token. The line is not encrypted: on a network you do not trust, use ssh -L instead.")
    sys.stdout.flush()
    command = [sys.executable, "-m", "streamlit", "run", str(APP), *_arguments(options)]
    os.execv(sys.executable, command)  # noqa: S606  (no shell; the server takes this process's place and signals)


def _arguments(options: argparse.Namespace) -> list[str]:
    names = hosts(options.address, options.host)
    shown = "localhost" if access.local(options.address) else names[-1]
    return [
        f"--server.address={options.address}",
        f"--server.port={options.port}",
        f"--browser.serverAddress={shown}",
        *(f"--server.allowedHosts={name}" for name in names),
        *(["--server.headless=true"] if options.headless or not access.local(options.address) else []),
    ]


def hosts(address: str, more: list[str]) -> list[str]:
    """Return the names a browser may ask for: a page elsewhere that points its own name here is refused."""
    names = ["localhost", LOCAL]
    if not access.local(address):
        names += _own() if _every(address) else [address]
    elif address not in names:
        names.append(address)
    return list(dict.fromkeys([*names, *more]))


def _every(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.strip("[]")).is_unspecified
    except ValueError:
        return False


def _own() -> list[str]:
    """Return this machine's addresses and names."""
    import psutil  # on use: --help must not wait for it

    inet = {socket.AF_INET, socket.AF_INET6}
    found = [a.address.partition("%")[0] for own in psutil.net_if_addrs().values() for a in own if a.family in inet]
    return [*found, socket.getfqdn(), socket.gethostname()]
