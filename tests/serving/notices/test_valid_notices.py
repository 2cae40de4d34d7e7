from collections import Counter

import pytest

from serving.notices.forms import NoticeForm
from serving.notices.record import DecisionPath
from serving.notices.render import render_text

NUM_NOTICES = 500


def test_no_false_alarm_on_five_hundred_valid_notices(make_valid_case, failed):
    alarms = Counter(
        alarm for seed in range(NUM_NOTICES) for alarm in failed(make_valid_case(seed))
    )
    print(f"{NUM_NOTICES} valid notices, alarms: {dict(alarms)}")  # noqa: T201
    assert alarms == {}


def test_the_valid_notices_cover_every_form_path_and_block(make_valid_case):
    cases = [make_valid_case(seed) for seed in range(NUM_NOTICES)]
    assert {case.notice.form for case in cases} == set(NoticeForm)
    assert {case.record.path for case in cases} == {None, *DecisionPath}
    for block in ("report_block", "score_block", "outside_information", "counteroffer"):
        assert {getattr(case.notice, block) is None for case in cases} == {True, False}
    assert {len(case.record.applicants) for case in cases} == {1, 2}
    assert max(len(case.notice.reasons) for case in cases) > 4
    assert {case.record.hmda is None for case in cases} == {True, False}


@pytest.mark.parametrize("seed", range(20))
def test_a_valid_notice_can_be_printed(seed, make_valid_case):
    case = make_valid_case(seed)
    assert case.notice.recipient.name in render_text(case.notice)
