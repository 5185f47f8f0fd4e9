"""The door of a server that others reach: no page without the token, no strange name, nothing of the token anywhere."""

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, expect
from serving import free_port, until_it_answers

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A server on every address of this machine, started by the launcher; its port and its log."""
    home = tmp_path_factory.mktemp("token")
    port = free_port()
    command = [sys.executable, "-m", "probes", "app", f"--port={port}", "--address=0.0.0.0", "--host=strata.test"]
    env = {**os.environ, "STRATA_HOME": str(home / "strata"), "STRATA_TOKEN": TOKEN, "HF_HUB_OFFLINE": "1"}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            until_it_answers(port, process)
            yield port, home / "log"
        finally:
            ours = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            process.wait(30)
            _, left = psutil.wait_procs(ours, timeout=20)
            for one in left:
                one.kill()


@pytest.mark.parametrize("path", ["", "Syntax", "Runs", "Runs?compare=" + "0" * 32])
def test_no_page_is_shown_before_the_token_is_given(
    path: str, open_server: tuple[int, Path], chromium: Browser
) -> None:
    page = chromium.new_page()
    page.goto(f"http://localhost:{open_server[0]}/{path}")
    expect(page.get_by_label("Access token").first).to_be_visible()
    assert page.get_by_test_id("stPageLink").count() == 0
    assert page.get_by_role("heading").all_inner_texts() == ["Strata"]
    page.close()


def test_the_token_opens_by_keyboard_and_is_written_nowhere(open_server: tuple[int, Path], chromium: Browser) -> None:
    port, log = open_server
    page = chromium.new_page()
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.goto(f"http://localhost:{port}/Runs")
    box = page.get_by_label("Access token").first
    assert box.get_attribute("type") == "password"
    box.fill("not the token at all")
    box.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This is not the token.")
    box.fill(TOKEN)
    box.press("Enter")
    expect(page.get_by_role("heading", name="What was asked before?")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Strata reads the layers")).to_be_visible()
    expect(page.get_by_text("open to others by token")).to_be_visible()
    assert TOKEN not in page.url
    assert not any(TOKEN in url for url in seen)
    written = log.read_text()
    assert "a wrong token was given" in written
    assert TOKEN not in written
    assert "not the token at all" not in written
    page.close()


def upgraded(port: int, host: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": f"http://{host}"}
    connection.request("GET", "/_stcore/stream", headers={"Host": host, **upgrade, **key})
    status = connection.getresponse().status
    connection.close()
    return status


def test_this_machine_is_known_by_its_own_names_only(open_server: tuple[int, Path]) -> None:
    """Case 59: DNS rebinding stays refused when others may connect."""
    port = open_server[0]
    own = {socket.gethostname(), "localhost", "127.0.0.1", "strata.test"}
    assert {host: upgraded(port, f"{host}:{port}") for host in own} == dict.fromkeys(own, 101)
    strange = ("evil.test", "strata.test.evil.test", "0.0.0.0", "")
    assert {host: upgraded(port, host) for host in strange} == dict.fromkeys(strange, 403)


def test_started_by_hand_without_a_token_every_page_is_the_refusal(tmp_path: Path, chromium: Browser) -> None:
    """Case 59: `streamlit run` past the launcher."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    env: dict[str, Any] = {**os.environ, "STRATA_HOME": str(tmp_path / "strata")}
    env.pop("STRATA_TOKEN", None)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--server.address=0.0.0.0"], cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            until_it_answers(port, process)
            for path in ("", "Syntax", "Runs"):
                page = chromium.new_page()
                page.goto(f"http://localhost:{port}/{path}")
                expect(page.get_by_role("alert")).to_contain_text("no token is set")
                assert page.get_by_test_id("stPageLink").count() == 0
                page.close()
            assert not psutil.Process(process.pid).children()  # not even the worker was started
        finally:
            process.terminate()
            process.wait(20)
