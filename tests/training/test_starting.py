import shutil
from dataclasses import replace

import pytest
import torch
from torch import nn

from data_pipeline.errors import WhereforeError
from model_store.artifact import save_artifact
from model_store.engine.torch_backend import pad_rows
from model_store.figure_tokens import MIN_VALUES_PER_RANGE
from training.config import TrainingConfig
from training.errors import ConfigError
from training.starting import (
    encoder_identity,
    load_network,
    load_run_tokenizer,
    load_tokenizer,
    require_start_unread,
    start_identity,
    start_manifest,
)


@pytest.fixture
def stored(new_artifact, tmp_path):
    """A model as the folder of its run holds it."""
    artifact = new_artifact()
    manifest = save_artifact(artifact, tmp_path / "run" / "model", storage="fp32")
    return artifact, manifest, tmp_path / "run"


def config(encoder, start_from, **changes):
    return TrainingConfig(name="tiny", encoder=encoder, start_from=start_from, **changes)


@pytest.mark.parametrize("inside", ["", "model"])
def test_a_run_starts_from_all_weights_of_a_model_or_of_the_run_that_made_it(
    stored, tiny_encoder, inside
):
    artifact, manifest, folder = stored
    run = config(tiny_encoder, str(folder / inside), augmentation={"head_dropout": 0.3})
    network = load_network(run, load_run_tokenizer(run, []))
    for name, weights in artifact.network.state_dict().items():
        torch.testing.assert_close(network.state_dict()[name], weights)
    assert start_identity(run) == {"start_from_digest": manifest.digest}
    found = start_manifest(run)
    assert found is not None
    assert found.model_version == manifest.model_version
    rates = {
        name.startswith("encoder."): module.p
        for name, module in network.named_modules()
        if isinstance(module, nn.Dropout)
    }
    assert rates[False] == 0.3
    assert network.training


def test_an_encoder_is_known_by_its_files_wherever_they_lie(tiny_encoder, tmp_path):
    (known,) = encoder_identity(tiny_encoder).values()
    assert {"config.json", "tokenizer.json", "model.safetensors"} <= {*known}
    moved = tmp_path / "moved"
    shutil.copytree(tiny_encoder, moved)
    assert encoder_identity(str(moved)) == encoder_identity(tiny_encoder)
    with (moved / "model.safetensors").open("ab") as file:
        file.write(b" ")
    (changed,) = encoder_identity(str(moved)).values()
    assert {name for name in known if changed[name] != known[name]} == {"model.safetensors"}
    assert encoder_identity("roberta-base") == {}


def test_what_was_fitted_beside_another_encoder_is_not_started_from(
    new_artifact, tiny_encoder, tmp_path
):
    artifact = new_artifact()
    weights = ("encoder_weight", "lexical_weight")
    risk_weights = ("encoder_risk_weight", "lexical_risk_weight")
    for name in (*weights, *risk_weights):
        getattr(artifact.network, name).fill_(0.4)
    save_artifact(artifact, tmp_path / "model", storage="fp32")
    run = config(tiny_encoder, str(tmp_path / "model"))
    network = load_network(run, load_run_tokenizer(run, []))
    assert [float(getattr(network, name)) for name in weights] == [1.0, 0.0]
    assert [float(getattr(network, name)) for name in risk_weights] == [1.0, 0.0]


def test_without_a_model_to_start_from_the_heads_follow_from_the_seed(tiny_encoder):
    tokenizer = load_tokenizer(tiny_encoder)
    first, again = (load_network(config(tiny_encoder, None, seed=s), tokenizer) for s in (1, 1))
    other = load_network(config(tiny_encoder, None, seed=2), tokenizer)
    head = "category_head.1.weight"
    torch.testing.assert_close(first.state_dict()[head], again.state_dict()[head])
    assert not torch.equal(first.state_dict()[head], other.state_dict()[head])
    assert start_identity(config(tiny_encoder, None)) == {}


@pytest.mark.parametrize(
    ("learned", "held_out", "refused"),
    [
        ({"corpus": "c"}, {"corpus": "same"}, False),
        ({"corpus": "c"}, {"corpus": "others"}, True),
        ({"corpus": "c"}, {}, True),
        ({"simulator": "s"}, {"simulator": "others"}, False),
    ],
)
def test_a_model_that_may_have_read_what_is_held_out_is_no_start(
    new_artifact, tiny_encoder, tmp_path, *, learned, held_out, refused
):
    artifact = new_artifact()
    manifest = artifact.manifest.model_copy(
        update={"data_digests": learned, "config": {"held_out_digests": held_out}}
    )
    save_artifact(replace(artifact, manifest=manifest), tmp_path / "model", storage="fp32")
    run = config(tiny_encoder, str(tmp_path / "model"))
    if "corpus" in learned:
        with pytest.raises(ConfigError, match="may have read those"):
            require_start_unread(run, source="corpus", test_digest=None)
    if refused:
        with pytest.raises(ConfigError, match="may have read those"):
            require_start_unread(run, source="corpus", test_digest="same")
    else:
        require_start_unread(run, source="corpus", test_digest="same")
    require_start_unread(config(tiny_encoder, None), source="corpus", test_digest="same")


def test_a_folder_without_a_model_is_refused(tiny_encoder, tmp_path):
    with pytest.raises(WhereforeError, match="no model"):
        load_run_tokenizer(config(tiny_encoder, str(tmp_path)), [])


def test_a_model_with_another_tokenizer_is_refused(stored, tiny_encoder, tmp_path):
    _, _, folder = stored
    other = tmp_path / "other"
    other.mkdir()
    content = (folder / "model" / "tokenizer.json").read_text()
    (other / "tokenizer.json").write_text(content.replace("<mask>", "<musk>"))
    (other / "tokenizer_config.json").write_text('{"tokenizer_class": "RobertaTokenizerFast"}')
    with pytest.raises(ConfigError, match="--encoder"):
        load_network(config(str(other), str(folder)), load_tokenizer(str(other)))


def test_the_figures_of_the_texts_decide_the_ranges_of_a_run(tiny_encoder):
    run = config(tiny_encoder, None)
    texts = [f"Credit score: {score}" for score in range(400, 800, 10)]
    tokenizer = load_run_tokenizer(run, texts)
    (edges,) = tokenizer.figures.edges.values()
    assert len(edges) == len(texts) // MIN_VALUES_PER_RANGE - 1
    network = load_network(run, tokenizer)
    assert network.config.vocab_size == tokenizer.vocabulary_size == 400 + len(edges) + 1


def test_a_run_from_a_model_keeps_its_ranges(stored, tiny_encoder):
    artifact, _, folder = stored
    texts = [f"Credit score: {score}" for score in range(400, 800, 10)]
    ranged = load_run_tokenizer(config(tiny_encoder, None), texts)
    save_artifact(
        replace(
            artifact, tokenizer=ranged, network=load_network(config(tiny_encoder, None), ranged)
        ),
        folder / "model",
        storage="fp32",
    )
    run = config(tiny_encoder, str(folder))
    assert load_run_tokenizer(run, ["Credit score: 1"]).figures == ranged.figures


def test_a_run_from_a_model_may_add_quantities_to_its_ranges(new_artifact, tiny_encoder, tmp_path):
    texts = [f"Verified ${3000 + 50 * i:,} of $6,000." for i in range(60)]
    texts += [f"FICO {400 + i}" for i in range(60)]
    plain = config(tiny_encoder, None)
    ranged = load_run_tokenizer(plain, texts)
    network = load_network(plain, ranged).eval()
    artifact = new_artifact(network=network, tokenizer=ranged)
    save_artifact(artifact, tmp_path / "model", storage="fp32")
    run = config(tiny_encoder, str(tmp_path / "model"), figures={"quantities": True})
    tokenizer = load_run_tokenizer(run, texts)
    assert {*tokenizer.figures.edges} == {"credit_score", "amount", "amount_to_last"}
    grown = load_network(run, tokenizer).eval()
    vocabulary = ranged.vocabulary_size
    assert grown.config.vocab_size == tokenizer.vocabulary_size > vocabulary
    table, before = (n.encoder.get_input_embeddings().weight for n in (grown, network))
    torch.testing.assert_close(table[:vocabulary], before)
    assert (table[vocabulary:].norm(dim=1) > 0).all()
    known = [window.ids for window in ranged.windows(ranged.encode(texts[:1])[0].ids)]
    ids, mask = pad_rows(known, tokenizer.padding_id)
    with torch.no_grad():
        torch.testing.assert_close(grown(ids, mask).category_BC, network(ids, mask).category_BC)
    save_artifact(
        replace(artifact, network=grown, tokenizer=tokenizer), tmp_path / "grown", storage="fp32"
    )
    again = config(tiny_encoder, str(tmp_path / "grown"), figures={"quantities": True})
    assert load_run_tokenizer(again, ["$1"]).figures == tokenizer.figures


def test_one_range_means_no_tokens_of_figures(tiny_encoder):
    run = config(tiny_encoder, None, figures={"max_ranges": 1})
    texts = [f"Credit score: {score}" for score in range(400, 800, 10)]
    assert load_run_tokenizer(run, texts).figures.num_tokens == 0
