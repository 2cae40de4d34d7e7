import json
from pathlib import Path

import pytest
import torch

from training.checkpoint import CheckpointFolder, TrainingState
from training.config import OptimisationConfig
from training.errors import ResumeError, TrainingError

RUN = {
    "config": {"seed": 1, "losses": {"risk": 0.3}, "data": {"corpus": None}, "sizes": (1, 2)},
    "corpus": "abc",
}


def state(step=3):
    return TrainingState(
        step=step,
        network={"w": torch.arange(4.0)},
        average={"w": torch.ones(4)},
        optimizer={"state": {0: {"exp_avg": torch.zeros(4)}}, "param_groups": [{"lr": 0.1}]},
        schedule={"last_epoch": step, "_last_lr": [0.1]},
    )


@pytest.fixture
def saved(tmp_path):
    CheckpointFolder(tmp_path / "run", run=RUN).save(state())
    return tmp_path / "run"


def test_an_empty_folder_holds_no_state(tmp_path):
    assert CheckpointFolder(tmp_path / "run", run=RUN).load() is None
    assert CheckpointFolder(tmp_path, run=RUN).load() is None


def test_a_state_comes_back_as_it_was(saved):
    found = CheckpointFolder(saved, run=RUN).load()
    assert found.step == 3
    assert torch.equal(found.network["w"], torch.arange(4.0))
    assert found.optimizer["param_groups"] == [{"lr": 0.1}]
    assert found.schedule == state().schedule


def test_a_kill_while_the_run_is_written_down_leaves_the_state_of_before(saved, monkeypatch):
    def killed(*_args, **_kwargs):
        raise KeyboardInterrupt

    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    monkeypatch.setattr("training.checkpoint.json.dumps", lambda *_args, **_kwargs: "{")
    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        CheckpointFolder(saved, run=RUN).save(state(step=7))
    monkeypatch.undo()
    assert {name: (saved / name).read_bytes() for name in before} == before
    assert CheckpointFolder(saved, run=RUN).load().step == 3


def test_only_the_latest_state_is_kept(saved):
    folder = CheckpointFolder(saved, run=RUN)
    folder.save(state(step=7))
    assert folder.load().step == 7
    assert {path.name for path in saved.iterdir()} == {"state.pt", "run.json"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"config": {**RUN["config"], "seed": 2}}, "other config.seed:"),
        ({"config": {**RUN["config"], "losses": {"risk": 0.4}}}, "other config.losses.risk:"),
        ({"corpus": "abd"}, "other corpus:"),
        ({"corpus": "abd", "config": {**RUN["config"], "seed": 2}}, "config.seed, corpus:"),
        ({"versions": {"masking": "2"}}, "other versions.masking:"),
    ],
)
def test_another_run_is_refused_and_what_changed_is_named(saved, change, named):
    with pytest.raises(ResumeError) as caught:
        CheckpointFolder(saved, run={**RUN, **change}).load()
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, TrainingError)


def test_a_setting_that_is_new_and_not_set_changes_nothing(saved):
    assert CheckpointFolder(saved, run={**RUN, "extra": None}).load().step == 3


@pytest.mark.parametrize("name", ["state.pt", "run.json"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"[]", b"\x80\x02K\x01.", b"\xff\xfe"])
def test_a_damaged_checkpoint_is_refused_in_one_sentence(saved, name, content):
    (saved / name).write_bytes(content)
    with pytest.raises(ResumeError, match="start afresh") as caught:
        CheckpointFolder(saved, run=RUN).load()
    assert "\n" not in str(caught.value)


def test_a_checkpoint_without_its_description_is_refused(saved):
    (saved / "run.json").unlink()
    with pytest.raises(ResumeError, match="cannot be read"):
        CheckpointFolder(saved, run=RUN).load()


def test_a_checkpoint_cut_short_is_refused(saved):
    content = (saved / "state.pt").read_bytes()
    (saved / "state.pt").write_bytes(content[: len(content) // 2])
    with pytest.raises(ResumeError, match="cannot be read"):
        CheckpointFolder(saved, run=RUN).load()


def test_a_state_that_cannot_be_written_leaves_the_one_before(saved):
    folder = CheckpointFolder(saved, run=RUN)
    broken = TrainingState(
        step=9, network={"w": (i for i in ())}, average={}, optimizer={}, schedule={}
    )
    with pytest.raises(TypeError):
        folder.save(broken)
    assert folder.load().step == 3


def test_the_description_of_the_run_can_be_read_by_a_person(saved):
    assert json.loads((saved / "run.json").read_text())["config"]["losses"] == {"risk": 0.3}


def test_a_setting_that_a_run_did_not_know_yet_counts_as_its_default(tmp_path):
    def run(**optimisation):
        return {"config": {"optimisation": {"num_epochs": 3, **optimisation}}}

    CheckpointFolder(tmp_path / "run", run=run()).save(state())
    today = OptimisationConfig(num_epochs=3).model_dump(mode="json")
    assert CheckpointFolder(tmp_path / "run", run=run(**today)).load().step == 3
    other = run(**{**today, "patience_epochs": 2})
    with pytest.raises(ResumeError, match=r"other config\.optimisation\.patience_epochs"):
        CheckpointFolder(tmp_path / "run", run=other).load()
