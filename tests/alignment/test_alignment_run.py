"""The whole way from sentences to a Result: against the published double loop, floors, refusals, sizes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import line_folder, small_alignment

from probes import analyses
from probes.alignment import AlignmentSpec, bitext, study
from probes.alignment.analysis import AlignmentResult
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import load


def ask(spec: AlignmentSpec) -> AlignmentResult:
    found: AlignmentResult = analyses.of(spec).run(spec, Progress())
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return line_folder(tmp_path_factory.mktemp("sentences"))


@pytest.fixture(scope="module")
def asked(tiny_llama: Path, folder: Path) -> AlignmentSpec:
    return small_alignment(tiny_llama, folder, recipe="published", n=12)


@pytest.fixture(scope="module")
def published(asked: AlignmentSpec, tmp_path_factory: pytest.TempPathFactory) -> AlignmentResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(tmp_path_factory.mktemp("home")))
        return ask(asked)


def published_code(model: Any, pivot: list[str], other: list[str]) -> dict[str, float]:
    """What the reference computes, written from its formula: one text a pass, a double loop of cosines, np.delete."""
    import torch

    def embeddings(texts: list[str]) -> list[np.ndarray]:
        rows = []
        for text in texts:
            batch = model.tokenizer(text, return_tensors="pt", return_token_type_ids=False)
            with torch.no_grad():
                states = model.net(**batch, output_hidden_states=True).hidden_states
            t = torch.arange(1, states[0].shape[1] + 1)[None, :, None] * batch["attention_mask"][..., None]
            rows.append([((s * t).sum(1) / t.sum(1))[0].numpy() for s in states])
        return [np.stack(layer) for layer in zip(*rows, strict=True)]

    scores = {}
    for i, (x, y) in enumerate(zip(embeddings(pivot), embeddings(other), strict=True)):
        table = np.array([[a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) for b in y] for a in x])
        n = len(table)
        hits = sum(
            table[k, k] > max(np.delete(table[k], k)) and table[k, k] > max(np.delete(table[:, k], k)) for k in range(n)
        )
        scores[str(i)] = hits / n
    return scores


def test_the_published_recipe_gives_the_published_numbers(
    asked: AlignmentSpec, published: AlignmentResult, folder: Path
) -> None:
    model = load(asked.model, device="cpu")
    lines = {p.name.partition(".")[0]: p.read_text().splitlines()[:12] for p in folder.iterdir()}
    for language, scores in published.as_published().items():
        assert scores == pytest.approx(published_code(model, lines["eng_Latn"], lines[language]), abs=1e-12)
        about = published.languages.set_index("language").loc[language]
        assert about["mean"] == pytest.approx(np.mean(list(scores.values())))
        assert about["max"] == pytest.approx(max(scores.values()))
    assert published.layers == published.published == ("0", "1", "2 + norm")
    assert published.at == 12
    assert len(set(published.scores.mexa)) > 2  # or the comparison would say nothing


def test_our_recipe_shows_the_last_layer_before_and_after_the_norm(tiny_llama: Path, folder: Path) -> None:
    found = ask(small_alignment(tiny_llama, folder))
    assert found.layers == ("0", "1", "2", "2 + norm")
    assert found.published == ("0", "1", "2 + norm")
    assert (found.sentences, found.at, found.count) == (14, 8, 3)
    assert (found.scores.score >= found.scores.mexa).all()  # fewer rivals
    assert found.cross.shape == (3, 4, 14, 14)
    assert found.within.shape == (4, 4, 14, 14)
    assert found.near.shape == (4, 4, 4)
    assert np.allclose(np.diagonal(found.near, axis1=1, axis2=2), 1, atol=1e-5)


def test_a_language_compared_with_itself_under_another_name_meets_everywhere(tiny_bert: Path, tmp_path: Path) -> None:
    folder = line_folder(tmp_path / "f")
    (folder / "twin_Latn.devtest").write_bytes((folder / "eng_Latn.devtest").read_bytes())
    reverse = (folder / "eng_Latn.devtest").read_text().splitlines()[::-1]
    (folder / "anti_Latn.devtest").write_text("\n".join(reverse) + "\n")
    found = ask(small_alignment(tiny_bert, folder, languages=("twin_Latn", "anti_Latn")))
    twin, anti = (found.scores[found.scores.language == name] for name in ("twin_Latn", "anti_Latn"))
    assert (twin.score == 1).all()
    assert (twin.lexical == 1).all()
    assert twin.cka.min() > 0.999
    assert (anti.mexa == 0).all()  # the same vectors, wrongly paired
    assert (anti.p == 1).all()
    assert anti.cka.max() < 0.9
    assert found.lowest == "anti_Latn"
    assert found.headline().startswith("2 languages meet English, most often at layer 0 of 2: ")


def test_the_bitext_names_who_a_sentence_lost_to(published: AlignmentResult) -> None:
    language, layer = "deu_Latn", "1"
    table = bitext(published, language, layer)
    assert table.meets.mean() == pytest.approx(published.row(language, layer).mexa)
    assert table.margin.is_monotonic_increasing
    texts = {name: part.text.tolist() for name, part in published.texts.groupby("language")}
    s = published.cross[published.languages.language.tolist().index(language), published.layers.index(layer)]
    for row in table.itertuples():
        i, j = texts["eng_Latn"].index(row.sentence), texts["eng_Latn"].index(row.rival)
        assert texts[language][i] == row.translation
        assert i != j
        others = [max(s[i, k], s[k, i]) for k in range(len(s)) if k != i]
        assert row.to_rival == pytest.approx(max(others)) == pytest.approx(max(s[i, j], s[j, i]))
        assert row.similarity == pytest.approx(s[i, i])
    with pytest.raises(KeyError):
        bitext(published, language, "99")


def test_one_language_is_named_in_the_headline(tiny_bert: Path, folder: Path) -> None:
    found = ask(small_alignment(tiny_bert, folder, languages=("tur_Latn",)))
    row = found.row("tur_Latn", found.best)
    assert found.best == found.languages.best[0]
    assert found.headline() == (
        f"Turkish meets English at layer {row.layer} of 2: {row.score:.2f} of sentence pairs, floor {row.lexical:.2f}."
    )


def test_scores_do_not_depend_on_keeping_similarities(tiny_bert: Path, folder: Path) -> None:
    kept, not_kept = (ask(small_alignment(tiny_bert, folder, grams=grams)) for grams in (True, False))
    assert kept.scores.equals(not_kept.scores)
    assert (not_kept.cross.size, not_kept.within.size, not_kept.near.size) == (0, 0, 0)
    assert bitext(not_kept, "deu_Latn", "1").equals(bitext(kept, "deu_Latn", "1"))


def test_too_many_similarities_are_refused_before_anything_is_read(
    tiny_bert: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "LARGEST", 1000)
    with pytest.raises(StrataError, match="Turn grams off") as refusal:
        ask(small_alignment(tiny_bert, folder))
    assert refusal.value.code == "E-ALIGN-SIZE"
    ask(small_alignment(tiny_bert, folder, grams=False))


def test_a_sentence_too_long_in_one_language_is_left_out_of_all_and_counted(tiny_bert: Path, tmp_path: Path) -> None:
    folder = line_folder(tmp_path / "f")
    lines = (folder / "tur_Latn.devtest").read_text().splitlines()
    lines[3] = "x " * 600
    (folder / "tur_Latn.devtest").write_text("\n".join(lines) + "\n")
    found = ask(small_alignment(tiny_bert, folder, n=16))
    assert found.left_out == {"sentence of more than 512 tokens in some language": 1}
    assert "4" not in set(found.texts.sentence)
    assert found.sentences == 15


def test_a_language_the_model_cannot_read_is_said(tiny_bert: Path, tmp_path: Path) -> None:
    folder = line_folder(tmp_path / "f")
    (folder / "hin_Deva.devtest").write_text("".join(f"यह वाक्य संख्या {'अ' * (i + 1)} है।\n" for i in range(16)))
    found = ask(small_alignment(tiny_bert, folder, languages=("hin_Deva",)))
    assert found.languages.unknown[0] > 0.9
    said = " ".join(found.source.notes)
    assert "of the tokens of Hindi are unknown." in said
    assert "Hindi: " in said  # rows the model cannot tell apart
    assert "sentences have the vectors of another" in said


def test_states_that_are_no_numbers_are_refused_by_language(
    tiny_bert: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = study.read_texts

    def broken(model: Any, texts: list[str], *given: Any, **more: Any) -> dict[str, np.ndarray]:
        rows = real(model, texts, *given, **more)
        rows["1"][2, 3] = np.nan
        return rows

    monkeypatch.setattr(study, "read_texts", broken)
    with pytest.raises(StrataError, match=r"The states of \w+_Latn in .* hold NaN.*1 of 14 rows") as refusal:
        ask(small_alignment(tiny_bert, folder))
    assert refusal.value.code == "E-STATES-NAN"


def test_fewer_than_four_sentences_are_refused(tiny_bert: Path, folder: Path) -> None:
    with pytest.raises(StrataError, match="3 sentences are left of 3") as refusal:
        ask(small_alignment(tiny_bert, folder, n=3))
    assert refusal.value.code == "E-PARALLEL-FEW"


def test_words_of_a_command_line_become_languages() -> None:
    assert AlignmentSpec(languages="de, sw,").languages == ("de", "sw")  # type: ignore[arg-type]
    assert AlignmentSpec(languages=("de",)).digest != AlignmentSpec().digest


@pytest.mark.weights
def test_the_demo_has_a_layer_effect(real: Any, django: str) -> None:
    found = ask(AlignmentSpec(model=real("e5-small"), languages=("ru", "zh_Hans"), n=40))
    wide = found.scores.pivot(index="language", columns="layer", values="score")
    assert (wide["12"] > wide["0"] + 0.3).all()
    floor = found.languages.set_index("language").lexical.sort_index()
    assert (wide["12"] > floor + 0.2).all()
