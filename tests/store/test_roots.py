"""Case 8: a path outside the roots is refused before the disk is touched there, and a link out of them is too."""

import os
from pathlib import Path

import pytest

from probes import store
from probes.errors import StrataError


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only root; beside it lies a folder that is not for reading."""
    folder = tmp_path / "root"
    (folder / "model").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    monkeypatch.setenv("STRATA_ROOTS", str(folder))
    return folder


def refused(path: str | Path, code: str, why: str) -> None:
    with pytest.raises(StrataError, match=why) as caught:
        store.confined(path)
    assert caught.value.code == code


def test_what_is_inside_is_returned_absolute_and_real(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = (root / "model").resolve()
    (root / "link").symlink_to("model")
    monkeypatch.chdir(root)
    for path in ("model", "./model", "model/../model", root / "model", root / "link", root / "not-there/../model"):
        assert store.confined(path) == real
    assert store.confined("not-there") == root.resolve() / "not-there"
    assert store.confined(root) == root.resolve()


@pytest.mark.parametrize("path", ["..", "../secret", "model/../../secret", "~", "~/x", "~nobody-of-that-name/x"])
def test_a_path_outside(path: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    if path.startswith("~n"):  # nobody of that name: a folder of that name, then
        assert store.confined(path) == root.resolve() / path
    else:
        refused(path, "E-PATH-OUTSIDE", "outside them.*STRATA_ROOTS")


def test_a_name_that_begins_like_a_root_is_not_in_it(root: Path) -> None:
    refused(f"{root}-too", "E-PATH-OUTSIDE", "outside them")


def test_what_is_outside_is_never_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = str(root.parent / "secret")
    looked: list[str] = []

    def watch(name: str) -> None:
        original = getattr(os, name)

        def watched(path: object, *rest: object, **options: object) -> object:
            looked.append(str(path))
            return original(path, *rest, **options)

        monkeypatch.setattr(os, name, watched)

    for name in ("stat", "lstat", "readlink", "scandir", "open"):
        watch(name)
    refused(secret, "E-PATH-OUTSIDE", "outside them")
    assert not [path for path in looked if path.startswith(secret)]


@pytest.mark.parametrize("target", ["../secret", "/etc"])
@pytest.mark.parametrize("deep", ["", "/below"])
def test_a_link_out_of_the_root(target: str, deep: str, root: Path) -> None:
    (root / "way").symlink_to(target)
    refused(f"{root}/way{deep}", "E-PATH-OUTSIDE", "link on the way leads outside")


def test_links_in_a_circle(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    try:  # Python 3.13 gives the path back, which is inside and cannot be opened; before, it is refused
        assert store.confined(root / "a").is_relative_to(root.resolve())
    except StrataError as error:
        assert error.code == "E-PATH"  # noqa: PT017 either is right


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("a\0b", "control characters"),
        ("a\nb", "control characters"),
        ("x" * 256, "too long"),
        ("x/" * 3000, "too long"),
        ("a\ud83d", "not valid Unicode"),
        ("file:///etc", "an address"),
        ("FILE:etc", "an address"),
        ("https://host/x", "an address"),
        ("//host/share", "another machine's share"),
        ("\\\\host\\share", "another machine's share"),
        ("/\\host/share", "another machine's share"),
        ("model.", "ends in a dot or a blank"),
        ("model ", "ends in a dot or a blank"),
        ("model.../x", "ends in a dot or a blank"),
    ],
)
def test_what_is_no_path(path: str, why: str, root: Path) -> None:
    refused(path, "E-PATH", why)


def test_the_usual_roots(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, strata_home: Path) -> None:
    monkeypatch.delenv("STRATA_ROOTS", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "brief"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "brief"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert store.roots() == (tmp_path / "me", tmp_path / "here", strata_home, tmp_path / "brief")
    assert store.confined("~/models") == (tmp_path / "me" / "models").resolve()
    refused(tmp_path / "elsewhere", "E-PATH-OUTSIDE", "outside them")


def test_a_home_that_is_everything_confines_nothing_and_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRATA_ROOTS", raising=False)
    monkeypatch.setenv("HOME", "/")
    monkeypatch.chdir("/")
    assert Path("/") not in store.roots()
    refused("/etc", "E-PATH-OUTSIDE", "outside them")
    monkeypatch.setenv("STRATA_ROOTS", "/")  # a person may say so
    assert store.confined("/etc") == Path("/etc").resolve()


def test_several_roots_and_a_root_that_is_a_link(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alias").symlink_to(root)
    monkeypatch.setenv("STRATA_ROOTS", os.pathsep.join([str(tmp_path / "none"), "", str(tmp_path / "alias")]))
    for path in (tmp_path / "alias" / "model", root.resolve() / "model"):
        assert store.confined(path) == (root / "model").resolve()
    refused(tmp_path / "secret", "E-PATH-OUTSIDE", "outside them")


def test_the_store_is_always_a_root(root: Path, strata_home: Path) -> None:
    assert store.confined(strata_home / "uploads" / "a.csv") == (strata_home / "uploads" / "a.csv").resolve()
