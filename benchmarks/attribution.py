"""Integrated gradients of the next token, against Captum called by hand on the same Hugging Face model.

    python benchmarks/attribution.py

By hand: the whole causal model, `inputs_embeds`, and Captum's IntegratedGradients with the same steps and batch. Both
run in one process and in turn, on SmolLM2. Claims: the same attributions, and at most 1.1 × the time.
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from captum.attr import IntegratedGradients
from transformers import AutoModelForCausalLM

from probes.attribution import AttributionSpec, captumed
from probes.attribution.targets import Asked, question
from probes.models import load
from probes.models.fetch import folder_of

TEXT, STEPS, ROUNDS = "The capital of France is the city of", 8, 5


def by_hand(whole: torch.nn.Module, ids: torch.Tensor, token: int, at_once: int) -> torch.Tensor:
    """Attribute as Captum's own tutorial would."""
    embeddings = whole.get_input_embeddings()(ids)  # type: ignore[operator]

    def forward(states: torch.Tensor) -> torch.Tensor:
        return whole(inputs_embeds=states, use_cache=False).logits[:, -1].log_softmax(-1)[:, token]

    method = IntegratedGradients(forward)
    found = method.attribute(embeddings, torch.zeros_like(embeddings), n_steps=STEPS, internal_batch_size=at_once)
    return found.sum(-1)[0]


def main() -> None:
    """Print the ratio, having compared the attributions."""
    name = AttributionSpec().model
    model = load(name, device="cpu")
    asked = question(model, Asked(TEXT))
    whole = AutoModelForCausalLM.from_pretrained(folder_of(name).path, dtype=torch.float32).eval().requires_grad_(False)
    x = asked.states()
    token = int(whole(asked.encoded.ids).logits[0, -1].argmax())
    ours, theirs = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        one = captumed.integrated_gradients(asked, x, torch.zeros_like(x), STEPS)
        middle = time.perf_counter()
        other = by_hand(whole, asked.encoded.ids, token, captumed.rows_at_once(asked))
        ours.append(middle - began)
        theirs.append(time.perf_counter() - middle)
        assert torch.allclose(one, other, atol=1e-3), "the attributions differ"
    print(f"{name}, {x.shape[1]} tokens, {STEPS} steps; largest difference {(one - other).abs().max():.1e}")
    print(f"by hand {statistics.median(theirs):.2f} s, ours {statistics.median(ours):.2f} s")
    print(f"ratio {statistics.median(ours) / statistics.median(theirs):.2f} (claim: at most 1.1)")


if __name__ == "__main__":
    main()
