"""The README's request, sent as the README says, gets the README's answer."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from serving.keys import Person, add_key

README = Path(__file__).parents[2] / "README.md"


def block_after(marker):
    """The fenced block behind the comment that begins with a marker."""
    pattern = rf"<!-- {marker}:.*?-->\s*```\w+\n(.*?)```"
    return re.search(pattern, README.read_text(encoding="utf-8"), re.DOTALL).group(1)


def test_the_request_of_the_readme_gets_its_answer(starter_server, close_to):
    address, key = starter_server
    command = block_after("request").replace("http://127.0.0.1:8000", address)
    answered = subprocess.run(
        ["bash", "-c", command],
        env=os.environ | {"KEY": key},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    expected, found = json.loads(block_after("answer")), json.loads(answered.stdout)
    assert close_to(expected, found), json.dumps(found, indent=2, ensure_ascii=False)


def test_the_denial_of_the_readme_becomes_a_letter_mailed_by_two_people(
    starter_server, starter_home
):
    address, key = starter_server
    second = add_key(starter_home / "var", Person(person_id="compliance-2", role="compliance"))
    told = subprocess.run(
        [sys.executable, "-c", block_after("decision to notice")],
        env=os.environ | {"ADDRESS": address, "KEY": key, "SECOND_KEY": second.get_secret_value()},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    due, stated, failed, ended = told.stdout.splitlines()
    assert due.endswith("action_taken")
    assert stated.startswith("the model states: collateral_value_or_type_insufficient ")
    assert "insufficient_funds_down_payment_closing_reserves" in stated.split()
    assert failed.endswith(": A1")
    assert ended == "the case is notified"
