"""The models of the papers are told with their facts, and whether they can be had, without anybody waiting."""

import http.server
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.models import catalogue, presets, reach


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give each test an empty hub cache, and a hub of which nothing is known."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(reach, "_said", None)
    return tmp_path / "hub"


def put(cache: Path, hub: str) -> None:
    folder = cache / f"models--{hub.replace('/', '--')}" / "snapshots" / ("0" * 40)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")


def test_every_preset_is_whole() -> None:
    assert len(presets.presets()) >= 20
    for hub, preset in presets.presets().items():
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", hub)
        assert preset.hub == hub
        assert hub not in {entry.hub for entry in catalogue.entries().values()}
        assert preset.weights in ("safetensors", "bin")
        assert preset.licence
        assert preset.role
        assert preset.gated == hub.startswith(("meta-llama/", "google/gemma"))


def test_offline_says_so_and_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "obstacle", lambda: pytest.fail("the hub was asked"))
    table = presets.table()
    assert set(table["obstacle"]) == {"the hub is switched off (HF_HUB_OFFLINE)"}
    assert table["hub id"].tolist() == list(presets.presets())


def test_what_is_in_the_local_cache_is_here_also_offline(own_cache: Path) -> None:
    hub = "microsoft/codebert-base"
    assert not presets.cached(hub)
    put(own_cache, hub)
    assert presets.cached(hub)
    assert presets.obstacle(presets.presets()[hub]) == ""
    assert presets.obstacle(presets.presets()["openai-community/gpt2"])


def test_an_unfinished_download_is_not_here(own_cache: Path) -> None:
    (own_cache / "models--openai-community--gpt2" / "blobs").mkdir(parents=True)
    assert not presets.cached("openai-community/gpt2")


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({"HF_HUB_CACHE": "/a"}, "/a"),
        ({"HF_HOME": "/b"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
    ],
)
def test_the_cache_is_where_the_hubs_client_keeps_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], where: str
) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert presets.hub_cache() == Path(where)


# ---- does the hub answer ---------------------------------------------------------------------------------------------


class Slow(http.server.BaseHTTPRequestHandler):
    status, pause = 200, 0.0

    def do_HEAD(self) -> None:
        time.sleep(self.pause)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A hub on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.setenv("no_proxy", "*")
    yield address
    server.shutdown()
    server.server_close()
    thread.join()


def told(seconds: float = 5) -> str | None:
    """Wait until the hub has been asked."""
    end = time.monotonic() + seconds
    while reach._said is None and time.monotonic() < end:
        time.sleep(0.01)
    return None if reach._said is None else reach._said[1]


@pytest.mark.parametrize("status", [200, 401, 404, 503])
def test_any_answer_is_an_answer(hub: str, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(Slow, "status", status)
    assert reach.ask(hub) == ""


def test_no_answer_is_an_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: the connection is refused
        assert reach.ask(f"http://127.0.0.1:{nobody.getsockname()[1]}") == "the hub does not answer from here"


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://hub", "", "javascript:1"])
def test_only_web_addresses_are_asked(address: str) -> None:
    assert reach.ask(address) == "HF_ENDPOINT is not a web address"


def test_nobody_waits_to_know(hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Slow, "pause", 0.5)
    assert [reach.obstacle() for _ in range(5)] == [""] * 5  # nothing stands in the way
    assert reach._said is None, "somebody waited for the hub's answer"
    assert told() == ""


def test_a_silent_hub_greys_its_models_once_it_is_known(hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(reach, "ask", lambda _address: "the hub does not answer from here")
    assert set(presets.table()["obstacle"]) <= {"", "the hub does not answer from here"}
    assert told() == "the hub does not answer from here"
    assert set(presets.table()["obstacle"]) == {"the hub does not answer from here"}


def test_an_answer_is_believed_for_some_minutes_only(hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(reach, "ask", lambda address: asked.append(address) or "")
    monkeypatch.setattr(reach, "_said", (time.monotonic(), "gone"))
    assert reach.obstacle() == "gone"
    assert asked == []
    monkeypatch.setattr(reach, "_said", (time.monotonic() - reach.GOOD_FOR - 1, "gone"))
    assert reach.obstacle() == "gone"  # the old word, until there is a new one
    end = time.monotonic() + 5
    while reach._said[1] and time.monotonic() < end:
        time.sleep(0.01)
    assert reach.obstacle() == ""
    assert asked == [hub]
