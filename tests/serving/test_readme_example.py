"""The README's request, sent as the README says, gets the README's answer."""

import json
import os
import re
import subprocess
from pathlib import Path

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
