"""Encoders of seeded random weights, for speed alone."""

from transformers import RobertaConfig

_VOCABULARY = 50_265  # token ids of RoBERTa

_SIZES: dict[str, dict[str, int]] = {
    "base": {},
    "tiny": {
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 128,
    },
}


def encoder_config(size: str) -> RobertaConfig:
    """Returns the configuration of an encoder without dropout.

    Args:
        size: `base`, as RoBERTa-base, or `tiny`, which only tests the programs.
    """
    return RobertaConfig(
        vocab_size=_VOCABULARY,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **_SIZES[size],
    )
