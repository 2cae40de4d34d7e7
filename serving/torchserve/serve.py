"""`wherefore torchserve` from start to end: started, seen to answer, tended, stopped."""

import signal
import threading

import typer

from model_store.manifest import Manifest
from serving.adapters.torchserve import TorchServeEngine, open_transport
from serving.errors import EngineError
from serving.torchserve.archive import archive_manifest
from serving.torchserve.keys import KeyFile
from serving.torchserve.process import (
    TorchServeError,
    TorchServeOptions,
    TorchServeProcess,
    in_url,
    run_torchserve,
)

START_SECONDS = 300.0
"""How long Java, and then a worker, may take to start."""

_TICK_SECONDS = 0.5
_ANY_WINDOW = (0, 2)
_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here


def serve_until_stopped(options: TorchServeOptions) -> None:
    """Runs TorchServe until SIGINT or SIGTERM, and renews its key meanwhile.

    Raises:
        ArchiveError: there is no archive of ours.
        JavaMissingError: there is no Java to run it.
        MissingExtraError: torchserve is not installed.
        TorchServeError: it does not start, or ends by itself.
    """
    manifest = archive_manifest(options.archive)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with run_torchserve(options) as process:
        process.publish_key(within_seconds=START_SECONDS, stopped=stopped)
        ready = threading.Thread(target=_announce, args=(options, manifest), daemon=True)
        ready.start()
        _tend(process, stopped)


def _tend(process: TorchServeProcess, stopped: threading.Event) -> None:
    while not stopped.wait(_TICK_SECONDS):
        if process.returncode is not None:
            raise TorchServeError(
                f"TorchServe ended by itself with status {process.returncode}: its log above "
                "says why"
            )
        process.tend()


def _announce(options: TorchServeOptions, manifest: Manifest) -> None:
    """Says that TorchServe answers, once it does."""
    host = in_url(_LOOPBACK_OF.get(options.host, options.host))
    url = f"http://{host}:{options.ports.inference}"
    engine = TorchServeEngine(
        open_transport(url),
        keys=KeyFile(options.key_file),
        model_digest=manifest.digest,
        timeout_seconds=START_SECONDS,
    )
    try:
        engine.connect(_ANY_WINDOW, within_seconds=START_SECONDS)
    except EngineError as error:
        notes = "; ".join(getattr(error, "__notes__", []))
        typer.echo(f"TorchServe does not answer rightly: {error} ({notes})", err=True)
        return
    finally:
        engine.close()
    typer.echo(f"TorchServe answers with {manifest.model_version}; key: {options.key_file}")
    typer.echo(f"WHEREFORE_TORCHSERVE_URL={url} (or grpc://{host}:{options.ports.grpc})")
