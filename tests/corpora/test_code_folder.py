import os
from collections import Counter
from pathlib import Path

import pytest

from probes import corpora
from probes.corpora import code_folder
from probes.errors import StrataError

CODE = "def {0}(): return '{0}'\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Python in several places, most of which do not count, and one Go file."""
    root = tmp_path / "repository"
    outside = tmp_path / "outside"
    hidden = [".git/a.py", "node_modules/p/a.py", ".venv/a.py", "__pycache__/a.py", "env/lib/a.py"]
    for name in ["top.py", "src/deep/er/low.py", "src/UPPER.PY", *hidden]:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CODE.format(Path(name).stem if name not in hidden else "hidden"))
    (root / "env/pyvenv.cfg").write_text("")
    (root / "src/main.go").write_text("package main\nfunc main() { run() }\n")
    (root / "README.md").write_text("# no code\n")
    outside.mkdir()
    (outside / "out.py").write_text(CODE.format("outside"))
    (root / "link").symlink_to(outside, target_is_directory=True)
    (root / "link.py").symlink_to(outside / "out.py")
    (root / "src/loop").symlink_to(root, target_is_directory=True)
    (root / "broken.py").symlink_to(root / "gone.py")
    return root


def refusal(name: str, **options: str) -> StrataError:
    with pytest.raises(StrataError) as caught:
        list(corpora.stream(name, **options))  # type: ignore[arg-type]
    return caught.value


def test_every_source_file_of_the_folder_and_none_from_elsewhere(repository: Path) -> None:
    skipped: Counter[str] = Counter()
    found = {
        text.origin: text.text for text in corpora.stream(f"code:{repository}", language="python", skipped=skipped)
    }
    assert found == {
        "top.py:1": "def top(): return 'top'",
        "src/deep/er/low.py:1": "def low(): return 'low'",
        "src/UPPER.PY:1": "def UPPER(): return 'UPPER'",
    }
    assert not skipped


def test_the_language_is_asked_for_when_there_are_several(repository: Path) -> None:
    error = refusal(f"code:{repository}")
    assert error.code == "E-CORPUS-LANGUAGE"
    assert "python (3 files), go (1 files)" in error.what
    assert "language='python'" in error.fix
    (only,) = corpora.stream(f"code:{repository}/src/deep")
    assert only.language == "python"


def test_a_language_that_is_not_there(repository: Path) -> None:
    error = refusal(f"code:{repository}", language="rust")
    assert error.code == "E-CORPUS-EMPTY"
    assert "python (3 files)" in error.why
    assert refusal(f"code:{repository}", language="pyton").code == "E-LANGUAGE-UNKNOWN"


def test_a_missing_folder_names_its_neighbour(repository: Path) -> None:
    error = refusal(f"code:{repository.parent}/repositry")
    assert error.code == "E-CORPUS-FOLDER"
    assert "no such folder" in error.why
    assert "'repository'" in error.fix
    assert "Name an existing folder" in refusal(f"code:{repository}/no/where/at/all").fix
    assert "No folder is named" in refusal("code:").why


def test_a_file_is_not_a_folder(repository: Path) -> None:
    error = refusal(f"code:{repository}/top.py")
    assert error.code == "E-CORPUS-FOLDER"
    assert "this is a file" in error.why
    assert str(repository) in error.fix


def test_an_unreadable_folder_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    error = refusal(f"code:{repository}", language="python")
    assert (error.code, error.why) == ("E-CORPUS-FOLDER", "Permission denied.")


def test_a_folder_without_code(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("x")
    error = refusal(f"code:{tmp_path}")
    assert error.code == "E-CORPUS-EMPTY"
    assert ".rs" in error.why


def test_a_home_folder_is_understood(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(repository.parent))
    assert len(list(corpora.stream("code:~/repository", language="python"))) == 3


# ---- pins ------------------------------------------------------------------------------------------------------------


def test_a_pin_holds_until_a_source_file_changes(repository: Path) -> None:
    name = f"code:{repository}"
    pinned = corpora.pin(name)
    assert pinned.startswith(f"code:{repository.resolve()}@")
    assert corpora.pin(pinned) == corpora.pin(name) == pinned
    assert [*corpora.stream(pinned, language="go")] == [*corpora.stream(name, language="go")]

    (repository / "README.md").write_text("changed, but not a source file\n")
    assert corpora.pin(name) == pinned
    (repository / "src/new.go").write_text("package main\n")
    assert corpora.pin(name) != pinned
    error = refusal(pinned, language="go")
    assert error.code == "E-CORPUS-MOVED"
    assert corpora.pin(name).rpartition("@")[2] in error.why
    assert f"'code:{repository.resolve()}'" in error.fix

    (repository / "src/new.go").unlink()
    assert list(corpora.stream(pinned, language="go"))


def test_a_change_of_time_or_size_moves_the_pin(repository: Path) -> None:
    before = corpora.pin(f"code:{repository}")
    os.utime(repository / "top.py", ns=(1, 1))
    after = corpora.pin(f"code:{repository}")
    assert after != before
    (repository / "top.py").write_text("x")
    os.utime(repository / "top.py", ns=(1, 1))
    assert corpora.pin(f"code:{repository}") not in (before, after)


def test_a_folder_whose_own_name_looks_pinned(tmp_path: Path) -> None:
    folder = tmp_path / "a@0123456789ab"
    folder.mkdir()
    (folder / "a.py").write_text(CODE.format("a"))
    assert code_folder.split_pin(f"code:{folder}") == (str(folder), "")
    assert len(list(corpora.stream(corpora.pin(f"code:{folder}")))) == 1


def test_a_relative_name_is_pinned_absolutely(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.parent)
    assert corpora.pin("code:repository") == corpora.pin(f"code:{repository}")
