"""Whose texts a model may have been trained on, by its manifest."""

from data_pipeline.corpus.narratives import corpus_path
from data_pipeline.example_store import file_digest
from model_store.artifact import read_manifest, starter_directory
from training.evaluation.stored import corpus_authors_read, has_calibrated, perhaps_read

STARTER = read_manifest(starter_directory())
AUTHORS = {"", "bz2", "mb5", "rk8"}  # learned from, held out, of a test set


def test_of_a_model_of_the_corpus_alone_those_of_the_corpus_that_were_not_held_out():
    digests = {"corpus": file_digest(corpus_path())}
    manifest = STARTER.model_copy(update={"data_digests": digests})
    assert perhaps_read(manifest, AUTHORS) == {"bz2"}


def test_of_a_model_of_another_corpus_or_more_all_that_were_not_held_out():
    for digests in ({"corpus": "0" * 64}, {**STARTER.data_digests, "hmda": "0" * 64}):
        manifest = STARTER.model_copy(update={"data_digests": digests})
        assert perhaps_read(manifest, AUTHORS) == {"bz2", "rk8"}


def test_of_a_model_that_does_not_tell_whom_it_held_out_nobody_is_named():
    config = {k: v for k, v in STARTER.config.items() if k != "held_out_authors"}
    assert perhaps_read(STARTER.model_copy(update={"config": config}), AUTHORS) == set()


def test_of_a_model_of_a_corpus_those_that_write_in_it_and_were_not_held_out():
    manifest = STARTER.model_copy(update={"data_digests": {"corpus": "0" * 64}})
    assert corpus_authors_read(manifest, AUTHORS) == {"bz2"}
    assert corpus_authors_read(manifest, {"", "mb5", "rk8"}) == set()
    other = STARTER.model_copy(update={"data_digests": {"hmda": "0" * 64}})
    assert corpus_authors_read(other, AUTHORS) == set()


def test_a_model_was_calibrated_on_the_authors_that_its_run_held_out():
    assert has_calibrated(STARTER, AUTHORS)
    assert not has_calibrated(STARTER, {"", "bz2", "rk8"})
    config = {**STARTER.config, "held_out_calibrates": False}
    assert not has_calibrated(STARTER.model_copy(update={"config": config}), AUTHORS)
