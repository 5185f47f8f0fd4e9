"""A server of our own: a port that nobody has, and the moment when it answers there."""

import socket
import subprocess
import time
import urllib.request


def free_port() -> int:
    """Return a port of the loopback that was free a moment ago."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until_it_answers(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait for a Streamlit server, a minute at most; one that has ended is not waited for."""
    for _ in range(600):
        assert process.poll() is None, "the server ended before it served"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")
