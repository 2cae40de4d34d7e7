from pathlib import Path

import pytest
from pydantic import ValidationError

from serving.errors import SettingsError
from serving.settings import Settings, load_settings, settings_table

PAGE = Path(__file__).parents[2] / "serving" / "SETTINGS.md"


def test_a_setting_comes_from_its_environment_variable(monkeypatch):
    monkeypatch.setenv("WHEREFORE_MAX_BATCH_SIZE", "7")
    assert load_settings().max_batch_size == 7


def test_a_command_line_option_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("WHEREFORE_PORT", "9000")
    assert load_settings(port=9001, host=None).port == 9001
    assert load_settings(port=None).port == 9000


def test_a_variable_that_is_no_setting_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setenv("WHEREFORE_MAX_BATCHSIZE", "7")
    with pytest.raises(SettingsError, match="WHEREFORE_MAX_BATCHSIZE is no setting") as caught:
        load_settings()
    assert "WHEREFORE_MAX_BATCH_SIZE" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "no number"), ("PORT", "70000"), ("MAX_BATCH_SIZE", "0"), ("API_KEY", "short")],
)
def test_a_value_that_is_not_accepted_is_named_but_not_repeated(monkeypatch, name, value):
    monkeypatch.setenv(f"WHEREFORE_{name}", value)
    with pytest.raises(SettingsError, match=f"WHEREFORE_{name} is not valid") as caught:
        load_settings()
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://Loans.Example.com", "https://loans.example.com"),
        ("HTTPS://loans.example.com", "https://loans.example.com"),
        ("https://loans.example.com:443", "https://loans.example.com"),
        ("http://loans.example.com:80", "http://loans.example.com"),
        ("http://loans.example.com:443", "http://loans.example.com:443"),
        ("https://loans.example.com:8443", "https://loans.example.com:8443"),
        ("https://[::1]:443", "https://[::1]"),
        ("https://zürich.example", "https://xn--zrich-kva.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(given, expected):
    assert Settings(public_url=given).public_url == expected
    both = f"https://desk.example.org,{expected}"
    assert Settings(cors_origins=f"https://Desk.example.org:443,{given}").cors_origins == both


@pytest.mark.parametrize("value", ["https://[", "https://host:99999", "https://ho\\st", "no-url"])
@pytest.mark.parametrize("name", ["PUBLIC_URL", "CORS_ORIGINS"])
def test_what_is_no_origin_is_refused_and_not_repeated(monkeypatch, name, value):
    monkeypatch.setenv(f"WHEREFORE_{name}", value)
    with pytest.raises(SettingsError, match=f"WHEREFORE_{name} is not valid") as caught:
        load_settings()
    assert value not in str(caught.value)


def test_an_empty_variable_means_the_default(monkeypatch):
    monkeypatch.setenv("WHEREFORE_THREADS", "")
    assert load_settings().threads is None


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError):
        Settings().port = 1


def test_the_api_key_is_not_shown_by_any_representation(monkeypatch):
    monkeypatch.setenv("WHEREFORE_API_KEY", "a-secret-that-must-not-be-shown")
    settings = load_settings()
    assert "must-not-be-shown" not in f"{settings!r} {settings} {settings.model_dump()}"


def test_the_page_of_settings_documents_every_one():
    page = PAGE.read_text(encoding="utf-8").splitlines()
    missing = [row for row in settings_table().splitlines() if row not in page]
    assert missing == []
