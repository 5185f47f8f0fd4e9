"""Texts → token ids with character offsets: nothing is added that the tokenizer does not add, nothing is ever cut.

Offsets are those of the fast tokenizer, in characters of the text as it was given; a byte-level token that carries the
blank before a word has that blank in its span, and the tokens of one emoji all have the span of that emoji.
"""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import nn

from probes.errors import StrataError

if TYPE_CHECKING:
    from probes.models.model import Model

CHUNK = 1024
"""Texts tokenized at a time when only their lengths are asked for."""
NO_LIMIT = 1 << 20
"""The context of a model whose positions have no end: one text of a million sub-tokens is a mistake."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """A batch of texts as a model reads them."""

    ids: torch.Tensor
    """int64 [text, token] on the device."""
    mask: torch.Tensor
    """int64 [text, token] on the device: 1 for a token, 0 for padding."""
    offsets: np.ndarray
    """int64 [text, token, 2]: first character and the one after the last; 0, 0 for added tokens and padding."""
    special: np.ndarray
    """bool [text, token]: added by the tokenizer around the text, or padding."""
    extra: dict[str, torch.Tensor] = field(default_factory=dict)
    """What else this model's forward wants (position_ids, token_type_ids)."""


@dataclass(frozen=True)
class _Row:
    ids: list[int]
    offsets: list[tuple[int, int]]
    special: list[int]


def encode(model: "Model", texts: Sequence[str], side: Literal["left", "right"] = "right") -> Encoded:
    """Return the texts as one padded batch; raises E-TEXT-TOO-LONG or E-TEXT-EMPTY, and never changes a text."""
    rows = list(_rows(model.tokenizer, texts))
    lengths = np.array([len(row.ids) for row in rows], np.int64)
    check_lengths(lengths, model.name, model.context)
    _check_content(rows, model)
    shape = (len(rows), int(lengths.max(initial=0)))
    ids = np.full(shape, pad_id(model.tokenizer, embeddings_of(model.net)), np.int64)
    mask, offsets, special = np.zeros(shape, np.int64), np.zeros((*shape, 2), np.int64), np.ones(shape, bool)
    for i, row in enumerate(rows):
        at = slice(shape[1] - len(row.ids), None) if side == "left" else slice(0, len(row.ids))
        ids[i, at], mask[i, at], offsets[i, at], special[i, at] = row.ids, 1, row.offsets, row.special
    offsets[special] = 0
    ids_there, mask_there = (torch.from_numpy(array).to(model.device) for array in (ids, mask))
    return Encoded(ids_there, mask_there, offsets, special, _extra(model.net, mask, model.device, side))


def of_ids(model: "Model", ids: Sequence[int]) -> Encoded:
    """Return one row of token ids as a batch; they stand for no text, so that their offsets are all 0."""
    mask = np.ones((1, len(ids)), np.int64)
    there, seen = (torch.tensor([row], device=model.device) for row in (list(ids), [1] * len(ids)))
    offsets, special = np.zeros((1, len(ids), 2), np.int64), np.zeros((1, len(ids)), bool)
    return Encoded(there, seen, offsets, special, _extra(model.net, mask, model.device, "right"))


def lengths_of(tokenizer: Any, texts: Sequence[str]) -> np.ndarray:
    """Return int64 [text]: sub-tokens of each text, those the tokenizer adds included."""
    chunks = (list(texts[first : first + CHUNK]) for first in range(0, len(texts), CHUNK))
    counts = (len(ids) for chunk in chunks for ids in _tokenized(tokenizer, chunk)["input_ids"])
    return np.fromiter(counts, np.int64, len(texts))


def lengths_to(tokenizer: Any, texts: Sequence[str], ends: np.ndarray) -> np.ndarray:
    """Return int64 [text]: sub-tokens of each text up to the last that begins before character `ends[text]`."""
    found: list[int] = []
    for first in range(0, len(texts), CHUNK):
        rows = _rows(tokenizer, texts[first : first + CHUNK])
        for row, end in zip(rows, ends[first : first + CHUNK], strict=True):
            there = np.asarray(row.offsets, np.int64).reshape(-1, 2)[:, 0] < end
            found.append(_last(there & ~np.asarray(row.special, bool)))
    return np.array(found, np.int64)


def cut_to(encoded: Encoded, ends: np.ndarray) -> Encoded:
    """Return a batch padded on the right up to the last sub-token that begins before `ends[text]` in any text."""
    stop = _last(((encoded.offsets[..., 0] < ends[:, None]) & ~encoded.special).any(0))
    extra = {name: tensor[:, :stop] for name, tensor in encoded.extra.items()}
    return Encoded(
        encoded.ids[:, :stop], encoded.mask[:, :stop], encoded.offsets[:, :stop], encoded.special[:, :stop], extra
    )


def _last(there: np.ndarray) -> int:
    """Return how many tokens there are up to the last true one; at least one, as a model reads no empty row."""
    return int(np.flatnonzero(there).max(initial=0)) + 1


def check_lengths(lengths: np.ndarray, name: str, context: int) -> None:
    """Raise StrataError E-TEXT-TOO-LONG, with the counts, when a text has more sub-tokens than there are positions."""
    if not (too_long := int((lengths > context).sum())):
        return
    longest = int(lengths.argmax())
    raise StrataError(
        "E-TEXT-TOO-LONG",
        f"{too_long} of {len(lengths)} texts are longer than {name} can read.",
        f"The longest, text {longest}, has {int(lengths[longest])} sub-tokens; the model has {context} positions.",
        "Leave those texts out or shorten them: Strata never cuts a text on its own.",
    )


def context_of(net: Any, tokenizer: Any) -> int:
    """Return how many sub-tokens a text may have, the added ones included.

    The model's own positions, less those RoBERTa's family spends on padding; where positions are relative and have no
    end (T5, ALiBi), the length the tokenizer was made for.
    """
    config = net.config
    limits = [getattr(config, name, None) for name in ("max_position_embeddings", "n_positions", "max_seq_len")]
    known = [n for n in limits if isinstance(n, int) and n > 0]
    if (table := _position_table(net)) is not None and table.padding_idx is not None:
        known.append(table.num_embeddings - table.padding_idx - 1)
    if not known and tokenizer.model_max_length < NO_LIMIT:
        known.append(int(tokenizer.model_max_length))
    return min(known, default=NO_LIMIT)


def pad_id(tokenizer: Any, embeddings: int) -> int:
    """Return the id that fills a row: the pad token, or any other where there is none (it is masked either way).

    A pad token that was added to the tokenizer and not to the model has no embedding, and counts as none.
    """
    ids = (tokenizer.pad_token_id, tokenizer.eos_token_id)
    return next((int(i) for i in ids if i is not None and i < embeddings), 0)


def embeddings_of(net: Any) -> int:
    """Return how many tokens a model knows; under an adapter, those of the table it stands on."""
    table = net.get_input_embeddings()
    return int(getattr(table, "base_layer", table).num_embeddings)


def check_vocabulary(net: Any, tokenizer: Any, name: str) -> None:
    """Raise StrataError E-TOKENIZER-VOCAB when the tokenizer's own words (not those added later) have no embedding."""
    own, known = int(tokenizer.vocab_size), embeddings_of(net)
    if own > known:
        raise StrataError(
            "E-TOKENIZER-VOCAB",
            f"The tokenizer of '{name[:200]}' has {own} tokens, but the model has only {known} embeddings.",
            "They are not from the same model.",
            "Put the tokenizer that the model was trained with into its folder.",
        )


def _rows(tokenizer: Any, texts: Sequence[str]) -> Iterator[_Row]:
    if not len(texts):
        return
    batch = _tokenized(tokenizer, list(texts), return_offsets_mapping=True, return_special_tokens_mask=True)
    columns = (batch["input_ids"], batch["offset_mapping"], batch["special_tokens_mask"])
    for ids, offsets, special in zip(*columns, strict=True):
        yield _Row(ids, offsets, special)


def _tokenized(tokenizer: Any, texts: list[str], **asked: bool) -> Any:
    for i, text in enumerate(texts):
        try:
            text.encode()
        except UnicodeEncodeError:
            what = f"Text {i} holds half of a surrogate pair."
            raise StrataError("E-TEXT-UNICODE", what, "It is not valid Unicode.") from None
    # verbose=False: the tokenizer's warning about long texts would be wrong here, nothing long goes any further
    return tokenizer(texts, verbose=False, **asked)


def unknown_of(tokenizer: Any) -> int | None:
    """Return the id that stands for whatever the tokenizer does not know; None where it names no such token."""
    inner: Any = getattr(getattr(tokenizer, "backend_tokenizer", None), "model", None)
    if not hasattr(inner, "unk_token"):
        return None if tokenizer.unk_token_id is None else int(tokenizer.unk_token_id)
    # what cuts the text knows best: pieces of bytes name an unknown token that they never need, others name none
    return None if inner.unk_token is None else inner.token_to_id(inner.unk_token)


def check_known(model: "Model", encoded: Encoded) -> None:
    """Raise StrataError E-TEXT-UNKNOWN for a text of which every token stands for something unknown."""
    unknown = unknown_of(model.tokenizer)
    for ids, special in zip(encoded.ids.cpu().numpy(), encoded.special, strict=True):
        if unknown is not None and (~special).any() and (ids[~special] == unknown).all():
            raise StrataError(
                "E-TEXT-UNKNOWN",
                f"The tokenizer of {model.name[:200]} knows nothing of this text.",
                f"All {int((~special).sum())} of its tokens are read as {model.tokenizer.decode([unknown])!r}.",
                "Write in the words or letters that the model has learnt, or choose another model.",
            )


def _check_content(rows: Sequence[_Row], model: "Model") -> None:
    if empty := [i for i, row in enumerate(rows) if not row.ids]:
        raise StrataError(
            "E-TEXT-EMPTY",
            f"Text {empty[0]} gives no token ({len(empty)} of {len(rows)} texts do not).",
            f"{model.name} adds none of its own to an empty text.",
            "Leave empty texts out.",
        )
    known = embeddings_of(model.net)
    if (largest := max((max(row.ids) for row in rows), default=0)) >= known:
        raise StrataError(
            "E-TOKENIZER-VOCAB",
            f"The tokenizer gives id {largest}, but the model has only {known} embeddings.",
            "They are not from the same model.",
        )


def _extra(net: Any, mask: np.ndarray, device: str, side: str) -> dict[str, torch.Tensor]:
    wanted = inspect.signature(net.forward).parameters
    extra: dict[str, np.ndarray] = {}
    # GPT-2 takes token_type_ids too, and would add a word's embedding for them: only models with types get any
    if "token_type_ids" in wanted and (getattr(net.config, "type_vocab_size", None) or 0) > 0:
        extra["token_type_ids"] = np.zeros_like(mask)
    if side == "left" and "position_ids" in wanted:
        table = _position_table(net)
        first = 0 if table is None or table.padding_idx is None else table.padding_idx + 1
        extra["position_ids"] = np.maximum(mask.cumsum(1) - 1, 0) + first
    return {name: torch.from_numpy(array).to(device) for name, array in extra.items()}


def _position_table(net: nn.Module) -> nn.Embedding | None:
    """Return BERT's kind of learned positions; in RoBERTa's family its padding index says how many come first."""
    named = (module for name, module in net.named_modules() if name.endswith("position_embeddings"))
    return next((module for module in named if isinstance(module, nn.Embedding)), None)
