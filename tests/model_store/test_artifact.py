import hashlib
import json
import math
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from model_store.artifact import (
    current_versions,
    load_artifact,
    read_manifest,
    save_artifact,
    starter_directory,
)
from model_store.calibration import Calibration, CategoryCalibration
from model_store.engine.torch_backend import pad_rows
from model_store.errors import (
    ArtifactError,
    ArtifactMismatchError,
    ArtifactMissingError,
    ArtifactTamperedError,
)
from model_store.predictor import Predictor

FILES = [
    "model.safetensors",
    "tokenizer.json",
    "figures.json",
    "config.json",
    "taxonomy.json",
    "calibration.json",
    "MODEL_CARD.md",
]
TEXTS = ["Back-end DTI of 51.2% is over the limit.", "", "Employed for 3 months; 🙂 one collection"]


@pytest.fixture(scope="module")
def artifact(new_artifact):
    scales = tuple(CategoryCalibration(intercept=2.0, state=0.4, review=0.1) for _ in range(12))
    return new_artifact(calibration=Calibration(categories=scales, num_texts=7))


@pytest.fixture(scope="module")
def pristine(artifact, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models") / "tiny"
    save_artifact(artifact, directory, storage="fp32")
    return directory


@pytest.fixture
def directory(pristine, tmp_path):
    """A stored model that a test may harm."""
    return shutil.copytree(pristine, tmp_path / "model")


def rewrite_manifest(directory, change):
    path = directory / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def renew_digests(directory):
    """Makes the manifest name the files as they are now, as a careful forger would."""
    digests = {name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in FILES}
    rewrite_manifest(directory, lambda manifest: manifest.update(files=digests))


def rewrite_json(directory, name, change):
    content = json.loads((directory / name).read_text())
    change(content)
    (directory / name).write_text(json.dumps(content))
    renew_digests(directory)


def refusal(directory):
    """The error of loading, after a look at its message."""
    with pytest.raises(ArtifactError) as caught:
        load_artifact(directory)
    message = str(caught.value)
    assert str(directory) in message
    assert "\n" not in message
    assert len(message) - len(str(directory)) < 250
    return caught.value


def test_a_stored_model_gives_the_answers_it_gave_before(artifact, pristine):
    before, after = Predictor.from_artifact(artifact), Predictor.load(pristine)
    answers = [
        [(p.risk_score, p.categories, p.principal_reasons, p.review_reasons) for p in predictions]
        for predictions in (before.predict(TEXTS), after.predict(TEXTS))
    ]
    assert answers[0] == answers[1]
    assert any(reasons for _, _, reasons, _ in answers[0])


def test_loaded_weights_lie_where_torch_puts_its_own(pristine):
    """Else the last bits of a product of one row depend on where the weight lies in the file."""
    weights = load_artifact(pristine).network.parameters()
    assert all(weight.data_ptr() % 64 == 0 for weight in weights)


def test_a_stored_model_comes_back_part_by_part(artifact, pristine):
    loaded = load_artifact(pristine)
    assert loaded.calibration == artifact.calibration
    assert loaded.card == artifact.card
    assert loaded.tokenizer.encode(TEXTS) == artifact.tokenizer.encode(TEXTS)
    assert loaded.manifest == read_manifest(pristine)
    assert set(loaded.manifest.files) == set(FILES)
    assert not loaded.network.training
    expected = artifact.network.state_dict()
    found = loaded.network.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_loaded_network_has_every_buffer_and_can_be_trained_further(artifact, pristine):
    loaded = load_artifact(pristine).network
    fresh = dict(artifact.network.named_buffers())
    assert {name for name, _ in loaded.named_buffers()} == set(fresh)
    for name, buffer in loaded.named_buffers():
        assert torch.equal(buffer, fresh[name]), name
    logits = loaded(*pad_rows([[0, 9, 8, 2]], 1))
    logits.category_BC.sum().backward()
    assert loaded.category_head[1].weight.grad.any()


@torch.inference_mode()
@pytest.mark.parametrize(("storage", "largest"), [("int8", 0.03), ("fp16", 2e-3)])
def test_a_smaller_storage_changes_answers_little(artifact, pristine, tmp_path, storage, largest):
    save_artifact(artifact, tmp_path / "small", storage=storage)
    size = (tmp_path / "small" / "model.safetensors").stat().st_size
    assert size < 0.6 * (pristine / "model.safetensors").stat().st_size
    small = load_artifact(tmp_path / "small").network
    assert all(p.dtype == torch.float32 for p in small.parameters())
    batch = pad_rows([[0, *range(5, 105), 2]], 1)
    difference = (
        small(*batch).category_BC.sigmoid() - artifact.network(*batch).category_BC.sigmoid()
    )
    assert 0 < difference.abs().max() < largest


def test_the_model_version_names_the_files_and_nothing_else(artifact, pristine, tmp_path):
    manifest = read_manifest(pristine)
    assert manifest.model_version == f"tiny-0.0.1+{manifest.digest[:12]}"
    again = save_artifact(artifact, tmp_path / "again", storage="fp32")
    assert again.digest == manifest.digest
    other = save_artifact(artifact, tmp_path / "other", storage="fp16")
    assert other.digest != manifest.digest


def test_a_metric_that_is_no_number_is_stored_as_null(artifact, tmp_path):
    manifest = artifact.manifest.model_copy(update={"metrics": {"dev": {"auc": math.nan, "n": 3}}})
    unlabelled = type(artifact)(
        network=artifact.network,
        tokenizer=artifact.tokenizer,
        calibration=artifact.calibration,
        manifest=manifest,
        card=artifact.card,
    )
    save_artifact(unlabelled, tmp_path / "model", storage="fp16")
    assert Predictor.load(tmp_path / "model").evaluation == {"dev": {"auc": None, "n": 3}}


def test_saving_replaces_the_model_that_was_there(new_artifact, tmp_path):
    directory = tmp_path / "model"
    save_artifact(new_artifact(), directory, storage="fp16")
    (directory / "stray.txt").write_text("from before")
    second = save_artifact(new_artifact(seed=1), directory, storage="fp16")
    assert load_artifact(directory).manifest == second
    assert {path.name for path in directory.iterdir()} == {*FILES, "manifest.json"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("existing", [False, True])
def test_a_model_that_cannot_be_written_leaves_everything_as_it_was(
    new_artifact, tmp_path, existing
):
    directory = tmp_path / "model"
    if existing:
        kept = save_artifact(new_artifact(), directory, storage="fp16")
    broken = new_artifact(seed=1)
    object.__setattr__(broken, "card", "\ud800")  # has no UTF-8
    with pytest.raises(UnicodeEncodeError):
        save_artifact(broken, directory, storage="fp16")
    assert [path.name for path in tmp_path.iterdir()] == (["model"] if existing else [])
    if existing:
        assert load_artifact(directory).manifest == kept


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_a_changed_byte_in_any_file_is_noticed(directory, name, place):
    content = bytearray((directory / name).read_bytes())
    content[round(place * (len(content) - 1))] ^= 1
    (directory / name).write_bytes(content)
    error = refusal(directory)
    assert isinstance(error, ArtifactTamperedError)
    assert name in str(error)


@pytest.mark.parametrize("name", FILES)
def test_an_emptied_file_is_noticed(directory, name):
    (directory / name).write_bytes(b"")
    assert isinstance(refusal(directory), ArtifactTamperedError)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(directory, name):
    (directory / name).unlink()
    error = refusal(directory)
    assert isinstance(error, ArtifactMissingError)
    assert name in str(error)


def test_a_directory_in_place_of_a_file_is_a_missing_file(directory):
    (directory / "MODEL_CARD.md").unlink()
    (directory / "MODEL_CARD.md").mkdir()
    assert isinstance(refusal(directory), ArtifactMissingError)


@pytest.mark.parametrize("name", ["extra.json", "../outside.json", "pytorch_model.bin"])
def test_a_further_name_in_the_manifest_is_refused(directory, name):
    rewrite_manifest(directory, lambda manifest: manifest["files"].update({name: "0" * 64}))
    assert isinstance(refusal(directory), ArtifactTamperedError)


def test_a_name_left_out_of_the_manifest_is_refused(directory):
    rewrite_manifest(directory, lambda manifest: manifest["files"].pop("calibration.json"))
    assert isinstance(refusal(directory), ArtifactTamperedError)


def test_a_file_that_the_manifest_does_not_name_is_never_read(directory):
    (directory / "pytorch_model.bin").write_bytes(b"\x80\x04not a pickle")
    assert load_artifact(directory).manifest.name == "tiny"


def test_a_directory_without_manifest_is_no_model(directory):
    (directory / "manifest.json").unlink()
    error = refusal(directory)
    assert isinstance(error, ArtifactMissingError)
    assert "manifest.json" in str(error)


@pytest.mark.parametrize("kind", ["missing", "file", "empty"])
def test_a_path_without_a_model_is_named(tmp_path, kind):
    path = tmp_path / "nowhere"
    if kind == "file":
        path.write_text("not a directory")
    elif kind == "empty":
        path.mkdir()
    assert isinstance(refusal(path), ArtifactMissingError)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"name": "tiny"}',
        b'{"name": 3, "version": "1", "created": "x"}',
        b'{"name": "tiny", "version": "1", "created": "x", "surprise": 1}',
    ],
)
def test_a_manifest_that_is_none_is_refused(directory, content):
    (directory / "manifest.json").write_bytes(content)
    assert isinstance(refusal(directory), ArtifactMismatchError)


@pytest.mark.parametrize("version", [0, 1, 2, 3, 5])
def test_another_format_version_is_refused_by_number(directory, version):
    rewrite_manifest(directory, lambda manifest: manifest.update(format_version=version))
    error = refusal(directory)
    assert isinstance(error, ArtifactMismatchError)
    assert f"model format {version}" in str(error)


@pytest.mark.parametrize("key", list(current_versions()))
def test_a_model_made_for_other_labels_or_texts_is_refused_by_name(directory, key):
    def change(taxonomy):
        value = taxonomy[key]
        taxonomy[key] = value[::-1] if isinstance(value, list) else f"{value}-other"

    rewrite_json(directory, "taxonomy.json", change)
    error = refusal(directory)
    assert isinstance(error, ArtifactMismatchError)
    assert key in str(error)


def set_encoder(**values):
    return lambda config: config["encoder"].update(values)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("config.json", set_encoder(hidden_size=64)),
        ("config.json", set_encoder(hidden_size=33)),
        ("config.json", set_encoder(hidden_size="wide")),
        ("config.json", set_encoder(num_hidden_layers=3)),
        ("config.json", set_encoder(num_hidden_layers=1)),
        ("config.json", set_encoder(intermediate_size=128)),
        ("config.json", set_encoder(vocab_size=401)),
        ("config.json", set_encoder(vocab_size=399)),
        ("config.json", set_encoder(max_position_embeddings=600)),
        ("config.json", set_encoder(max_position_embeddings=130)),
        ("config.json", set_encoder(pad_token_id=0)),
        ("config.json", set_encoder(pad_token_id=None)),
        ("config.json", set_encoder(pad_token_id=400)),
        ("config.json", set_encoder(hidden_act="no such function")),
        ("config.json", lambda config: config.pop("encoder")),
        ("config.json", lambda config: config.update(encoder=[1, 2])),
        ("calibration.json", lambda calibration: calibration["categories"].pop()),
        ("calibration.json", lambda calibration: calibration["categories"][0].update(state=2.0)),
        ("calibration.json", lambda calibration: calibration["risk"].update(slope=-1)),
        ("calibration.json", lambda calibration: calibration["risk"].update(intercept=math.nan)),
        ("calibration.json", lambda calibration: calibration.update(surprise=1)),
        ("tokenizer.json", lambda tokenizer: tokenizer.pop("model")),
        ("figures.json", lambda figures: figures["edges"].update(credit_score=[620.0])),
        ("figures.json", lambda figures: figures["edges"].update(credit_score=[])),
        ("figures.json", lambda figures: figures["edges"].update(credit_score=[720.0, 620.0])),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_together_are_refused(directory, name, change):
    rewrite_json(directory, name, change)
    assert isinstance(refusal(directory), ArtifactMismatchError)


def test_a_tokenizer_without_the_mask_token_is_refused(directory):
    content = (directory / "tokenizer.json").read_text().replace("<mask>", "<masc>")
    (directory / "tokenizer.json").write_text(content)
    renew_digests(directory)
    with pytest.raises(ArtifactMismatchError, match="no token '<mask>'"):
        load_artifact(directory)


@pytest.mark.parametrize("name", [name for name in FILES if name != "MODEL_CARD.md"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01", b"[]", b"null", b"7", b"{"])
def test_a_file_of_other_content_under_its_own_digest_is_refused(directory, name, content):
    (directory / name).write_bytes(content)
    renew_digests(directory)
    assert isinstance(refusal(directory), ArtifactMismatchError)


def test_a_card_that_is_no_text_is_refused(directory):
    (directory / "MODEL_CARD.md").write_bytes(b"\xff\xfe")
    renew_digests(directory)
    assert isinstance(refusal(directory), ArtifactMismatchError)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.999])
def test_truncated_weights_are_refused(directory, kept):
    content = (directory / "model.safetensors").read_bytes()
    (directory / "model.safetensors").write_bytes(content[: int(len(content) * kept)])
    renew_digests(directory)
    assert isinstance(refusal(directory), ArtifactMismatchError)


def test_int8_weights_without_their_scale_are_refused(artifact, tmp_path):
    directory = tmp_path / "model"
    save_artifact(artifact, directory, storage="int8")
    weights = load_file(directory / "model.safetensors")
    weights.pop(next(name for name in weights if name.endswith("::scale")))
    save_file(weights, directory / "model.safetensors")
    renew_digests(directory)
    assert isinstance(refusal(directory), ArtifactMismatchError)


def test_the_starter_model_lies_inside_the_package():
    assert starter_directory().parts[-2:] == ("model_store", "starter")
