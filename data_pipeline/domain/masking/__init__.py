"""The one masker of training, evaluation and serving: `mask` and what it gives back.

`masker` applies the rules pass by pass to the text as `folding` levels it; `masked_text` is what
comes of it. Numbers: `formatted` by form, `accounts`, `account_rules`, `cued_numbers` and `numbers`
by label, `number_shapes` by shape, `tables` by the head of a column. Dates: `dates` by label,
`calendar_dates` any that may be a birth, `loose_dates` in unusual writing.
`addresses` and `loose_addresses` find places; `names` and what it draws on, persons.
"""

from data_pipeline.domain.masking.masked_text import MaskedText, Replacement
from data_pipeline.domain.masking.masker import mask
from data_pipeline.domain.masking.version import MASKING_VERSION

__all__ = ["MASKING_VERSION", "MaskedText", "Replacement", "mask"]
