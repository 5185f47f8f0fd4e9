"""A GGUF checkpoint → an ordinary transformers folder, once.

transformers de-quantises a GGUF file each time it reads it (17 s for 135 M parameters), and cannot save what it read.
The same weights are put into a fresh module and saved as bfloat16 safetensors (8 bits of mantissa for what had 4),
which load in about a second.
"""

import contextlib
import io
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from probes.errors import StrataError
from probes.models.build import quiet

MAGIC = b"GGUF"


def convert(file: Path, into: Path) -> None:
    """Write config.json, model.safetensors (bfloat16) and the tokenizer of a GGUF decoder into a folder."""
    with file.open("rb") as opened:
        if opened.read(4) != MAGIC:
            raise StrataError("E-LOAD-GGUF", f"{file.name} is not a GGUF file.", "Its first four bytes are not 'GGUF'.")
    folder, name = str(file.parent), file.name
    # transformers draws a progress bar for this reader that its own switch does not reach
    with quiet(), torch.random.fork_rng(devices=[]), contextlib.redirect_stderr(io.StringIO()):
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name, local_files_only=True)
        read = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32, local_files_only=True)
        config = read.config
        del config.quantization_config  # it would send the reader of the new folder after a GGUF file
        whole = type(read)(config)
        whole.load_state_dict(read.state_dict())
        whole.bfloat16().save_pretrained(into)
        tokenizer.save_pretrained(into)
