"""The door: no page without the token, no address others reach without one, and nothing that helps to guess."""

import ast
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from probes import access
from probes.errors import StrataError
from probes.ui import token as door

ROOT = Path(__file__).parents[2]
TOKEN = "correct-horse-battery-staple"
PAGES = ["", *(f"pages/{path.name}" for path in sorted((ROOT / "pages").glob("*.py")))]
Open = Callable[..., AppTest]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(access.TOKEN, TOKEN)


@pytest.fixture
def address() -> Any:
    """Set the address a server would listen on; put back afterwards."""
    before = config.get_option("server.address")
    yield lambda value: config.set_option("server.address", value)
    config.set_option("server.address", before)


def give(at: AppTest, text: str) -> AppTest:
    at.text_input(key="strata_token").set_value(text)
    return at.button[0].click().run()


def closed(at: AppTest) -> bool:
    """Nothing of a page is there: no sidebar, no link, only the question."""
    return [t.value for t in at.title] == ["Strata"] and not at.get("page_link") and len(at.button) == 1


@pytest.mark.parametrize("path", PAGES)
def test_no_page_shows_anything_without_the_token(path: str, page: Open, asked: None, here: Any) -> None:
    at = page(path)
    assert not at.exception
    assert closed(at)
    assert not at.sidebar.markdown
    assert not at.main.caption or "STRATA_TOKEN" in at.main.caption[0].value


def test_the_token_opens_and_the_session_remembers(page: Open, asked: None) -> None:
    at = give(page(), TOKEN)
    assert not at.exception
    assert at.title[0].value.startswith("Strata reads")
    assert at.switch_page("pages/Syntax.py").run().title[0].value.startswith("Is the syntax")
    assert at.run().sidebar.page_link
    assert "strata_token" not in at.session_state  # what was typed is kept nowhere
    assert at.query_params == {}


def test_another_session_is_asked_again(page: Open, asked: None) -> None:
    give(page(), TOKEN)
    assert closed(page())


@pytest.mark.parametrize("text", ["", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "x" * 512, "\u202e", "ﾄ" * 20])
def test_a_wrong_token_is_refused_and_never_logged(
    text: str, page: Open, asked: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "strata"):
        at = give(page(), text)
    assert not at.exception
    assert at.error[0].value == "This is not the token."
    assert not at.sidebar.page_link
    assert "wrong token" in caplog.text
    assert TOKEN not in caplog.text
    assert not text or text not in caplog.text


def test_tries_are_slowed_and_the_right_one_waits_too(page: Open, asked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(door.time, "monotonic", lambda: clock[0])
    at = page()
    for _ in range(3):
        give(at, "wrong")
    give(at, TOKEN)
    assert "Wait" in at.warning[0].value
    assert not at.sidebar.page_link
    clock[0] += 61
    give(at, TOKEN)
    assert at.sidebar.page_link


def test_waiting_grows_to_a_minute() -> None:
    waits = [access.wait(n) for n in range(12)]
    assert waits[:4] == [0, 0, 1, 2]
    assert waits == sorted(waits)
    assert waits[-1] == 60


@pytest.mark.parametrize("where", [None, "0.0.0.0", "::", "192.0.2.7", "example.org", "unix:///x", ""])
def test_an_address_others_reach_is_not_served_without_a_token(
    where: str | None, page: Open, address: Any, here: Any
) -> None:
    """Case 59."""
    address(where)
    at = page()
    assert not at.exception
    assert "no token is set" in at.error[0].value
    assert not at.title
    assert not at.sidebar.page_link


def test_a_short_token_is_no_token(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(access.TOKEN, "short")
    at = page()
    assert "16 characters" in at.error[0].value
    assert not at.get("text_input")
    assert "short" not in at.error[0].value.replace("shorter", "")


def test_with_a_token_any_address_may_ask_for_it(page: Open, address: Any, asked: None) -> None:
    address("0.0.0.0")
    at = page()
    assert closed(at)
    give(at, TOKEN)
    assert any("open to others by token" in c.value for c in at.sidebar.caption)


@pytest.mark.parametrize("where", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_this_machine_alone_needs_none(where: str) -> None:
    access.check(where, "")


@pytest.mark.parametrize("where", [None, "", "0.0.0.0", "::", "10.0.0.1", "localhost.evil.test", "127.0.0.1.evil.test"])
def test_the_reason_and_the_way_out_are_said(where: str | None) -> None:
    with pytest.raises(StrataError) as refusal:
        access.check(where, "")
    assert refusal.value.code == "E-ADDRESS-TOKEN"
    assert access.TOKEN in refusal.value.fix
    access.check(where, TOKEN)


def test_tokens_are_compared_whole() -> None:
    assert access.admits(TOKEN, TOKEN)
    assert access.admits(f" {TOKEN}\n", TOKEN)
    assert not access.admits("", TOKEN)
    assert not access.admits("\ud800", TOKEN)


@pytest.mark.parametrize("path", [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))], ids=lambda p: p.name)
def test_the_frame_is_the_first_thing_a_page_does(path: Path) -> None:
    """What stands before `ui.frame` would run for who has not given the token."""
    first = next(n for n in ast.parse(path.read_text("utf-8")).body if not _says_nothing(n))
    assert ast.unparse(first).startswith("ui.frame(")


def _says_nothing(node: ast.stmt) -> bool:
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or isinstance(node, ast.Import | ast.ImportFrom)
