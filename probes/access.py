"""Who may open Strata: this machine alone, or whoever has the token when it listens to others.

A page reads files and runs models with the rights of the person who started it, so an address that others can reach is
served only with `STRATA_TOKEN` set.
"""

import hashlib
import hmac
import ipaddress
import os

from probes.errors import StrataError

TOKEN = "STRATA_TOKEN"
SHORTEST = 16
"""Characters a token has at least: what cannot be guessed need not be rationed."""
_HOW = f"Set one: {TOKEN}=$(python -c 'import secrets; print(secrets.token_urlsafe(24))')"


def token() -> str:
    """Return the token a person must give; empty when none is asked for."""
    return os.environ.get(TOKEN, "").strip()


def local(address: str | None) -> bool:
    """Say whether only this machine can reach an address; a name other than localhost may mean anything."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address((address or "").strip("[]")).is_loopback
    except ValueError:
        return False


def check(address: str | None, given: str) -> None:
    """Raise StrataError E-ADDRESS-TOKEN or E-TOKEN-SHORT when serving at that address with that token is not safe."""
    if given and len(given) < SHORTEST:
        raise StrataError(
            "E-TOKEN-SHORT", f"The token has fewer than {SHORTEST} characters.", "It could be guessed.", _HOW
        )
    if not given and not local(address):
        where = f"'{address[:60]}'" if address else "every address of this machine"
        raise StrataError(
            "E-ADDRESS-TOKEN",
            f"Strata would listen on {where}, which others can reach, and no token is set.",
            "Its pages read files and run models with your rights.",
            f"{_HOW}, or listen on 127.0.0.1.",
        )


def admits(given: str, wanted: str) -> bool:
    """Say whether a person gave the right token, in a time that does not tell how nearly."""
    return hmac.compare_digest(_hash(given), _hash(wanted))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).digest()


def wait(failures: int) -> float:
    """Return for how many seconds no further try is looked at: none after a slip, a minute after ten."""
    return 0.0 if failures < 2 else min(2.0 ** (failures - 2), 60.0)
