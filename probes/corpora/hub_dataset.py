"""`hub:OWNER/NAME`: a dataset of the Hugging Face hub at one commit, streamed; `hub:/folder` reads a local copy of one.

No loading script is ever run, and only files that hold plain values are read. A stream from elsewhere cannot be read
many times over, so its rows are shuffled within windows: a prefix is a fair sample of the rows around it.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from probes.corpora import previews
from probes.corpora.columns import choose
from probes.corpora.grammars import LANGUAGES, grammar
from probes.corpora.hub_errors import refusing, wrong
from probes.corpora.jsonlines import flat
from probes.corpora.names import Keys, Name, parse
from probes.corpora.parquet_file import open_parquet
from probes.corpora.previews import Preview
from probes.corpora.rows import Problem, Row, Table, unique
from probes.corpora.texts import finished, text_of
from probes.errors import StrataError
from probes.store import confined
from probes.values import Text, digest_of

KEYS: Keys = {"text": (), "language": (), "label": (), "config": (), "split": (), "skip": ("yes",)}
PIN = "[0-9a-f]{12}(?:[0-9a-f]{28})?"
READ = ("arrow", "csv", "json", "parquet", "text")
"""What `datasets` may open for us: the rest is pictures, sound, archives."""
WINDOW = 5_000
"""Rows that are shuffled among themselves."""
_REPOSITORY = re.compile(r"(?!buckets/)[\w-][\w.-]*/[\w-][\w.-]*")


def _folder(asked: Name) -> Path | None:
    """Return the local folder a name means, or None when it is one of the hub."""
    if asked.place.startswith(("/", ".", "~")):
        root = confined(asked.place)
        if not root.is_dir():
            fix = "Name an existing folder, or hub:OWNER/NAME."
            raise StrataError("E-CORPUS-FOLDER", f"There is no folder '{asked.place}'.", fix=fix)
        return root
    if not _REPOSITORY.fullmatch(asked.place):
        fix = "Write hub:OWNER/NAME, or hub:/path/to/a/local/copy."
        raise StrataError("E-HUB-NAME", f"'{asked.place[:100]}' is no dataset of the hub.", fix=fix)
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise wrong("offline", asked.place)
    return None


def _builder(asked: Name, folder: Path | None) -> Any:
    import datasets  # on use: it takes more than a second

    where = str(folder) if folder else f"hf://datasets/{asked.place}"  # or a folder of that name here would be read
    with refusing(asked.place):
        revision = asked.pin if folder is None and asked.pin else None
        made = datasets.load_dataset_builder(where, asked.get("config") or None, revision=revision)
    module = type(made).__module__.rpartition(".")[2]
    if module not in READ:
        raise wrong("format", asked.place, f"It is read by '{module}'; Strata takes {', '.join(READ)}.")
    if folder and module == "parquet":
        for path in _data_files(made):
            open_parquet(Path(path))  # judges the declared sizes
    return made


def _data_files(builder: Any) -> list[str]:
    files = builder.config.data_files or {}
    return [str(path) for paths in files.values() for path in paths]


def _split(asked: Name, builder: Any) -> str:
    there = [str(name) for name in (builder.config.data_files or builder.info.splits or {})]
    split = asked.get("split") or (there[0] if len(there) == 1 else "train" if "train" in there else "")
    if split in there:
        return split
    what = f"'{asked.place}' has no split '{split[:60]}'." if split else f"'{asked.place}' has several splits."
    raise StrataError("E-HUB-SPLIT", what, f"There are: {', '.join(there)}.", "Name one: ?split=NAME")


def opened(asked: Name) -> tuple[Name, Table, str]:
    """Open a dataset; return the name with its split, the table, and what to call it in messages."""
    folder = _folder(asked)
    builder = _builder(asked, folder)
    split = _split(asked, builder)
    now = _fingerprint(builder) if folder else ""
    if folder and asked.pin and asked.pin != now:
        fix = "Put the same files back, or leave out what follows the last @."
        what = f"The dataset '{asked.place}' has changed since it was named."
        raise StrataError("E-CORPUS-MOVED", what, f"Its files now have the fingerprint {now}.", fix)
    with refusing(asked.place):
        rows = builder.as_streaming_dataset(split=split)
        first: dict[str, Any] = next(iter(rows), {})
    given = list(flat(first))
    kinds = rows.features or {}
    names = {i: getattr(kinds.get(column), "names", None) for i, column in enumerate(given)}

    def read(wanted: tuple[int, ...]) -> Iterator[Row | Problem]:
        with refusing(asked.place):
            for number, row in enumerate(builder.as_streaming_dataset(split=split), 1):
                whole = flat(row)
                yield Row(number, tuple(_plain(whole.get(given[i]), names[i]) for i in wanted))

    size = (builder.info.splits or {}).get(split)
    count = size.num_examples if size is not None else None
    place = str(folder) if folder else asked.place
    told = Name(asked.kind, place, asked.choices, asked.pin).with_choices(KEYS, {"split": split})
    return told, Table(unique(given), read, 0, {"split": split}, count), Path(place).name


def _plain(value: Any, names: list[str] | None) -> Any:
    """Return a value a label may be; the number of a class as the class's name."""
    if names and isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _fingerprint(builder: Any) -> str:
    facts = []
    for path in sorted(_data_files(builder)):
        state = Path(path).stat()
        facts += [path, str(state.st_size), str(state.st_mtime_ns)]
    return digest_of(facts)[:12]


def pin(name: str) -> str:
    """Return the name with its split and text column, and the commit (or a folder's fingerprint) that is there now."""
    asked = parse(name, KEYS, PIN)
    if asked.pin:
        return name
    folder = _folder(asked)
    mark = _fingerprint(_builder(asked, folder)) if folder else _commit(asked.place)
    told, table, shown = opened(Name(asked.kind, asked.place, asked.choices, mark))
    _, wanted = choose(told, table, shown)
    return str(told.with_choices(KEYS, {"text": table.columns[wanted[0]]}))


def _commit(repository: str) -> str:
    from huggingface_hub import HfApi  # on use: it reads its settings when imported

    with refusing(repository):
        return str(HfApi().dataset_info(repository, timeout=30).sha)


def stream(name: str, *, language: str | None, seed: int, skipped: Counter[str] | None) -> Iterator[Text]:
    """Stream a dataset's texts, as functions when a programming language is asked for."""
    told, table, shown = opened(parse(name, KEYS, PIN))
    chosen, wanted = choose(told, table, shown)
    if language is not None and not chosen.has_language and language not in LANGUAGES:
        grammar(language)  # refuses, as for a table
    counts: Counter[str] = Counter() if skipped is None else skipped
    found = (text_of(row, chosen, language=language, counts=counts) for row in table.read(wanted))
    return finished(
        _windows((text for text in found if text is not None), seed), name, language=language, counts=counts
    )


def _windows(found: Iterator[Text], seed: int) -> Iterator[Text]:
    order = random.Random(seed)
    held: list[Text] = []
    for text in found:
        held.append(text)
        if len(held) == WINDOW:
            order.shuffle(held)
            yield from held
            held = []
    order.shuffle(held)
    yield from held


def preview(name: str, n: int) -> Preview:
    """Look at the first rows of a dataset; of one that comes over the network, no more than that."""
    told, table, shown = opened(parse(name, KEYS, PIN))
    return previews.of_table(told, table, shown, n=n, keys=KEYS, most=max(n, 500))
