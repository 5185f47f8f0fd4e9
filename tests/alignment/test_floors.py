import numpy as np
import pytest
from parallel_vectors import paired
from sklearn.feature_extraction.text import TfidfVectorizer

from probes.alignment import floors
from probes.alignment.grams import similarities
from probes.alignment.leak import among_alike, length_leak
from probes.alignment.mexa import mexa
from probes.errors import StrataError

ENGLISH = ["The European Parliament  met.", "Open the FILE please", "Water boils at 100 degrees", "No answer came"]
FRENCH = [
    "Le Parlement européen s'est réuni.",
    "Ouvrez le fichier",
    "L'eau bout à 100 degrés",
    "Aucune réponse n'est venue",
]
JAPANESE = ["欧州議会が開かれた。", "ファイルを開いてください", "水は百度で沸騰する", "返事は来なかった"]


@pytest.mark.parametrize("other", [ENGLISH, FRENCH, JAPANESE])
def test_lexical_similarity_is_the_cosine_of_character_grams(other: list[str]) -> None:
    table = TfidfVectorizer(analyzer="char", ngram_range=(2, 4)).fit_transform([*ENGLISH, *other])
    np.testing.assert_allclose(floors.lexical(ENGLISH, other), (table[:4] @ table[4:].T).toarray(), atol=1e-6)


def test_grams_beyond_one_chunk_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = floors.lexical(ENGLISH, FRENCH)
    monkeypatch.setattr(floors, "_CHUNK", 5)
    np.testing.assert_allclose(floors.lexical(ENGLISH, FRENCH), whole, atol=1e-7)


def test_cognates_and_numbers_are_a_floor_that_another_script_does_not_have() -> None:
    assert mexa(floors.lexical(ENGLISH, FRENCH)) >= 0.5
    assert mexa(floors.lexical(ENGLISH, JAPANESE)) == 0


def test_a_text_without_letters_is_like_nothing() -> None:
    s = floors.lexical([*ENGLISH, ""], [*FRENCH, "x"])
    assert not s[4].any()
    assert not s[:, 4].any()


def test_length_alone_finds_translations_and_equal_lengths_tie() -> None:
    ours = ["a" * n for n in (5, 12, 40, 90)]
    theirs = ["b" * (2 * n) for n in (5, 12, 40, 90)]  # everything is twice as long: that is no difference
    assert mexa(floors.length(ours, theirs)) == 1
    assert mexa(floors.length(ours, theirs[::-1])) == 0
    assert mexa(floors.length(["ab"] * 4, theirs)) == 0


def test_languages_of_different_counts_are_refused() -> None:
    for floor in (floors.lexical, floors.length):
        with pytest.raises(StrataError, match="One side has 4 rows, the other 3"):
            floor(ENGLISH, FRENCH[:3])


def test_a_cosine_that_follows_length_is_seen() -> None:
    """Vectors whose common part grows with the number of tokens, as averaging does it."""
    draw = np.random.default_rng(0)
    tokens = draw.integers(5, 80, size=200)
    common = np.ones(64) / 8

    def side() -> np.ndarray:
        return common + draw.normal(size=(200, 64)) / np.sqrt(tokens)[:, None] / 2

    total, _ = length_leak(similarities(side(), side()), tokens, tokens + 1)
    assert total > 0.8
    clean, apart = length_leak(similarities(*paired(0.5, n=200)), tokens, draw.permutation(tokens))
    assert abs(clean) < 0.2
    assert abs(apart) < 0.2


def test_sentences_of_one_length_leak_nothing_that_could_be_measured() -> None:
    total, apart = length_leak(similarities(*paired(0.5, layers=2)), [7] * 40, [7] * 40)
    assert np.isnan(total).all()
    assert np.isnan(apart).all()


def test_among_rivals_of_its_own_length_length_tells_nothing() -> None:
    """Vectors that hold the length and nothing else: full marks among all, none among rivals of like length."""
    lengths = np.repeat([10, 20, 40, 80], 3) + np.tile([0, 0, 1], 4)
    s = -np.abs(lengths[:, None] - lengths[None, :]).astype(float)
    assert mexa(s) == pytest.approx(4 / 12)  # the one of its length in each group of three
    assert among_alike(s, lengths, lengths, factor=1.2) == pytest.approx(4 / 12)
    words = np.array([10, 20, 40, 80, 81])
    alone = -np.abs(words[:, None] - words[None, :]).astype(float)
    assert among_alike(alone, words, words) == 1  # judged on the two that have a rival
    assert np.isnan(among_alike(alone[:4, :4], words[:4], words[:4]))


def test_rivals_are_alike_in_the_language_they_compete_in() -> None:
    s = np.array([[0.5, 0.9], [0.1, 0.6]])  # y_1 beats y_0 for x_0
    assert among_alike(s, [10, 100], [10, 11]) == pytest.approx(0.5)  # row 0 loses, row 1 does not
    assert np.isnan(among_alike(s, [10, 100], [10, 100]))
    assert among_alike(s, [10, 11], [10, 100]) == pytest.approx(0.5)  # in column 1, x_0 (0.9) beats x_1 (0.6)


def test_a_leak_needs_a_length_for_every_sentence() -> None:
    s = similarities(*paired(0.5))
    with pytest.raises(StrataError, match="One side has 39 rows, the other 40"):
        length_leak(s, [1] * 39, [1] * 39)
