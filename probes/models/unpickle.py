"""The one place where a pickle is opened: a program of its own, shut in, that makes safetensors of it.

`convert.py` starts it as a child process and talks to it in JSON; it imports nothing of Strata. torch's restricted
reader (`weights_only=True`) builds tensors and calls nothing else. Should that reader ever be fooled, the process has
no network, may start no other, may write nowhere but into its folder, and has no credentials in its environment.
"""

import contextlib
import ctypes
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

KINDS = (
    "float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2",
    "int64", "int32", "int16", "int8", "uint8", "bool",
)  # fmt: skip
NEW_USER, NEW_NETWORK, NO_NEW_PRIVILEGES = 0x10000000, 0x40000000, 38
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
FORBIDDEN = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.startfile", "pty.",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "shutil.", "ctypes.dlopen", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.",
)  # fmt: skip


class Refused(Exception):
    """Why a file is not converted."""


def shut_in(size: int) -> list[str]:
    """Give up what this process could do before it grows threads; return what the system let it give up."""
    given_up = []
    with contextlib.suppress(AttributeError, OSError):  # not Linux
        libc = ctypes.CDLL(None, use_errno=True)
        user, group = os.getuid(), os.getgid()
        if libc.unshare(NEW_USER | NEW_NETWORK) == 0:
            given_up.append("network (a namespace without one)")
            for file, text in (
                ("setgroups", "deny"),
                ("uid_map", f"{user} {user} 1"),
                ("gid_map", f"{group} {group} 1"),
            ):
                Path(f"/proc/self/{file}").write_text(text)
        if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0:
            given_up.append("new privileges")
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        for kind, most in (("CORE", 0), ("FSIZE", 3 * size + (64 << 20)), ("DATA", 4 * size + (4 << 30))):
            resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), (most, most))
        given_up.append(f"files and memory beyond {3 * size + (64 << 20)} and {4 * size + (4 << 30)} bytes")
    return given_up


def watch() -> str:
    """Refuse, from now on, what only a fooled reader would do; the interpreter itself asks before each of these."""

    def ask(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if writes or event.startswith(FORBIDDEN):
            raise PermissionError(f"a file that is only read asked for '{event}'")

    sys.addaudithook(ask)
    return "sockets, other processes, and changes to files (refused by the interpreter)"


def read(path: str) -> dict[str, Any]:
    """Return the tensors of one file by name; raises Refused when there is anything else in it."""
    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a hostile file makes the reader raise
        raise Refused(f"torch's restricted reader refuses it: {type(error).__name__}: {error}"[:600]) from error
    if not isinstance(found, dict):
        raise Refused(f"it holds a {type(found).__name__}, not tensors by name")
    for name, tensor in found.items():
        if not isinstance(name, str) or not 0 < len(name) <= 500 or not name.isprintable():
            raise Refused(f"'{str(name)[:80]}' is no name of a tensor")
        if not isinstance(tensor, torch.Tensor):
            raise Refused(f"'{name}' is a {type(tensor).__name__}, not a tensor")
        if tensor.layout is not torch.strided or tensor.is_meta or kind_of(tensor) not in KINDS:
            raise Refused(f"'{name}' is of a kind that is not converted ({tensor.layout}, {kind_of(tensor)})")
    return dict(found)


def kind_of(tensor: Any) -> str:
    """Return a tensor's type as both formats name it."""
    return str(tensor.dtype).removeprefix("torch.")


def apart(tensors: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Give every tensor memory of its own, which safetensors wants; return them, and the names that shared some."""
    owners: dict[int, list[str]] = {}
    for name, tensor in tensors.items():
        if tensor.numel():
            owners.setdefault(tensor.untyped_storage().data_ptr(), []).append(name)
    shared = sorted(name for names in owners.values() if len(names) > 1 for name in names)
    alone = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    return {name: tensor.clone() if name in shared else tensor for name, tensor in alone.items()}, shared


def convert(source: str, target: str) -> dict[str, Any]:
    """Convert one file, read it back, and compare names, types, shapes and every bit; return what was written."""
    import torch
    from safetensors.torch import load_file, save_file

    original = read(source)
    if not original:
        raise Refused("it holds no tensors")
    tensors, shared = apart(original)
    save_file(tensors, target, metadata={"format": "pt"})
    again = load_file(target)
    if set(again) != set(original):
        raise Refused("other names came back")
    for name, tensor in original.items():
        one, other = tensor.detach().contiguous(), again[name]
        if one.shape != other.shape or one.dtype != other.dtype:
            raise Refused(f"'{name}' came back with another shape or type")
        if not torch.equal(one.flatten().view(torch.uint8), other.flatten().view(torch.uint8)):
            raise Refused(f"'{name}' came back with other bits")
    return {"tensors": {name: [kind_of(t), list(t.shape)] for name, t in original.items()}, "shared": shared}


def main(ask: Callable[[], str] = sys.stdin.read) -> None:
    """Read `{"files": [[source, target], ...], "size": bytes}` and answer with what was done, or why not."""
    asked = json.loads(ask())
    given_up = shut_in(asked["size"])
    import safetensors.torch  # noqa: F401  (before the watch: importing reads, and compiles, files)
    import torch

    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 10):  # its restricted reader had holes
        answer: dict[str, Any] = {"refused": f"torch {torch.__version__} is older than 2.10"}
    else:
        torch.set_num_threads(1)
        given_up.append(watch())
        try:
            answer = {"files": [convert(source, target) for source, target in asked["files"]], "without": given_up}
        except Refused as error:
            answer = {"refused": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
