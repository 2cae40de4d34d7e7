"""The one masker of training, evaluation and serving: `mask` and what it gives back.

`masker` applies the rules pass by pass; `patterns`, `accounts`, `account_rules`, `tables`,
`numbers`, `dates` and `addresses` find identifiers; `names` and what it draws on finds persons.
"""

from data_pipeline.domain.masking.masker import MASKING_VERSION, MaskedText, Replacement, mask

__all__ = ["MASKING_VERSION", "MaskedText", "Replacement", "mask"]
