"""Whether two processes keep one store: each home holds a token, and equal paths on two machines may be two homes."""

import uuid

from probes.store.folders import home, writing

NAME = "home.id"


def token() -> str | None:
    """Return the token of this process's home, or None when it has none."""
    try:
        return (home() / NAME).read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None


def marked() -> str:
    """Return the token of this process's home, giving it one if need be; of two that do so at once, one wins."""
    while (known := token()) is None:
        path = home() / NAME
        part = path.with_name(f".{NAME}-{uuid.uuid4().hex}")
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_text(uuid.uuid4().hex, "ascii")
            try:
                if path.exists():  # and empty: its writer was stopped by a full disk
                    part.replace(path)
                else:
                    path.hardlink_to(part)
            except FileExistsError:
                continue
            finally:
                part.unlink(missing_ok=True)
    return known
