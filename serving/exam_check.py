"""Verifying exam packages, with nothing but the packages: what the command does and says."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from serving.cases.audit import AuditHead
from serving.cases.exam_package import PackageError, PackageReport, verify_package


def verify_packages(files: Sequence[Path], *, anchors: Sequence[AuditHead]) -> Iterator[str]:
    """Yields what each package proves, in words.

    Args:
        files: zip files, or folders of them.
        anchors: heads that the verifier trusts.

    Raises:
        PackageError: a package is not as exported, or a folder has none.
    """
    packages = [package for file in files for package in _packages(file)]
    for package in packages:
        name = f"{package.name}: " if len(packages) > 1 else ""
        try:
            report = verify_package(package, anchors=anchors)
        except PackageError as error:
            raise PackageError(f"{name}{error.reason}") from None
        yield (
            f"{name}as exported: {report.num_events} events and {report.num_notices} notices in "
            f"{report.num_files} files, proved up to entry {report.head.sequence} of the audit "
            f"log; head {report.head.hash}{_unproved(report)}"
        )


def _unproved(report: PackageReport) -> str:
    if not report.unrecorded:
        return ""
    return f"; recorded before the log named it, so not proved: {', '.join(report.unrecorded)}"


def _packages(file: Path) -> list[Path]:
    if not file.is_dir():
        return [file]
    found = sorted(file.glob("*.zip"))
    if not found:
        raise PackageError(f"{file} has no zip file")
    return found
