"""Codebook models: decoders trained to think in codes (Tamkin et al., 2023), of any Hugging Face family."""
