"""`make audit` against an index and a service of the test's own, and where there is neither."""

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

DAYS_OLD = {"mdurl": 900, "click": 10}


def told_of(name, version):
    """What an index says of a project that has released the pinned version and nothing else."""
    at = datetime.now(UTC) - timedelta(days=DAYS_OLD.get(name, 100))
    file = {
        "upload_time_iso_8601": at.isoformat(),
        "yanked": name == "click",
        "yanked_reason": "breaks" if name == "click" else None,
    }
    weakness = {"id": "PYSEC-1", "link": "https://osv.example/PYSEC-1", "withdrawn": None}
    return {
        "info": {"version": version},
        "releases": {"0.0.1" if name == "flask" else version: [file]},
        "vulnerabilities": [weakness] if name == "jinja2" else [],
    }


@contextmanager
def index_of(pins, *, silent_about=()):
    """Serves an index with PyPI's JSON API; of some projects it knows nothing."""

    class Index(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.split("/")[2]
            if name in silent_about:
                self.send_error(404)
                return
            content = json.dumps(told_of(name, pins[name])).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def pins(root):
    lines = (root / "configs" / "constraints.txt").read_text().splitlines()
    bare = [line.partition("#")[0].strip() for line in lines]
    return dict(line.split("==") for line in bare if line)


@pytest.fixture
def audit(root, tmp_path):
    """Runs the program with a service that says what it is given; None for none."""

    def run(index, said):
        service = tmp_path / "pip-audit"
        content = "" if said is None else json.dumps(said)
        service.write_text(f"#!/bin/sh\ncat <<'END'\n{content}\nEND\n")
        service.chmod(0o700)
        command = [sys.executable, root / "tests" / "house" / "audit.py", "--index", index]
        return subprocess.run(
            [*command, "--pip-audit", service], capture_output=True, check=False, text=True
        )

    return run


def test_what_was_withdrawn_is_weak_or_gone_is_named_and_what_is_old_too(audit, pins):
    weak = {"id": "GHSA-1", "fix_versions": ["9.9"]}
    said = {"dependencies": [{"name": "rich", "version": pins["rich"], "vulns": [weak]}]}
    with index_of(pins) as index:
        found = audit(index, said)
    assert found.returncode == 1, found.stderr
    for line in (
        f"click=={pins['click']}: withdrawn (breaks)",
        f"flask=={pins['flask']}: the index has no file of it",
        f"jinja2=={pins['jinja2']}: PYSEC-1, see https://osv.example/PYSEC-1",
        f"rich=={pins['rich']}: GHSA-1, mended in 9.9",
        "4 to be looked at",
    ):
        assert line in found.stdout
    assert "mdurl: no release since" in found.stdout
    assert "NOT ASKED" not in found.stdout


def test_an_index_or_service_that_does_not_answer_is_no_clean_bill(audit, pins):
    trouble = {"click", "flask", "jinja2"}
    with index_of(pins, silent_about=trouble) as index:
        silent = audit(index, {"dependencies": []})
        assert silent.returncode == 3, silent.stdout
        assert f"about 3 of {len(pins)} packages" in silent.stdout
        alone = audit(index, None)
        assert alone.returncode == 3
        assert "found no service of known weaknesses (osv)" in alone.stdout
