"""Does the hub answer? Asked in the background and remembered for some minutes, so that nobody ever waits to know."""

import os
import threading
import time
import urllib.error
import urllib.request

PATIENCE = 5.0  # seconds until a silent hub counts as not answering
GOOD_FOR = 300.0  # seconds an answer is believed
_HUB = "https://huggingface.co"

_lock = threading.Lock()
_said: tuple[float, str] | None = None
"""When the hub was last asked, and what stood in the way (nothing when it answered)."""
_asking = threading.Event()


def obstacle() -> str:
    """Say what is known to stand between this machine and the hub; nothing is said before anything is known.

    Starts to find out when the last answer is old, and returns at once.
    """
    with _lock:
        said = _said
        if (said is None or time.monotonic() - said[0] > GOOD_FOR) and not _asking.is_set():
            _asking.set()
            threading.Thread(target=_find_out, name="strata-hub", daemon=True).start()
    return said[1] if said is not None else ""


def _find_out() -> None:
    global _said
    found = ask(os.environ.get("HF_ENDPOINT") or _HUB)
    with _lock:
        _said = (time.monotonic(), found)
        _asking.clear()


def ask(address: str) -> str:
    """Ask the hub for a page's head, through the system's proxies; return why it does not answer, or nothing."""
    if not address.startswith(("http://", "https://")):
        return "HF_ENDPOINT is not a web address"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=PATIENCE):
            return ""
    except urllib.error.HTTPError:
        return ""  # a refusal is an answer
    except (OSError, ValueError):
        return "the hub does not answer from here"
