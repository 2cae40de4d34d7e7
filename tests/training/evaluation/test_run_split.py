import pytest

from model_store.manifest import Manifest
from training.errors import EvaluationError
from training.evaluation import run_split


class Parts:
    """What a run's data says of itself here."""

    source = "hmda"
    test_digest = "a" * 64


@pytest.mark.parametrize(
    ("learned", "held_out", "refused"),
    [
        ({"hmda": "h"}, {"hmda": "a" * 64}, False),
        ({"hmda": "h"}, {"hmda": "b" * 64}, True),
        ({"hmda": "h"}, {}, True),
        ({"corpus": "c"}, {}, False),
    ],
)
def test_only_what_a_model_is_known_not_to_have_read_counts_as_held_out(learned, held_out, refused):
    manifest = Manifest(
        name="tiny",
        version="0.0.1",
        created="2026-01-01",
        config={"held_out_digests": held_out},
        data_digests=learned,
        files={"x": "y"},
    )
    if refused:
        with pytest.raises(EvaluationError, match="another split of hmda"):
            run_split.require_same_split(Parts, manifest)
    else:
        run_split.require_same_split(Parts, manifest)
