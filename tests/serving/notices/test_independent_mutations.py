"""Broken notices written by hand, by somebody who had not read the checks.

See tests/data/broken_notices/README.md. Each of them has to fail the check of its clause.
"""

import copy
import json
from functools import cache
from pathlib import Path

import pytest
import yaml

from serving.notices.case_file import NoticeCase, dump_case, parse_case
from serving.notices.checks.every_check import CHECKS, check_notice
from serving.notices.draft import DraftRequest, draft_notice
from serving.notices.forms import NoticeForm
from serving.notices.notice import Channel
from serving.notices.samples import sample_case

DIRECTORY = Path(__file__).resolve().parents[2] / "data" / "broken_notices"
FILES = ("content", "reasons", "credit_report", "special")
LEAST_PER_CHECK = 12
SCENES = yaml.safe_load((DIRECTORY / "scenes.yaml").read_text())
BROKEN = [
    (check_id, number, broken)
    for name in FILES
    for check_id, notices in yaml.safe_load((DIRECTORY / f"{name}.yaml").read_text()).items()
    for number, broken in enumerate(notices, start=1)
]


def plain(case):
    return json.loads(dump_case(case))


def place(tree, path):
    """The container and the key of the last step of a path."""
    *above, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in above:
        tree = tree[step]
    return tree, last


def change(tree, changes):
    for path, value in changes.get("set", {}).items():
        inside, key = place(tree, path)
        inside[key] = copy.deepcopy(value)
    for path, (old, new) in changes.get("swap", {}).items():
        inside, key = place(tree, path)
        assert old in inside[key], f"{path} does not hold {old!r}"
        inside[key] = inside[key].replace(old, new)
    for path, value in changes.get("add", {}).items():
        inside, key = place(tree, path)
        inside[key].append(copy.deepcopy(value))
    for path in changes.get("drop", []):
        inside, key = place(tree, path)
        del inside[key]
    if "both" in changes:
        tree["notice"]["reasons"][1]["text"] = changes["both"]
        tree["record"]["factors"][1]["specific_text"] = changes["both"]


def parsed(tree):
    return parse_case(json.dumps(tree, default=str))


@cache
def valid(form, scene):
    """The sample of a form, its record changed by a scene and its notice drafted from that."""
    case = sample_case(NoticeForm(form))
    if scene is None:
        return plain(case)
    changes = SCENES[scene]
    tree = plain(case)
    change(tree, changes)
    record = parsed(tree).record
    sample = case.notice
    right, asked = sample.right_to_reasons, sample.incompleteness
    request = DraftRequest(
        notice_id=sample.notice_id,
        form=sample.form,
        consumer_id=sample.recipient.consumer_id,
        dated_on=sample.dated_on,
        transaction=sample.transaction,
        channel=Channel(changes.get("channel", "postal")),
        reasons_contact=right.contact_name if right else None,
        respond_by=asked.respond_by if asked else None,
    )
    drafted = plain(NoticeCase(notice=draft_notice(record, request), record=record))
    change(drafted, changes.get("notice", {}))
    return drafted


def broken_case(broken):
    tree = copy.deepcopy(valid(broken["form"], broken.get("scene")))
    change(tree, broken)
    return parsed(tree)


STARTS = sorted({(broken["form"], broken.get("scene")) for _, _, broken in BROKEN}, key=str)


@pytest.mark.parametrize(("form", "scene"), STARTS)
def test_what_a_notice_is_broken_from_is_valid(form, scene, failed):
    assert failed(parsed(valid(form, scene))) == set()


@pytest.mark.parametrize(
    ("check_id", "broken"), [pytest.param(i, broken, id=f"{i}-{n}") for i, n, broken in BROKEN]
)
def test_a_broken_notice_fails_the_check_of_its_clause(check_id, broken, failed):
    assert check_id in failed(broken_case(broken))


def test_every_notice_check_has_a_dozen_broken_notices():
    sample = sample_case(NoticeForm.C1)
    ids = [verdict.check_id for verdict in check_notice(sample.notice, sample.record)]
    assert len(ids) == len(CHECKS)
    counts = {i: sum(check_id == i for check_id, _, _ in BROKEN) for i in ids}
    assert {i: count for i, count in counts.items() if count < LEAST_PER_CHECK} == {}
    assert {check_id for check_id, _, _ in BROKEN} == set(ids)


def test_no_broken_notice_is_there_twice():
    seen = [json.dumps([check_id, broken], default=str) for check_id, _, broken in BROKEN]
    assert len(seen) == len(set(seen))
