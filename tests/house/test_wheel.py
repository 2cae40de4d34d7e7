"""A wheel, not only the editable checkout, must carry every file of the four packages."""

import subprocess
import sys
import zipfile

PACKAGES = ("data_pipeline", "training", "model_store", "serving")


def test_a_wheel_holds_every_file_of_the_packages_and_nothing_else(clean_copy):
    expected = {
        path.relative_to(clean_copy).as_posix()
        for package in PACKAGES
        for path in (clean_copy / package).rglob("*")
        if path.is_file()
    }
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--skip-dependency-check",
    ]
    built = subprocess.run(
        [*command, "--outdir", clean_copy / "dist", clean_copy],
        capture_output=True,
        check=False,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    with zipfile.ZipFile(next((clean_copy / "dist").glob("*.whl"))) as wheel:
        carried = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert carried == expected
