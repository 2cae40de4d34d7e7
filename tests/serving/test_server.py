import signal
import socket

import pytest
import uvicorn
from pydantic import SecretStr

from serving.errors import AddressError
from serving.keys import ApiKeys
from serving.server import address_of, announce, end_on_signals, listen
from serving.settings import Settings


def test_port_zero_takes_a_free_port():
    with listen("127.0.0.1", 0) as listener:
        assert address_of(listener).startswith("http://127.0.0.1:")
        assert listener.getsockname()[1] > 0


def test_a_port_in_use_is_refused_in_one_sentence():
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(AddressError, match=f"port {port} of 127.0.0.1 is in use") as caught:
            listen("127.0.0.1", port)
    assert "--port" in str(caught.value)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "256.1.1.1"])
def test_a_host_that_is_not_this_machine_is_refused(host):
    with pytest.raises(AddressError, match="no address of this machine"):
        listen(host, 0)


def test_an_address_of_version_six_is_written_in_brackets():
    if not socket.has_ipv6:
        return
    with listen("::1", 0) as listener:
        assert address_of(listener).startswith("http://[::1]:")


def test_a_new_key_is_shown_once_with_a_command_to_try(capsys):
    new = ApiKeys({}, new_key=SecretStr("wf_new"))
    announce(Settings(), address="http://127.0.0.1:8000", keys=new)
    printed = capsys.readouterr().out
    assert "http://127.0.0.1:8000/docs" in printed
    assert "-H 'X-API-Key: wf_new'" in printed
    announce(Settings(), address="http://127.0.0.1:8000", keys=ApiKeys({}))
    assert "key" not in capsys.readouterr().out.lower()


def test_the_one_time_key_of_the_admin_is_shown_after_the_first_key(capsys):
    keys, admin_key = ApiKeys({}, new_key=SecretStr("wf_new")), SecretStr("wfo_once")
    announce(Settings(), address="http://127.0.0.1:8000", keys=keys, admin_key=admin_key)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("wf_new")
    assert lines[-1].endswith("wfo_once")
    assert lines[-1].startswith("One-time key of admin")


def test_a_signal_before_the_server_runs_is_not_lost():
    server = uvicorn.Server(uvicorn.Config(app=None))
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    end_on_signals(server)
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert server.should_exit
