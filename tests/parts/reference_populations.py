"""A file of reference populations, for the service to compare answers with."""

from datetime import date

from data_pipeline.domain.taxonomy import CATEGORIES
from model_store.explain.references import Population, References


def references_file(folder, *, model_digest):
    """Averages of one below even odds in one population, of one above in the other."""
    references = References(
        version="2026-q4",
        measured_on=date(2026, 11, 20),
        model_digest=model_digest,
        populations=tuple(
            Population(name=name, num_applicants=40, mean_logit=dict.fromkeys(CATEGORIES, mean))
            for name, mean in (("slightly_above_approval", -1.0), ("all_applicants", 1.0))
        ),
    )
    path = folder / "references.json"
    path.write_text(references.model_dump_json())
    return path
