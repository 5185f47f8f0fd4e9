"""FLORES' and the Bible's folders: files by language, splits, verses by number, links and strangers left alone."""

from pathlib import Path

import pytest
from translations import ENGLISH, GERMAN, line_files

from probes import corpora
from probes.corpora.versions import Choice
from probes.errors import StrataError


def test_a_dataset_with_splits_is_read_by_split(tmp_path: Path) -> None:
    line_files(tmp_path / "dev", "dev", eng_Latn=ENGLISH[:3], deu_Latn=GERMAN[:3])
    line_files(tmp_path / "devtest", eng_Latn=ENGLISH, deu_Latn=GERMAN)
    assert len(corpora.parallel(f"flores:{tmp_path}", Choice()).sentences) == 5
    assert len(corpora.parallel(f"flores:{tmp_path}?split=dev", Choice()).sentences) == 3
    assert "split=dev@" in corpora.pin(f"flores:{tmp_path}?split=dev")
    with pytest.raises(StrataError, match="There is no split 'devtset'.*Did you mean 'devtest'") as refusal:
        corpora.parallel(f"flores:{tmp_path}?split=devtset", Choice())
    assert refusal.value.code == "E-CORPUS-NAME"


def test_empty_lines_keep_their_number_and_are_left_out_of_all(tmp_path: Path) -> None:
    line_files(tmp_path, "txt", en=[*ENGLISH[:2], "", *ENGLISH[3:]], de=GERMAN)
    found = corpora.parallel(f"flores:{tmp_path}", Choice())
    assert found.sentences == ("1", "2", "4", "5")
    assert found.texts("de")[2] == GERMAN[3]


def test_links_hidden_files_and_other_names_are_no_languages(tmp_path: Path) -> None:
    folder = line_files(tmp_path / "f")
    (tmp_path / "secret.devtest").write_text("\n".join(ENGLISH), "utf-8")
    (folder / "fra_Latn.devtest").symlink_to(tmp_path / "secret.devtest")
    (folder / ".git.devtest").write_text("x", "utf-8")
    (folder / "read me.devtest").write_text("x", "utf-8")
    assert set(corpora.parallel(f"flores:{folder}", Choice()).languages) == {"eng_Latn", "deu_Latn", "rus_Cyrl"}


@pytest.mark.parametrize("kind", ["flores", "bible", "gettext", "udhr"])
def test_a_folder_that_is_none_or_empty_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("x", "utf-8")
    for place, code, says in (
        ("nowhere", "E-CORPUS-FOLDER", "There is no such folder"),
        ("file.txt", "E-CORPUS-FOLDER", "It is a file"),
        ("", "E-CORPUS-EMPTY", "holds no"),
    ):
        with pytest.raises(StrataError, match=says) as refusal:
            corpora.pin(f"{kind}:{tmp_path / place}")
        assert refusal.value.code == code


def test_a_folder_outside_the_roots_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_ROOTS", str(tmp_path / "allowed"))
    for kind in ("flores", "bible", "parallel", "gettext", "udhr"):
        with pytest.raises(StrataError) as refusal:
            corpora.preview(f"{kind}:{tmp_path / 'elsewhere'}")
        assert refusal.value.code == "E-PATH-OUTSIDE"


def test_an_archive_called_by_a_language_is_refused(tmp_path: Path) -> None:
    folder = line_files(tmp_path)
    (folder / "fra_Latn.devtest").write_bytes(b"\x80\x04pickle")
    with pytest.raises(StrataError, match="pickle, which is never opened") as refusal:
        corpora.preview(f"flores:{folder}")
    assert refusal.value.code == "E-TABLE-FORMAT"


def test_a_longer_file_than_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.corpora.line_folders.MOST_LINES", 4)
    with pytest.raises(StrataError, match="4 lines a language") as refusal:
        corpora.preview(f"flores:{line_files(tmp_path)}")
    assert refusal.value.code == "E-TABLE-LIMIT"


def test_verses_are_known_by_their_number(tmp_path: Path) -> None:
    english = ["# language: English", "01001001\tIn the beginning.", "01001002\tAnd the earth.", "01001003\tLight."]
    german = ["01001003\tLicht.", "01001001\tAm Anfang.", "01001009\tMehr.", "kein Vers"]
    line_files(tmp_path, "txt", eng_Latn=english, deu_Latn=german)
    found = corpora.parallel(f"bible:{tmp_path}", Choice())
    assert found.sentences == ("01001001", "01001003")
    assert found.texts("deu_Latn") == ("Am Anfang.", "Licht.")
    assert found.left_out["line that is no verse"] == 1


def test_verses_without_numbers_are_parallel_by_line(tmp_path: Path) -> None:
    line_files(tmp_path, "txt", eng_Latn=ENGLISH, deu_Latn=GERMAN)
    assert corpora.parallel(f"bible:{tmp_path}", Choice()).texts("deu_Latn") == tuple(GERMAN)
