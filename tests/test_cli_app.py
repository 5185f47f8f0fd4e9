"""The launcher: safe addresses only, the names of this machine only, and the token never on a command line."""

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from serving import free_port, until_it_answers

from probes import access
from probes.__main__ import main
from probes.commands import app

ROOT = Path(__file__).parents[1]
TOKEN = "correct-horse-battery-staple"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Instead of becoming a server, say which."""
    commands: list[list[str]] = []
    monkeypatch.setattr(app.os, "execv", lambda _program, command: commands.append(command))
    return commands


def test_it_listens_on_this_machine_alone(started: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "--port", "8600"]) == 0
    (command,) = started
    assert "--server.address=127.0.0.1" in command
    assert "--server.port=8600" in command
    assert [c for c in command if "allowedHosts" in c] == [
        "--server.allowedHosts=localhost",
        "--server.allowedHosts=127.0.0.1",
    ]
    assert access.TOKEN in capsys.readouterr().out  # how to ask other users of the machine for one


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.7", "example.org", ""])
def test_another_address_without_a_token_is_refused(
    address: str, started: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Case 59: non-zero, with the reason."""
    assert main(["app", f"--address={address}"]) == 2
    assert started == []
    assert "no token is set" in capsys.readouterr().err


def test_with_a_token_it_listens_and_knows_its_own_names(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(access.TOKEN, TOKEN)
    assert main(["app", "--address=0.0.0.0", "--host=strata.example.org"]) == 0
    (command,) = started
    allowed = {c.partition("=")[2] for c in command if "allowedHosts" in c}
    assert {"localhost", "127.0.0.1", socket.gethostname(), "strata.example.org"} <= allowed
    assert not {"*", "0.0.0.0", ""} & allowed
    assert TOKEN not in " ".join(command)
    assert "not encrypted" in capsys.readouterr().out


def test_one_address_is_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert app.hosts("192.0.2.7", []) == ["localhost", "127.0.0.1", "192.0.2.7"]
    assert app.hosts("::1", []) == ["localhost", "127.0.0.1", "::1"]


def test_make_app_goes_through_it() -> None:
    assert "-m probes app --port=$(PORT) --address=$(ADDRESS)" in (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.slow
def test_a_real_server_starts_on_the_address_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(access.TOKEN, TOKEN)
    port = free_port()
    command = [sys.executable, "-m", "probes", "app", f"--port={port}", "--address=0.0.0.0"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        try:
            until_it_answers(port, process)
            sockets = psutil.Process(process.pid).net_connections("inet")
            assert {s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN} == {"0.0.0.0"}
        finally:
            process.terminate()
            process.wait(20)
    assert TOKEN not in (tmp_path / "log").read_text()
