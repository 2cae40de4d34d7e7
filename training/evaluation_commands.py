"""`wherefore evaluate` and `wherefore cross-validate`.

What they run is imported when they run, so that `wherefore --help` stays quick.
"""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from data_pipeline.cli import needs_extra
from training.forms import Form

if TYPE_CHECKING:
    from training.evaluation.faithfulness.samples import FaithfulnessRequest
    from training.evaluation.report import EvaluationReport

_SHOWN = (
    *("primary_accuracy", "any_listed_accuracy", "top3_accuracy", "recall_at_4", "micro_f1"),
    *("omission_rate", "category_ece", "denied_auc", "evidence_top_hit_rate"),
    *("risk_mae", "risk_auc", "risk_ece"),
)


def evaluate(
    *,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Labelled texts: narratives, an HMDA register, LendingClub loans. With --config "
            "the files of that run; may then be repeated."
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Configuration of a run: measure on what it held out, with baselines that learn "
            "from what it learned from."
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Directory of the model, or models:/NAME@ALIAS. Default: the bundled."),
    ] = None,
    format: Annotated[  # noqa: A002
        str, typer.Option(help="auto, narratives, hmda or lendingclub; auto looks at the columns.")
    ] = "auto",
    baselines: Annotated[
        bool,
        typer.Option(
            help="Compare with baselines trained on the corpus, the authors of DATA left out, or "
            "on the texts of --config."
        ),
    ] = False,
    encoder: Annotated[
        str | None,
        typer.Option(help="Encoder for one more baseline: frozen, with linear heads."),
    ] = None,
    cross_validation: Annotated[
        Path | None,
        typer.Option(help="Output of `cross-validate`, to be put into record.json."),
    ] = None,
    swap_texts: Annotated[
        int,
        typer.Option(min=0, help="Texts for the swap test of prohibited-basis words; 0 for none."),
    ] = 200,
    fairness: Annotated[
        Path | None,
        typer.Option(
            help="HMDA register to measure disparities between groups of applicants on; its "
            "demographic columns are read for this alone."
        ),
    ] = None,
    fairness_rows: Annotated[
        int,
        typer.Option(min=0, help="Decided rows of that register to draw and read; 0 for all."),
    ] = 4000,
    faithfulness: Annotated[
        bool,
        typer.Option(
            "--faithfulness",
            help="Measure how far explanations hold, on the denied texts of --data, or on those "
            "that the run of --config held out, else on those of the corpus by authors that the "
            "model has not read.",
        ),
    ] = False,
    faithfulness_texts: Annotated[
        int, typer.Option(min=0, help="Denied texts to explain; 0 for all.")
    ] = 60,
    faithfulness_orderings: Annotated[
        int,
        typer.Option(
            min=0,
            help="Of these, short texts whose clauses are ranked beside the best order.",
        ),
    ] = 20,
    faithfulness_slow: Annotated[
        int,
        typer.Option(min=0, help="Of these, texts for gradients, SHAP and replay."),
    ] = 10,
    faithfulness_simulated: Annotated[
        int, typer.Option(min=0, help="Denied files of the simulator with planted causes.")
    ] = 600,
    other_seed: Annotated[
        Path | None,
        typer.Option(help="The same model trained with another seed, to compare explanations."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder for report.{json,html,md} and record.json, fairness_report.* and "
            "fairness_record.json, faithfulness_*. Default: none."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides draws of intervals and swapped words.")] = (
        20261120
    ),
) -> None:
    """Measure a stored model on labelled texts; write a report with pictures.

    With --fairness, disparities between groups of applicants are measured too, or alone; with
    --faithfulness, how far explanations hold.
    """
    with needs_extra("train"):
        from training.config import load_config  # noqa: PLC0415
        from training.errors import EvaluationError  # noqa: PLC0415
        from training.evaluation.faithfulness.samples import (  # noqa: PLC0415
            FaithfulnessRequest,
            SampleSizes,
            require_texts,
        )
        from training.evaluation.record import RECORD  # noqa: PLC0415
        from training.evaluation.stored import (  # noqa: PLC0415
            EvaluationRequest,
            evaluate_stored,
            require_folder,
        )

    require_folder(output)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    files = data or []
    if config is None and not files and fairness is None and not faithfulness:
        raise EvaluationError(
            "found nothing to measure on: give labelled texts in --data, a run in --config, an "
            "HMDA register in --fairness, --faithfulness, or several of these"
        )
    if config is None and len(files) > 1:
        raise EvaluationError(f"found {len(files)} files in --data: expected one without --config")
    run = None if config is None else load_config(config).with_files(files)
    labelled = files[0] if files and run is None else None
    request = FaithfulnessRequest(
        model=model,
        data=labelled,
        other_seed=other_seed,
        sizes=SampleSizes(
            texts=faithfulness_texts,
            orderings=faithfulness_orderings,
            slow=faithfulness_slow,
            simulated=faithfulness_simulated,
        ),
        output=output,
        seed=seed,
        command=_command(),
        run=run,
    )
    if faithfulness:
        require_texts(request)
    if labelled is not None or run is not None:
        report, record = evaluate_stored(
            EvaluationRequest(
                model=model,
                data=labelled,
                run=run,
                format=format,
                baselines=baselines,
                encoder=encoder,
                cross_validation=cross_validation,
                swap_texts=swap_texts,
                seed=seed,
                command=_command(),
            ),
            console=console,
        )
        _finish(report, output, console=console)
        if output is not None:
            (output / RECORD).write_text(record.model_dump_json() + "\n", encoding="utf-8")
            console.print(f"{output / RECORD}: give it to `wherefore register --evaluation`")
    if fairness is not None:
        _fairness(model, fairness, output, max_rows=fairness_rows, seed=seed, console=console)
    if faithfulness:
        _faithfulness(request, console=console)


def cross_validate(
    *,
    config: Annotated[Path, typer.Option(help="Configuration of the run of each fold, YAML.")],
    output: Annotated[Path, typer.Option(help="Folder of the results; finished parts are kept.")],
    encoder: Annotated[
        str | None,
        typer.Option(help="Directory or name of the RoBERTa encoder, instead of the file's."),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds of authors.")] = 4,
    only_baselines: Annotated[
        bool, typer.Option("--only-baselines", help="Leave the network out.")
    ] = False,
    form: Annotated[
        list[Form] | None,
        typer.Option(
            help="Also measure another form of the network: fp32 (its weights before they were "
            "stored) or int8 (computed in 8-bit integers). Several if need be."
        ),
    ] = None,
    at_once: Annotated[
        int,
        typer.Option(
            min=1,
            help="Networks trained at the same time, in processes that share the cores: faster "
            "than one after the other on CPUs, at some 3 GB of memory each for a small encoder.",
        ),
    ] = 1,
    track: Annotated[
        bool,
        typer.Option(help="Record the result in MLflow: MLFLOW_TRACKING_URI, or runs/mlflow.db."),
    ] = True,
) -> None:
    """Measure network and baselines on authors that they have not read, fold by fold."""
    with needs_extra("train"):
        from training.commands import step_display  # noqa: PLC0415
        from training.config import load_config  # noqa: PLC0415
        from training.cross_validation import Watch  # noqa: PLC0415
        from training.cross_validation import cross_validate as run  # noqa: PLC0415
        from training.errors import ConfigError  # noqa: PLC0415
        from training.evaluation.conditions import conditions  # noqa: PLC0415
        from training.evaluation.stored import require_folder  # noqa: PLC0415
        from training.tracking.cross_validation_record import (  # noqa: PLC0415
            record_cross_validation,
        )

    require_folder(output)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    loaded = load_config(config, overrides={"encoder": encoder} if encoder else None)
    if loaded.data.source != "corpus":
        raise ConfigError(
            f"{config} is on {loaded.data.source}: expected a run on the corpus; other data holds "
            "out whole lenders, months or families in `wherefore evaluate --config`"
        )
    with step_display(console) as display:
        report = run(
            loaded,
            num_folds=folds,
            output=output,
            only_baselines=only_baselines,
            forms=form or [],
            at_once=at_once,
            conditions=conditions(command=_command()),
            watch=Watch(
                on_stage=console.print,
                on_step=lambda fold, step: display(step, f"fold {fold + 1} of {folds}"),
            ),
        )
    _finish(report, output, console=console)
    if track:
        missing = record_cross_validation(
            report,
            output,
            name=f"{loaded.name}-cross-validation",
            identity={
                "config": loaded.without_paths().model_dump(mode="json"),
                "num_folds": folds,
                "subjects": list(report.subjects),
                "corpus": report.conditions["corpus_sha256"],
            },
        )
        if missing:
            console.print(f"warning: {missing}", markup=False)


def _fairness(
    model: Path | None,
    register: Path,
    output: Path | None,
    *,
    max_rows: int,
    seed: int,
    console: Console,
) -> None:
    with needs_extra("train"):
        from training.fairness.measuring import FairnessRequest, measure_fairness  # noqa: PLC0415
        from training.fairness.page import REPORT, write_fairness_report  # noqa: PLC0415
        from training.fairness.record import FAIRNESS_RECORD  # noqa: PLC0415
        from training.fairness.terminal import print_fairness  # noqa: PLC0415

    request = FairnessRequest(
        model=model, register=register, max_rows=max_rows, seed=seed, command=_command()
    )
    report, record = measure_fairness(request, console=console)
    if output is not None:
        write_fairness_report(report, output)
        path = output / FAIRNESS_RECORD
        path.write_text(record.model_dump_json() + "\n", encoding="utf-8")
        console.print(f"report written to {output / REPORT}.html, with .json and .md beside it")
        console.print(f"{path}: give it to `wherefore register --fairness`")
    print_fairness(report)


def _faithfulness(request: "FaithfulnessRequest", *, console: Console) -> None:
    with needs_extra("train"):
        from training.evaluation.faithfulness import page, terminal  # noqa: PLC0415
        from training.evaluation.faithfulness.journal import JOURNAL  # noqa: PLC0415
        from training.evaluation.faithfulness.measuring import (  # noqa: PLC0415
            measure_faithfulness,
        )
        from training.evaluation.faithfulness.record import FAITHFULNESS_RECORD  # noqa: PLC0415

    report, record = measure_faithfulness(request, console=console)
    if (output := request.output) is not None:
        page.write_faithfulness_report(report, output)
        path = output / FAITHFULNESS_RECORD
        path.write_text(record.model_dump_json() + "\n", encoding="utf-8")
        (output / JOURNAL).unlink(missing_ok=True)
        console.print(
            f"report written to {output / page.REPORT}.html, with .json and .md beside it"
        )
        console.print(f"{path}: give it to `wherefore register --faithfulness`")
    terminal.print_faithfulness(report)


def _finish(report: "EvaluationReport", output: Path | None, *, console: Console) -> None:
    from training.evaluation.page import write_report  # noqa: PLC0415

    if output is not None:
        write_report(report, output)
        console.print(f"report written to {output / 'report.html'}, with .json and .md beside it")
    _print_figures(report)


def _print_figures(report: "EvaluationReport") -> None:
    from training.evaluation.figures import FIGURE_BY_NAME  # noqa: PLC0415
    from training.evaluation.page import nowhere_defined, shown, shown_interval  # noqa: PLC0415

    undefined = nowhere_defined(report)
    table = Table(title=report.title)
    table.add_column("figure")
    for subject in report.subjects:
        table.add_column(subject, justify="right")
    for figure in (FIGURE_BY_NAME[name] for name in _SHOWN if name not in undefined):
        estimates = [report.figures[subject][figure.name] for subject in report.subjects]
        table.add_row(
            figure.title,
            *(
                f"{shown(e.value, figure=figure)}\n{shown_interval(e, figure=figure)}".strip()
                for e in estimates
            ),
        )
    Console().print(table)


def _command() -> str:
    """The command as given, machine paths shortened to their last part."""
    words = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]
    return shlex.join([Path(sys.argv[0]).name, *words])
