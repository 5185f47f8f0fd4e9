"""What the tiny models are made of: a vocabulary of our own, sizes, and tokenizers built in code."""

import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# words of our own, so that a tiny tokenizer splits code into more than one letter a token
WORDS = (
    "def return self if else for in range while import from class None True False print len list dict str int float "
    "value values name names item items key index total count result data text line lines path file add sum max min "
    "function const let var new this public static void func package type struct"
)
CODE = WORDS.split()
SPECIAL = {"unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "pad": "[PAD]", "mask": "[MASK]"}
WIDTH, DEPTH, HEADS, CONTEXT = 16, 2, 2, 512


def sizes(tokenizer: Any) -> dict[str, int]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "num_hidden_layers": DEPTH,
        "num_attention_heads": HEADS,
        "max_position_embeddings": CONTEXT,
    }


def save(factory: pytest.TempPathFactory, name: str, build: Callable[[], Any], tokenizer: Any) -> Path:
    import torch

    folder = factory.mktemp("models") / name
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = build()
        for weights in net.parameters():  # norms and biases start at one and zero: move them, so that a mix-up shows
            weights.data += 0.05 * torch.randn_like(weights)
    net.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def wrap(tokenizer: Any, **special: str) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=CONTEXT, **special)


def word_piece() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = [c for c in string.printable if not c.isspace()]
    pieces = [*SPECIAL.values(), *letters, *("##" + c for c in letters if c.isalnum()), *CODE]
    tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(dict.fromkeys(pieces))}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(t, tokenizer.token_to_id(t)) for t in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return wrap(tokenizer, **{f"{name}_token": token for name, token in SPECIAL.items()})


def byte_pairs(**special: str) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=list(special.values()), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([" ".join(CODE)] * 3, trainer)
    if "bos_token" in special:
        start = special["bos_token"]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{start} $A", special_tokens=[(start, tokenizer.token_to_id(start))]
        )
    return wrap(tokenizer, **special)


def unigram() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    letters = ["\u2581", *(c for c in string.printable if not c.isspace())]
    words = [piece for word in CODE for piece in ("\u2581" + word, word)]
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(p, -3.0 if len(p) > 1 else -6.0) for p in dict.fromkeys([*words, *letters])]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return wrap(tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
