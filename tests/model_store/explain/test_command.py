import stat

import pytest
from typer import Typer
from typer.testing import CliRunner

from data_pipeline.errors import CommandError
from model_store.artifact import save_artifact
from model_store.explain.commands import explain
from model_store.explain.text_file import read_text_file, write_page

TEXT = "Employed for only 3 months;\r\nincome could not be verified. \x1b[31mDTI 51.2%."


@pytest.fixture
def run(artifact, tmp_path):
    """Runs the command on the tiny model, with plain torch."""
    save_artifact(artifact, tmp_path / "model", storage="fp32")
    app = Typer()
    app.command()(explain)

    def run(*arguments):
        return CliRunner().invoke(
            app, [*arguments, "--engine", "torch", "--model", str(tmp_path / "model")]
        )

    return run


@pytest.mark.parametrize("method", ["fast", "exact"])
def test_a_file_is_explained_in_the_terminal_and_on_a_page_only_its_owner_reads(
    run, tmp_path, method
):
    source = tmp_path / "application.txt"
    source.write_bytes(TEXT.encode())
    result = run(str(source), "--method", method)
    assert result.exit_code == 0, result.output
    assert "Principal reasons" in result.output
    assert "\x1b[31m" not in result.output
    page = tmp_path / "application.txt.html"
    assert "<mark" in page.read_text(encoding="utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    page.chmod(0o644)
    write_page(page, "anew")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_a_file_is_read_as_it_stands(tmp_path):
    source = tmp_path / "application.txt"
    source.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert read_text_file(source) == TEXT


def test_what_cannot_be_read_or_written_is_said_without_the_text(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        read_text_file(tmp_path / "none.txt")
    source = tmp_path / "latin.txt"
    source.write_bytes(b"Canary \xe9")
    with pytest.raises(CommandError, match="no UTF-8") as caught:
        read_text_file(source)
    assert "Canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(CommandError, match="cannot be written"):
        write_page(tmp_path / "none" / "page.html", "")
