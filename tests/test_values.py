import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from probes.errors import Cancelled, StrataError
from probes.values import Corpus, Interval, Source, Text, digest_of, split_of


def corpus(*texts: str, name: str = "c") -> Corpus:
    return Corpus(name, texts, pd.DataFrame({"row": range(len(texts))}))


def many(n: int = 4000) -> list[str]:
    return [f"def f{i}():\n    return {i}" for i in range(n)]


# ---- digests ---------------------------------------------------------------------------------------------------------


def test_a_digest_is_the_sha256_of_length_prefixed_parts() -> None:
    import hashlib

    want = hashlib.sha256((2).to_bytes(8, "little") + b"ab" + (1).to_bytes(8, "little") + b"c").hexdigest()[:32]
    assert digest_of(["ab", "c"]) == want


def test_no_regrouping_of_parts_gives_the_same_digest() -> None:
    cuts = [("abc",), ("ab", "c"), ("a", "bc"), ("a", "b", "c"), ("abc", ""), ("", "abc"), (), ("",), ("", "")]
    # a part that imitates the prefix of another
    cuts += [("a", "b"), ("a" + "\x01" + "\x00" * 7 + "b",), ("a\x00", "b"), ("a", "\x00b")]
    assert len({digest_of(parts) for parts in cuts}) == len(cuts)


def test_any_text_has_a_digest() -> None:
    odd = ["\ud800", "\udfff", "\x00", "\N{GRINNING FACE}", "é", "e\u0301", ""]
    assert len({digest_of([text]) for text in odd}) == len(odd)


# ---- corpora ---------------------------------------------------------------------------------------------------------


def test_a_corpus_is_identified_by_its_texts_and_their_order_alone() -> None:
    one = corpus("a", "b")
    assert one.digest == corpus("a", "b", name="other").digest
    assert len({c.digest for c in (one, corpus("b", "a"), corpus("a"), corpus("a", "b", ""), corpus("ab"))}) == 5


def test_labels_must_be_as_many_as_texts() -> None:
    with pytest.raises(ValueError, match="'c' has 2 texts but 1 label rows"):
        Corpus("c", ("a", "b"), pd.DataFrame({"row": [0]}))


def test_a_corpus_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        corpus("a").name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Text("a", "python", "x:1").text = "b"  # type: ignore[misc]


def test_labels_follow_their_texts() -> None:
    taken = corpus("a", "b", "c").take([2, 0])
    assert (taken.texts, taken.labels.row.tolist(), taken.labels.index.tolist()) == (("c", "a"), [2, 0], [0, 1])


def test_a_sample_is_drawn_without_replacement_in_order_and_by_its_seed() -> None:
    whole = corpus(*map(str, range(100)))
    first, again, other = whole.sample(30, seed=1), whole.sample(30, seed=1), whole.sample(30, seed=2)
    rows = first.labels.row.tolist()
    assert rows == sorted(set(rows))
    assert len(first) == 30
    assert first.texts == again.texts != other.texts
    assert [whole.texts[row] for row in rows] == list(first.texts)
    assert whole.sample(100) is whole
    assert whole.sample(101).texts == whole.texts
    assert len(whole.sample(0)) == 0


def test_a_sample_is_fair() -> None:
    whole = corpus(*map(str, range(10)))
    seen = np.zeros(10)
    for seed in range(2000):
        seen[whole.sample(3, seed=seed).labels.row.to_numpy()] += 1
    assert np.abs(seen / 2000 - 0.3).max() < 0.05  # 5 standard errors


# ---- splits ----------------------------------------------------------------------------------------------------------


def test_parts_are_disjoint_complete_and_about_as_large_as_asked() -> None:
    texts = many()
    parts = corpus(*texts).split(0.7, 0.1, 0.2)
    rows = [set(part.labels.row) for part in parts]
    assert sum(map(len, rows)) == len(texts) == len(set().union(*rows))
    for part, share in zip(parts, (0.7, 0.1, 0.2), strict=True):
        assert abs(len(part) / len(texts) - share) < 5 * (share * (1 - share) / len(texts)) ** 0.5


def test_shares_need_not_add_up_to_one() -> None:
    texts = many(300)
    assert [split_of(t, (7, 1, 2)) for t in texts] == [split_of(t, (0.7, 0.1, 0.2)) for t in texts]


def test_a_part_of_no_share_gets_nothing() -> None:
    assert {split_of(t, (0, 1, 0)) for t in many(300)} == {1}
    assert {split_of(t, (1,)) for t in many(50)} == {0}


def test_where_a_text_falls_does_not_depend_on_the_rest() -> None:
    texts = many(500)
    parts = corpus(*texts).split(0.5, 0.5)
    fewer = corpus(*texts[::7][::-1]).split(0.5, 0.5)
    assert set(fewer[0].texts) <= set(parts[0].texts)
    assert set(fewer[1].texts) <= set(parts[1].texts)


def test_equal_code_falls_on_one_side_however_its_lines_end() -> None:
    for text in many(200):
        twins = (text, text + "\n", "\n\n" + text, text.replace("\n", "\r\n"), text.replace("\n", "  \t\n"))
        assert len({split_of(twin, (0.5, 0.5)) for twin in twins}) == 1


def test_other_code_may_fall_elsewhere_and_so_may_other_seeds() -> None:
    texts = many(1000)
    sides = np.array([[split_of(t, (1, 1), seed=seed) for t in texts] for seed in range(4)])
    agree = np.array([(a == b).mean() for i, a in enumerate(sides) for b in sides[:i]])
    assert np.abs(agree - 0.5).max() < 0.08  # seeds are independent: 5 standard errors
    indented = [t.replace("    return", "  return") for t in texts]
    assert (
        abs(np.mean([split_of(a, (1, 1)) == split_of(b, (1, 1)) for a, b in zip(texts, indented, strict=True)]) - 0.5)
        < 0.08
    )


def test_splits_stay_the_same_between_releases() -> None:
    """Golden: stored runs and published numbers depend on them."""
    assert [split_of(f"def f{i}(): pass", (0.6, 0.2, 0.2)) for i in range(12)] == [0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 2]


# ---- the rest --------------------------------------------------------------------------------------------------------


def test_an_interval_reads_as_its_three_numbers() -> None:
    assert str(Interval(0.615, 0.6, 0.63, "bootstrap")) == "0.61 [0.60, 0.63]"


def test_a_source_is_plain_json() -> None:
    source = Source("m", "r", "w", "float32", "cpu", "c", "d", 3, ("a note",), {"torch": "2"})
    plain = json.loads(json.dumps(source.as_dict()))
    assert plain["notes"] == ["a note"]
    assert set(plain) == {f.name for f in dataclasses.fields(Source)}


def test_a_refusal_reads_as_one_line_and_crosses_a_process_boundary_whole() -> None:
    import copy

    error = StrataError("E-X", "What.", "", "Fix.")
    assert str(error) == "What. Fix. [E-X]"
    twin = copy.copy(error)  # by the same protocol as pickle
    assert (twin.code, twin.what, twin.why, twin.fix) == ("E-X", "What.", "", "Fix.")
    assert not issubclass(Cancelled, StrataError)
