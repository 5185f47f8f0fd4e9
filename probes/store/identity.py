"""Whether two processes keep one store: each home holds a token, and equal paths on two machines may be two homes."""

import uuid

from probes.store.folders import home, lock, writing

NAME = "home.id"


def token() -> str | None:
    """Return the token of this process's home, or None when it has none."""
    try:
        return (home() / NAME).read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None


def marked() -> str:
    """Return the token of this process's home, giving it one if need be; of many that do so at once, one does."""
    if (known := token()) is not None:
        return known
    path = home() / NAME
    with lock(path):
        if token() is None:  # none yet, or an empty one: its writer was stopped by a full disk
            part = path.with_name(f".{NAME}-{uuid.uuid4().hex}")
            with writing(path):
                try:
                    part.write_text(uuid.uuid4().hex, "ascii")
                    part.replace(path)
                finally:
                    part.unlink(missing_ok=True)
    return token() or marked()
