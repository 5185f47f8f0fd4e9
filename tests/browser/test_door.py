"""The server's door: this machine only, by its own names only; nothing comes from elsewhere, no words become markup."""

import http.client
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import expect

from probes.ui.shell import HOME, PAGES, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
Open = Callable[..., Any]


def test_home_links_to_the_question(window: Open) -> None:
    here = window()
    page = here.open()
    page.get_by_test_id("stMain").get_by_role("link", name="Syntax", exact=True).click()
    expect(page.get_by_role("heading", name="Is the syntax tree of code in there")).to_be_visible()
    assert here.elsewhere == []


def in_order() -> list[Page]:
    """The entries of the sidebar: home, then the pages group by group."""
    groups = list(dict.fromkeys(page.group for page in PAGES))
    return [HOME, *sorted(PAGES, key=lambda page: groups.index(page.group))]


def test_a_page_opened_by_its_address_has_its_frame(window: Open) -> None:
    page = window().open("Syntax")
    names = page.get_by_test_id("stSidebar").get_by_role("link")
    expect(names).to_have_text([re.compile(entry.title) for entry in in_order()])
    page.get_by_test_id("stSidebar").get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Strata reads the layers")).to_be_visible()


def test_the_demo_is_reached_by_keyboard(window: Open) -> None:
    page = window().open("Syntax")
    expect(page.get_by_role("button", name="Run the demo")).to_be_visible()
    links = page.get_by_test_id("stSidebar").get_by_role("link")
    expect(links).to_have_count(len(in_order()))
    focus = []
    for _ in range(len(in_order()) + 10):
        page.keyboard.press("Tab")
        focus.append(page.evaluate("document.activeElement.innerText") or "")
        if "Run the demo" in focus[-1]:
            return
    raise AssertionError(f"Tab goes to {focus}, not to the demo")


@pytest.mark.parametrize("run", ["zzz", "0" * 32, "%3Cscript%3Ealert(1)%3C/script%3E", "..%2F..%2Fetc"])
def test_hostile_addresses_are_noticed(window: Open, run: str) -> None:
    here = window()
    page = here.open(f"Syntax?run={run}")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("button", name="Run the demo")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    assert here.dialogs == []


HOSTILE = "<img src=x onerror=alert(1)> **b** :red[r] :material/bolt: $x^2$ [a](javascript:alert(2)) `c`"


def test_hostile_words_in_a_refusal_are_shown_as_they_are(window: Open) -> None:
    here = window()
    page = here.open("Syntax")
    box = page.get_by_role("combobox").first
    box.click()
    box.fill(HOSTILE)
    box.press("Enter")
    page.get_by_role("button", name="Run", exact=True).click()
    alert = page.get_by_role("alert")
    expect(alert).to_be_visible(timeout=120_000)
    shown = alert.inner_text().replace("\u2060", "")
    assert HOSTILE[:40] in shown
    assert alert.locator("img, a, code, .katex").count() == 0
    assert here.dialogs == []


def listening(server: Any) -> list[set[str]]:
    """The addresses each process of the server waits for connections on."""
    top = psutil.Process(server.process.pid)
    found = []
    for process in (top, *top.children(recursive=True)):
        sockets = process.net_connections("inet")
        found.append({s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN})
    return [addresses for addresses in found if addresses]


def test_every_process_listens_on_this_machine_only(window: Open, server: Any) -> None:
    window().open()  # the first page starts the worker
    for _ in range(600):
        if len(listening(server)) >= 3:  # the server, the worker's keeper, the worker
            break
        time.sleep(0.1)
    assert listening(server) == [{"127.0.0.1"}] * 3


def test_a_strangers_name_for_this_machine_is_refused(server: Any) -> None:
    """DNS rebinding: a page elsewhere that points its own name here must not be served."""
    port = urlsplit(server.url).port
    answers = {}
    for host in (f"localhost:{port}", "evil.test"):
        connection = http.client.HTTPConnection("127.0.0.1", port or 0, timeout=10)
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": f"http://{host}"}
        connection.request("GET", "/_stcore/stream", headers={"Host": host, **upgrade, **key})
        answers[host] = connection.getresponse().status
        connection.close()
    assert list(answers.values()) == [101, 403]
