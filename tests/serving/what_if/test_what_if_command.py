import json

import pytest

from serving.what_if.commands import _application

CANARY = "xkcanaryqz"
APPLICATION = {"text": f"Asks for $24,000. {CANARY}.", "loan_amount_usd": 24000}


@pytest.fixture
def application(tmp_path):
    path = tmp_path / "application.json"
    path.write_text(json.dumps(APPLICATION))
    return path


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "marital_status=1"], "marital_status: found a prohibited basis"),
        (["--set", "loan_amount_usd"], "expected FIELD=VALUE"),
        (["--strike", "a:b"], "expected START:END"),
    ],
)
def test_what_may_not_be_asked_ends_with_one_sentence(wherefore, application, arguments, says):
    done = wherefore("what-if", application, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert CANARY not in done.stderr


def test_a_suffix_in_capitals_is_json_too(application):
    capital = application.rename(application.with_suffix(".JSON"))
    assert _application(capital).loan_amount_usd == 24000


@pytest.mark.slow
def test_the_answer_is_shown_before_and_after_and_recourse_is_searched(
    wherefore, application, tiny_model
):
    changed = wherefore(
        "what-if", application, "--set", "loan_amount_usd=18,000", "--model", tiny_model
    )
    assert changed.returncode == 0, changed.stderr
    assert "loan_amount_usd: 24,000 -> 18,000" in changed.stdout
    assert changed.stdout.index("before: risk") < changed.stdout.index("after: risk")
    sought = wherefore(
        "what-if", application, "--remove", "income_insufficient_for_amount",
        "--model", tiny_model,
    )  # fmt: skip
    assert "promises no approval" in sought.stdout or "does not state" in sought.stderr
    assert CANARY not in changed.stdout + sought.stdout + sought.stderr
