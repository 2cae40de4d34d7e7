"""The service around a fake model, in the process or on a real socket."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from fastapi import FastAPI
from typer import Typer
from typer.testing import CliRunner, Result

from serving.adapters.fake import FakePredictor
from serving.adapters.memory_cases import MemoryStorage
from serving.app import create_app
from serving.keys import open_api_keys
from serving.ports import TextPredictor
from serving.server import DrainingServer, listen
from serving.settings import Settings
from serving.tls import ServedCertificate

WAIT_S = 60


def app_of_fakes(
    settings: Settings, *, predictor: TextPredictor | None = None, **parts: Any
) -> FastAPI:
    """Returns the application over cases in memory.

    Args:
        settings: of the service; keys are those of its state folder.
        predictor: the model that answers; None is a fake one.
        parts: further ones, by their names in `create_app`.
    """
    in_place = {
        "predictor": predictor or FakePredictor(),
        "keys": open_api_keys(settings.state_dir, configured=settings.api_key),
        "storage": lambda: nullcontext(MemoryStorage()),
    }
    return create_app(settings, **in_place | parts)


@contextmanager
def on_a_socket(
    app: FastAPI, settings: Settings, *, certificate: ServedCertificate | None = None
) -> Iterator[socket.socket]:
    """Serves an application from a thread until the block ends; gives the listening socket."""
    with listen(settings.host, settings.port) as listener:
        server = DrainingServer(app, settings, certificate=certificate)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener
        finally:
            server.should_exit = True
            thread.join(WAIT_S)


def until(condition: Callable[[], object]) -> None:
    """Returns when a condition holds; fails when it does not within a minute."""
    give_up = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.02)


def run_command(command: Typer, *arguments: str) -> Result:
    """Runs a command beside the service; raises what it raises, but for its exit."""
    done = CliRunner().invoke(command, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done
