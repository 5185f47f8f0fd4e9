"""`python -m probes codemodel`: a decoder of yours is taught, stopped, goes on, and is kept."""

import json
import re
from pathlib import Path

import pytest
import torch

from probes.__main__ import main
from probes.codebooks.trained import kept
from probes.codebooks.trained.lesson import Lesson
from probes.codebooks.trained.teaching import teach
from probes.codebooks.trained.training import Recipe
from probes.contract import Progress
from probes.errors import Cancelled

LINES = [f"value_{i} = total + {i}\nreturn value_{i}" for i in range(160)]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps({"text": line}) + "\n" for line in LINES))
    return path


def asked(model: Path, table: Path, into: Path, **other: object) -> list[str]:
    given = {"model": model, "corpus": f"table:{table}", "language": "", "places": "head,mlp", "codes": 8, "steps": 60}
    given |= {"tokens": 16, "texts": 160, "rate": 0.01, "blocks": 4, "device": "cpu", **other}
    return ["codemodel", *(f"--{name}={value}" for name, value in given.items()), f"--into={into}"]


def test_a_decoder_is_taught_kept_and_read_again(
    capsys: pytest.CaptureFixture[str], tiny_llama: Path, table: Path, tmp_path: Path
) -> None:
    assert main(asked(tiny_llama, table, tmp_path / "one", many=4)) == 0
    said = capsys.readouterr().out
    last, first, put = map(float, re.findall(r"\d\.\d{3}(?= ± | as it was| with the codes)", said)[:3])
    assert last < put - 0.5
    assert last < first - 0.5
    alone = float(re.findall(r"(\d\.\d{3}) trained as long without codes", said)[0])
    assert alone < last  # here codes have a price, and it is seen beside more text alone
    assert not (tmp_path / "one" / "control").exists()
    model = kept.load(tmp_path / "one")
    names = [f"{layer}.{place}" for layer in range(model.net.config.num_hidden_layers) for place in ("head", "mlp")]
    assert sorted(model.books.named()) == names
    model.net(input_ids=torch.arange(6)[None])
    assert model.books.named()["0.mlp"].ids.shape == (6, 1, 1)
    # asked again, nothing is left to do, and the numbers are the same
    assert main(asked(tiny_llama, table, tmp_path / "one", many=4)) == 0
    assert capsys.readouterr().out == said


def test_what_cannot_be_taught_is_refused(
    capsys: pytest.CaptureFixture[str], tiny_bert: Path, tiny_llama: Path, table: Path, tmp_path: Path
) -> None:
    for model, other, code in (
        (tiny_llama, {"places": "knee"}, "E-CODES-PLACE"),
        (tiny_llama, {"layers": "99"}, "E-CODES-PLACE"),
        (tiny_llama, {"texts": 10, "tokens": 4096}, "E-CORPUS-SMALL"),
        (tiny_llama, {"k": 9}, "E-CODES-K"),
        (tiny_llama, {"steps": 0}, "E-SPEC"),
        (tiny_llama, {"dtype": "bfloat16"}, "E-CODES-DECODER"),
        (tiny_bert, {}, "E-HEAD"),
    ):
        assert main(asked(model, table, tmp_path / code / str(len(other)), **other)) == 2
        assert code in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert main(asked(tiny_llama, table, tmp_path / "full")) == 2
    assert "E-CODES-FOLDER" in capsys.readouterr().err


@pytest.mark.parametrize(("optimiser", "time"), [("adamw", 1), ("muon", 1), ("adamw", 2)])
def test_what_is_cancelled_goes_on_from_its_last_step_to_the_same_bits(
    tiny_llama: Path, table: Path, tmp_path: Path, optimiser: str, time: int
) -> None:
    """The first time in the training with codes, or the second time, in that without."""
    fields = {"model": str(tiny_llama), "corpus": f"table:{table}", "language": "", "codes": 8, "steps": 12}
    lesson = Lesson(**fields, tokens=16, texts=160, rate=0.01, blocks=4, device="cpu", optimiser=optimiser)
    stopped, whole = tmp_path / "stopped", tmp_path / "whole"

    seen = []

    class AtFive(Progress):
        def report(self, done: float, total: float, note: str = "") -> None:
            seen.extend([note] if note.startswith("step 5:") else [])
            if len(seen) == time:
                raise Cancelled

    with pytest.raises(Cancelled):
        teach(lesson, stopped, AtFive())
    folder = stopped if time == 1 else stopped / "control"
    assert json.loads((folder / "training.json").read_text())["done"] == 5
    ends = [teach(lesson, into, Progress()).stages.loss.tolist() for into in (stopped, whole)]
    assert ends[0] == ends[1]
    assert ends[0][2] < ends[0][1]


def test_many_codes_at_first_fall_to_k_by_the_middle() -> None:
    recipe = Recipe(100, many=16)
    chosen = [recipe.chosen(step, 1) for step in range(100)]
    assert chosen[0] == 16
    assert chosen[25] == 4
    assert chosen[50:] == [1] * 50
    assert chosen == sorted(chosen, reverse=True)
    assert {Recipe(100).chosen(step, 3) for step in range(100)} == {3}


def test_several_codes_are_chosen_one_after_another_or_the_nearest_at_once(
    capsys: pytest.CaptureFixture[str], tiny_llama: Path, table: Path, tmp_path: Path
) -> None:
    losses = {}
    for several in ("pursuit", "nearest"):
        into = tmp_path / several
        assert (
            main(
                asked(tiny_llama, table, into, k=4, codes=16, **({} if several == "pursuit" else {"several": several}))
            )
            == 0
        )
        losses[several] = [
            float(one) for one in re.findall(r"\d\.\d{3}(?= ± | with the codes)", capsys.readouterr().out)[:2]
        ]
        rules = kept.rules(into)
        assert (rules.k, rules.pursuit, rules.output) == (
            4,
            several == "pursuit",
            {"pursuit": "sum"}.get(several, "mean"),
        )
    for last, put in losses.values():
        assert last < put - 0.5
    assert losses["pursuit"][0] < losses["nearest"][0] - 0.1
