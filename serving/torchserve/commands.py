"""The commands `wherefore archive` and `wherefore torchserve`.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

from pathlib import Path
from typing import Annotated

import typer

ModelOption = Annotated[
    str | None,
    typer.Option(
        help="Directory of the model, or models:/NAME@ALIAS of the MLflow registry at "
        "MLFLOW_TRACKING_URI.",
        show_default="the bundled starter model",
    ),
]
WorkersOption = Annotated[
    int, typer.Option(help="TorchServe processes that hold the model.", min=1, max=64)
]


def archive(
    *,
    model: ModelOption = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of the archive.", show_default="model_store/archives"),
    ] = None,
    workers: WorkersOption = 1,
) -> None:
    """Builds the model archive that TorchServe serves: wherefore.mar.

    It carries the model, the handler and the packages it needs as folders,
    and no pickle. WHEREFORE_ENGINE, WHEREFORE_PRECISION and
    WHEREFORE_THREADS say how it computes.
    """
    from model_store.registry.models import resolve_model  # noqa: PLC0415
    from serving.adapters.in_process import engine_choice  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415
    from serving.torchserve.archive import archives_directory, build_archive  # noqa: PLC0415

    settings = load_settings(model=model)
    directory = resolve_model(settings.model, cache_dir=settings.cache_dir)
    folder, choice = output or archives_directory(), engine_choice(settings)
    typer.echo(build_archive(directory, folder, choice=choice, num_workers=workers))


def torchserve(
    *,
    archive_file: Annotated[
        Path | None,
        typer.Option(
            "--archive",
            help="Archive to serve.",
            show_default="model_store/archives/wherefore.mar, built first",
        ),
    ] = None,
    model: ModelOption = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="TorchServe processes that hold the model.", min=1, max=64, show_default="1"
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address of the two inference ports; the others stay on loopback.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="REST predictions.", min=1, max=65535)] = 8080,
    grpc_port: Annotated[int, typer.Option(help="gRPC predictions.", min=1, max=65535)] = 7070,
    management_port: Annotated[
        int, typer.Option(help="Renews keys, on loopback.", min=1, max=65535)
    ] = 8081,
    metrics_port: Annotated[
        int, typer.Option(help="Prometheus, without a key, on loopback.", min=1, max=65535)
    ] = 8082,
    grpc_management_port: Annotated[
        int, typer.Option(help="Not used here, on loopback.", min=1, max=65535)
    ] = 7071,
    worker_port: Annotated[
        int, typer.Option(help="Names the sockets of the workers.", min=1024, max=65535)
    ] = 9000,
    key_minutes: Annotated[
        float, typer.Option(help="Life of a key, minutes; it is renewed at half of it.", min=0.05)
    ] = 60.0,
) -> None:
    """Runs TorchServe with the model, in the foreground, and renews its key.

    The key is published in WHEREFORE_TORCHSERVE_KEY_FILE, where a server with
    WHEREFORE_TORCHSERVE_URL reads it. Ctrl-C or SIGTERM ends it.
    """
    from model_store.registry.models import resolve_model  # noqa: PLC0415
    from serving.adapters.in_process import engine_choice  # noqa: PLC0415
    from serving.adapters.torchserve import key_file  # noqa: PLC0415
    from serving.logs import configure_logs  # noqa: PLC0415
    from serving.settings import load_settings  # noqa: PLC0415
    from serving.torchserve.archive import (  # noqa: PLC0415
        ArchiveError,
        archives_directory,
        build_archive,
    )
    from serving.torchserve.process import Ports, TorchServeOptions  # noqa: PLC0415
    from serving.torchserve.serve import serve_until_stopped  # noqa: PLC0415

    if archive_file is not None and (model is not None or workers is not None):
        raise ArchiveError(
            "an archive has its model and its workers: expected --archive without --model and "
            "--workers, which `wherefore archive` takes"
        )
    settings = load_settings(model=model)
    if archive_file is None:
        directory = resolve_model(settings.model, cache_dir=settings.cache_dir)
        folder, choice = archives_directory(), engine_choice(settings)
        archive_file = build_archive(directory, folder, choice=choice, num_workers=workers or 1)
    configure_logs()
    serve_until_stopped(
        TorchServeOptions(
            archive=archive_file,
            key_file=key_file(settings),
            host=host,
            ports=Ports(
                inference=port,
                grpc=grpc_port,
                management=management_port,
                metrics=metrics_port,
                grpc_management=grpc_management_port,
                first_worker=worker_port,
            ),
            key_minutes=key_minutes,
        )
    )
