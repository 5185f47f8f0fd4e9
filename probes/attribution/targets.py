"""What is explained: one number a model gives of a text, as a function of the states that enter its first block.

The model is Hugging Face's own. Its tokens are fixed, a hook puts other states in place of those of a layer, and the
forward goes on from there, so that positions, scaling and norms of the embeddings need no case of their own.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from probes.attribution import probed
from probes.attribution.names import Target, seen
from probes.attribution.probed import Read
from probes.errors import StrataError
from probes.models import Encoded, LanguageModel, Model, hidden_states, language_model
from probes.models.encoding import check_known, unknown_of
from probes.models.sites import editing

TOP = 5


@dataclass(frozen=True, eq=False)
class Question:
    """One text under one model, and the number that is explained."""

    model: Model
    encoded: Encoded
    """The one text, as the model reads it."""
    read: Read
    asked: str
    unit: str
    query: int | None = None
    """The token whose attention matters; none for all alike."""
    row: Callable[[Encoded], torch.Tensor] | None = None
    """The logits float32 [text, vocabulary] where a token is predicted."""

    def value(self, states: torch.Tensor, layer: str = "0") -> torch.Tensor:
        """Return float32 [row]: the number, for states [row, token, width] in place of a layer's own."""
        encoded = repeated(self.encoded, len(states))
        with editing(self.model, layer, lambda own: states.to(own.dtype, copy=True)):  # some blocks write into them
            return self.read(encoded)

    def states(self, layer: str = "0", encoded: Encoded | None = None) -> torch.Tensor:
        """Return the text's own states at a layer, float32 [1, token, width]."""
        return hidden_states(self.model, encoded or self.encoded, [layer])[layer].float()

    @property
    def own(self) -> torch.Tensor:
        """bool [token]: the text's own tokens, not those a tokenizer adds."""
        return torch.from_numpy(~self.encoded.special[0]).to(self.model.device)


def repeated(encoded: Encoded, n: int) -> Encoded:
    """Return a batch of one text `n` times."""
    extra = {name: tensor.expand(n, -1) for name, tensor in encoded.extra.items()}
    return replace(encoded, ids=encoded.ids.expand(n, -1), mask=encoded.mask.expand(n, -1), extra=extra)


@dataclass(frozen=True)
class Asked:
    """What to explain of a text, in plain values."""

    text: str
    target: Target = "next token"
    token: str = ""
    against: str = ""
    position: int = -1
    other: str = ""
    run: str = ""
    code: str = ""
    label: str = ""
    written: str = ""
    """The code as it was typed, where `text` is what a syntax run makes of it."""


def question(model: Model, asked: Asked) -> Question:
    """Return the Question; refuses a target the model does not have (E-HEAD, E-TARGET) or a token that is none."""
    encoded = model.encode([asked.text])
    if encoded.special[0].all():
        raise StrataError("E-TEXT-EMPTY", "There is no token in this text.", fix="Type more.")
    check_known(model, encoded)
    if asked.target == "similarity":
        return _similarity(model, encoded, asked.other)
    if asked.target in probed.UNSAID:
        return _margin(model, encoded, asked)
    lm = _with_head(model)
    wanted = "masked" if asked.target == "masked token" else "next"
    if lm.task != wanted:
        can = "next token, a token, whole text" if lm.task == "next" else "masked token"
        what = f"'{model.name[:200]}' cannot be asked for '{asked.target}'."
        why = f"It predicts {'tokens from those before them' if lm.task == 'next' else 'masked tokens'}."
        raise StrataError("E-TARGET", what, why, f"Ask for {can}, or similarity.")
    if asked.target == "whole text":
        return _whole(lm, encoded)
    return _predicted(lm, encoded, asked)


def _with_head(model: Model) -> LanguageModel:
    try:
        return language_model(model)
    except StrataError as error:
        fix = f"{error.fix} Or ask for similarity, which needs no head."
        raise StrataError(error.code, error.what, error.why, fix) from error


def _predicted(lm: LanguageModel, encoded: Encoded, asked: Asked) -> Question:
    """Explain the token at one place: after the text, in it, or under the mask."""
    tokenizer = lm.model.tokenizer
    length = encoded.ids.shape[1]
    if asked.target == "next token":
        place, there = length - 1, None
    else:
        at = _position(encoded, asked.position, first=1 if lm.task == "next" else 0)
        place, there = (at - 1 if lm.task == "next" else at), int(encoded.ids[0, at])
        if lm.task == "masked":
            ids = encoded.ids.clone()
            ids[0, at] = lm.mask or 0  # a masked model has one
            encoded = replace(encoded, ids=ids)
    row = _row(lm, place)
    if asked.token:
        wanted = token_id(tokenizer, asked.token)
    else:
        with torch.no_grad():
            wanted = there if there is not None else int(row(encoded)[0].argmax())
    names = [seen(named(tokenizer, wanted))]
    if asked.against:
        other = token_id(tokenizer, asked.against)
        names.append(seen(named(tokenizer, other)))
        read: Read = lambda batch: (logits := row(batch))[:, wanted] - logits[:, other]  # noqa: E731
        what, unit = f"the log-odds of “{names[0]}” over “{names[1]}”", "nats"
    else:
        read = lambda batch: row(batch).log_softmax(-1)[:, wanted]  # noqa: E731
        what, unit = f"the log-probability of “{names[0]}”", "nats"
    return Question(lm.model, encoded, read, what, unit, place, row)


def _row(lm: LanguageModel, place: int) -> Callable[[Encoded], torch.Tensor]:
    """Return what reads the logits at one place, and computes no others where the model can be told so."""
    whole = replace(lm.model, net=lm.net)
    few = "logits_to_keep" in inspect.signature(lm.net.forward).parameters
    keep: dict[str, Any] = {"logits_to_keep": torch.tensor([place], device=lm.model.device)} if few else {}

    def row(batch: Encoded) -> torch.Tensor:
        logits = whole.forward(batch, **keep).logits
        found: torch.Tensor = logits[:, 0 if few else place].float()
        return found

    return row


def _whole(lm: LanguageModel, encoded: Encoded) -> Question:
    if encoded.ids.shape[1] < 2:
        raise StrataError("E-TARGET", "One token alone predicts nothing.", fix="Type more.")

    def read(batch: Encoded) -> torch.Tensor:
        likely = lm.logits(batch)[:, :-1].log_softmax(-1)
        return likely.gather(-1, batch.ids[:, 1:, None])[..., 0].sum(-1)

    return Question(lm.model, encoded, read, "the log-probability of the text", "nats")


def _similarity(model: Model, encoded: Encoded, other: str) -> Question:
    if not other.strip():
        raise StrataError("E-TARGET", "There is no second text to be like.", fix="Give it as 'other'.")

    def pooled(batch: Encoded) -> torch.Tensor:
        states = model.forward(batch).last_hidden_state.float()
        mask = batch.mask[..., None]
        return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)

    with torch.no_grad():
        fixed = pooled(model.encode([other]))
    return Question(model, encoded, lambda batch: (pooled(batch) * fixed).sum(-1), "the cosine of the two texts", "")


def _margin(model: Model, encoded: Encoded, asked: Asked) -> Question:
    """Explain a code, a class or a label: by how much the states are on its side rather than on any other's."""
    if not asked.run or (asked.target == "a code" and not asked.code):
        raise StrataError("E-TARGET", *probed.UNSAID[asked.target])
    at = _position(encoded, asked.position, first=0, refusal="is none of its words'")
    if asked.target == "a code":
        read, words = probed.coded(model, (asked.run, asked.code), at)
    else:
        read, words = probed.labelled(model, encoded, asked, at)
    return Question(model, encoded, read, words, "", at)


def _position(encoded: Encoded, position: int, *, first: int, refusal: str = "cannot be predicted") -> int:
    own = (~encoded.special[0]).nonzero()[0]
    at = int(own[-1]) if position < 0 else position
    if at not in own or at < first:
        why = f"Its own tokens are {int(own[0])} to {int(own[-1])}" + (
            ", and nothing stands before token 0 that could predict it." if first else "."
        )
        raise StrataError("E-TARGET", f"Token {at} of this text {refusal}.", why, "Choose another position.")
    return at


def token_id(tokenizer: Any, text: str) -> int:
    """Return the one token that a text is; raises StrataError E-TARGET when it is none or several."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    if len(ids) == 1 and ids[0] != unknown_of(tokenizer):
        return int(ids[0])
    pieces = " · ".join(seen(named(tokenizer, i)) for i in ids[:8]) or "nothing"
    fix = "Name one token; one that starts a word mostly has the blank before it (' Paris')."
    raise StrataError("E-TARGET", f"“{text[:60]}” is no token of this model.", f"It is cut into {pieces}.", fix)


def named(tokenizer: Any, token: int) -> str:
    """Return a token as text."""
    return str(tokenizer.decode([token], clean_up_tokenization_spaces=False))


def predictions(asked: Question) -> list[tuple[str, float]]:
    """Return the likeliest tokens and their probabilities where one is predicted; nothing elsewhere."""
    if asked.row is None:
        return []
    with torch.no_grad():
        top = asked.row(asked.encoded)[0].softmax(-1).topk(TOP)
    pairs = zip(top.indices.tolist(), top.values.tolist(), strict=True)
    return [(named(asked.model.tokenizer, token), float(share)) for token, share in pairs]
