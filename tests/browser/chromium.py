"""Find a Chromium, or fetch one: the system's, else Debian's, else playwright's own.

Run as a script by `make test`. Without any, the browser tests are skipped, saying so; with CI=true that is a failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # continuous integration runs as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
MISSING = "No Chromium here, and none could be fetched: the browser tests are skipped."


def find() -> str | None:
    """Return the path of an executable Chromium, or None."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return _playwrights()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright  # slow to import, and needed only without a system browser

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() else None


def fetch() -> None:
    """Try to install a Chromium: from Debian when root, else playwright's build into the user's cache."""
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"]
        if subprocess.run(command, env=quiet, check=False).returncode == 0:
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Return 0 when there is a browser or its absence may be skipped over."""
    if find() is None:
        fetch()
    found = find()
    print(f"make test: browser {found}" if found else f"\n{'!' * 78}\n{MISSING}\n{'!' * 78}\n")
    return int(found is None and os.environ.get("CI") == "true")


if __name__ == "__main__":
    sys.exit(main())
