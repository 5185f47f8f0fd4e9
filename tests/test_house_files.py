"""The files around the source: requirements with reasons, nothing of one machine, one version, and the two commands."""

import re
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def tracked() -> list[Path]:
    """What git holds or would take; outside a checkout, everything that is not hidden."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    names = run.stdout.split("\0") if run.returncode == 0 else [str(p) for p in ROOT.rglob("[!.]*")]
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_file_names_this_machine_or_a_registry() -> None:
    # in pieces, so that this file does not find itself
    homes = (
        "wo" + "rk/",
        "ro" + "ot/",
        "ho" + r"me/\w+/",
        "Us" + r"ers/\w+/",
        "op" + "t/",
        "tm" + "p/",
    )
    hosts = ("pypi" + r"\.org", "python" + r"hosted\.org", "index" + "-url", r"conda\." + "anaconda")
    unwanted = re.compile(rf"(?<![\w.~])/(?:{'|'.join(homes)})|{'|'.join(hosts)}")
    for path in tracked():
        text = path.read_bytes()
        if b"\0" in text[:8000] or path.name == "LICENSE":
            continue
        found = unwanted.search(text.decode("utf-8", "replace"))
        assert not found, f"{path.name} names {found.group()!r}" if found else ""


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_says_why(name: str) -> None:
    for line in (ROOT / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            requirement, _, reason = line.partition("#")
            assert len(reason.split()) >= 2, f"{name}: '{requirement.strip()}' has no reason"
            assert re.search(r"==|>=|^-r ", requirement), f"{name}: '{requirement.strip()}' has no bound"


def test_the_owners_seven_are_required() -> None:
    required = {re.split(r"[=><\s]", line)[0] for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()}
    assert required >= {"streamlit", "torch", "transformers", "umap-learn", "scikit-learn", "altair", "captum"}


def test_the_changelog_starts_with_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest, "CHANGELOG.md has no version"
    assert newest.group(1) == version


def test_continuous_integration_runs_the_whole_suite() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    assert "make test" in script.read_text("utf-8")
