"""Running the HTTP application: its socket, its model, its first key, its end."""

import asyncio
import errno
import gc
import signal
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING

import typer
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from model_store.errors import DeviceLostError
from serving.adapters.sql.storage import open_identity, open_monitoring, open_storage
from serving.app import create_app
from serving.batching.batcher import Batcher
from serving.casework.desk import now_utc
from serving.errors import AddressError
from serving.http_protocol import limited_protocol
from serving.identity.first_admin import FIRST_ADMIN_ID, one_time_key_of_first_admin
from serving.identity.validity import KEY_HOURS
from serving.key_records import first_key_made
from serving.keys import ApiKeys, open_api_keys
from serving.logs import configure_logs
from serving.policy import load_policy
from serving.scoring_setup import require_usable
from serving.settings import Settings
from serving.tls import LOOK_SECONDS, ServedCertificate, open_certificate

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_BACKLOG = 2048

_SWITCH_SECONDS = 0.001
"""Longest time that a thread keeps the interpreter while another waits for it; Python's own 5 ms
would keep the engine idle between two batches while a text is masked."""

_ANSWER_SECONDS = 1.0
"""What the grace time leaves for sending answers, at most half of it."""


class DrainingServer(uvicorn.Server):
    """A server that, once told to stop, accepts no more and answers what it accepted.

    uvicorn by itself cuts off whatever is open when the grace time is over; here such a request
    is told to come back a little before. It stops by itself once its GPU has failed: no later
    call of the process would succeed, and whoever keeps it running starts it again.
    """

    def __init__(
        self, app: FastAPI, settings: Settings, *, certificate: ServedCertificate | None = None
    ) -> None:
        """Takes the application, the settings, and what HTTPS is served with; None serves HTTP."""
        super().__init__(_config(app, settings, certificate))
        self._app, self._certificate = app, certificate
        self._following: asyncio.Task[None] | None = None
        self._has_lost_engine = False
        self._grace_seconds = float(settings.shutdown_grace_seconds)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, and follows the certificate from then on.

        What the start has made lasts as long as the process: some 400,000 objects, which a full
        collection of garbage would look through while every thread waits, a third of a second.
        """
        await super().startup(sockets=sockets)
        gc.freeze()
        if self._certificate is not None:
            self._following = asyncio.create_task(_follow(self._certificate))

    @property
    def has_lost_engine(self) -> bool:
        """Whether the GPU has failed."""
        return self._has_lost_engine

    async def on_tick(self, counter: int) -> bool:
        """Says, ten times a second, whether to stop."""
        batcher: Batcher | None = self._app.state.batcher
        if batcher is not None and batcher.is_engine_lost and not self._has_lost_engine:
            self._has_lost_engine = self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops accepting and waits for the open requests."""
        if self._following is not None:
            self._following.cancel()
        batcher: Batcher | None = self._app.state.batcher
        if batcher is not None:
            kept_back = min(_ANSWER_SECONDS, self._grace_seconds / 2)
            batcher.drain(seconds=self._grace_seconds - kept_back)
        await super().shutdown(sockets=sockets)


def serve(settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM, then answers what is open and returns.

    The address is taken before the model is loaded, so that a port in use is told at once.

    Raises:
        AddressError: the address cannot be had.
        ArtifactError: the model directory is not a whole, unchanged model.
        StorageError: the database cannot be opened, or its keys are not there.
        KeyFileError: the state directory cannot hold or give the API keys.
        PolicyError: the policy file is not valid.
        CertificateError: HTTPS cannot be served with the certificate that is set.
        CacheSecretError: the state directory cannot hold or give the cache's secret.
        SettingsError: the Redis URL is none.
        ReferencesError: the reference populations cannot be read, or are of another model.
        DeviceLostError: the GPU failed, and the server has stopped.
    """
    end_at_once_on_sigterm()
    certificate = open_certificate(settings)
    listener = listen(settings.host, settings.port)
    with listener:
        load_policy(settings.policy_file)
        # torch takes seconds to import: what can be refused without it is refused before.
        with open_storage(settings):
            pass
        from serving.adapters.in_process import load_predictor  # noqa: PLC0415

        predictor = load_predictor(settings)
        require_usable(settings, model_digest=predictor.digest)
        configure_logs()
        # The first key is made last, so that a start that fails does not make one unseen.
        keys = open_api_keys(
            settings.state_dir, key_file=settings.key_file, configured=settings.api_key
        )
        with open_identity(settings) as known:
            if keys.new_key is not None:
                known.record(first_key_made(keys.new_key))
            admin_key = one_time_key_of_first_admin(known.people, now=now_utc())
        storage = partial(open_storage, settings)
        tracing = _open_tracing(settings)
        app = create_app(
            settings,
            predictor=predictor,
            keys=keys,
            storage=storage,
            monitoring=partial(open_monitoring, settings),
            identity=partial(open_identity, settings),
            tracing=tracing,
        )
        sys.setswitchinterval(_SWITCH_SECONDS)
        if certificate is not None:
            app.state.metrics.watch_certificate(certificate.ends_timestamp)
        server = DrainingServer(app, settings, certificate=certificate)
        end_on_signals(server)
        address = address_of(listener, scheme="https" if certificate else "http")
        announce(settings, address=address, keys=keys, admin_key=admin_key)
        server.run(sockets=[listener])
        if tracing is not None:
            tracing.shutdown()
        if server.has_lost_engine:
            raise DeviceLostError


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket.

    Raises:
        AddressError: the port is in use or not permitted, or the host is not of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressError(_address_message(host, port, error)) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressError(_address_message(host, port, error)) from error
    return listener


def address_of(listener: socket.socket, *, scheme: str = "http") -> str:
    """Returns the address of a listening socket as a URL."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def announce(
    settings: Settings, *, address: str, keys: ApiKeys, admin_key: SecretStr | None = None
) -> None:
    """Prints where the server listens and, where keys were just made, the keys and a first use."""
    typer.echo(f"Wherefore listens at {address} (documentation: {address}/docs)")
    if keys.new_key is not None:
        _show_first_key(settings, address=address, key=keys.new_key.get_secret_value())
    if admin_key is not None:
        typer.echo(
            f"One-time key of {FIRST_ADMIN_ID}, to choose a password with (POST /api/v1/login, "
            f"within {KEY_HOURS} hours; shown this once): {admin_key.get_secret_value()}"
        )


def _show_first_key(settings: Settings, *, address: str, key: str) -> None:
    typer.echo(f"API key (shown this once, kept as a hash in {settings.state_dir}): {key}")
    typer.echo(
        f"Try it:\ncurl -s {address}/api/v1/predict -H 'X-API-Key: {key}' "
        "-H 'Content-Type: application/json' "
        """-d '{"text": "Asks for $24,000 to consolidate cards. Chapter 7 discharged last """
        """spring; debts take 61% of her income."}'"""
    )


def _address_message(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of {host} is in use: expected a free one, stop the other program or "
            "choose another with --port"
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"port {port} may not be used by this user: choose one above 1023 with --port"
    return (
        f"the host {host!r} is no address of this machine: expected one, for example 127.0.0.1 "
        "with --host"
    )


def _open_tracing(settings: Settings) -> "TracerProvider | None":
    if settings.otlp_endpoint is None:
        return None
    # What sends traces takes a while to import, and most servers send none.
    from serving.adapters.otlp import open_tracing  # noqa: PLC0415

    return open_tracing(settings.otlp_endpoint)


async def _follow(certificate: ServedCertificate) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        await asyncio.to_thread(certificate.follow)


def _config(
    app: FastAPI, settings: Settings, certificate: ServedCertificate | None
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=limited_protocol(head_seconds=settings.read_timeout_seconds),
        ssl_context_factory=None if certificate is None else lambda *_: certificate.context,
        ws="none",
        # The application itself believes the proxies that are set, and nobody else.
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_grace_seconds,
    )


def end_at_once_on_sigterm() -> None:
    """Has SIGTERM end a process that does not serve yet, temporary folders and children with it.

    The first process of a container would not hear it at all, any other die on the spot.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def end_on_signals(server: uvicorn.Server) -> None:
    """Ends the server on a signal that comes before its own handlers stand, or after them.

    uvicorn raises the signal once more after it has stopped, for whatever handler stood before;
    without one, a stop on request would look like a death by signal.
    """

    def end(*_: object) -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
