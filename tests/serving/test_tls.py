"""HTTPS with real certificates: what is served, what is refused, what is renewed."""

import datetime as dt
import os
import socket
import ssl
from contextlib import contextmanager, suppress

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from fake_service import app_of_fakes, on_a_socket
from pydantic import SecretStr

from serving.errors import CertificateError
from serving.server import address_of
from serving.settings import Settings
from serving.tls import open_certificate

KEY = "a-key-for-tests-of-32-characters"
WAIT_S = 60
DAY = dt.timedelta(days=1)
NOW = dt.datetime.now(dt.UTC)


class Pair:
    """A certificate for localhost that signs itself, and its key, in two files."""

    def __init__(self, directory, *, since=NOW - DAY, until=NOW + 30 * DAY):
        self.cert, self.key = directory / "server.crt", directory / "server.key"
        self.until = until
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(until)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.write()

    @property
    def serial(self):
        return self._certificate.serial_number

    def write(self, *, password=None):
        encryption = BestAvailableEncryption(password) if password else NoEncryption()
        private = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        self.key.write_bytes(private)
        self.cert.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    @property
    def settings(self):
        return Settings(tls_cert_file=self.cert, tls_key_file=self.key)


@pytest.fixture
def pair(tmp_path):
    return Pair(tmp_path)


def refused(settings):
    with pytest.raises(CertificateError) as caught:
        open_certificate(settings)
    message = str(caught.value)
    assert "\n" not in message
    assert "expected" in message or "renew it" in message
    return message


def test_without_a_certificate_there_is_no_https():
    assert open_certificate(Settings()) is None


def test_a_pair_is_taken_and_says_until_when(pair):
    certificate = open_certificate(pair.settings)
    assert abs(certificate.not_after - pair.until) < dt.timedelta(seconds=1)
    assert certificate.context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("missing", ["tls_cert_file", "tls_key_file"])
def test_one_without_the_other_is_refused(pair, missing):
    given = {"tls_cert_file": pair.cert, "tls_key_file": pair.key}
    del given[missing]
    assert "without the other" in refused(Settings(**given))


@pytest.mark.parametrize("name", ["cert", "key"])
def test_a_file_that_is_not_there_is_named(pair, name):
    getattr(pair, name).unlink()
    found = refused(pair.settings)
    assert str(getattr(pair, name)) in found
    assert "No such file" in found


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads everything")
def test_a_file_that_may_not_be_read_is_named(pair):
    pair.key.chmod(0)
    assert "Permission denied" in refused(pair.settings)


def test_a_directory_is_no_file(pair, tmp_path):
    found = refused(Settings(tls_cert_file=tmp_path, tls_key_file=pair.key))
    assert "Is a directory" in found


@pytest.mark.parametrize("name", ["cert", "key"])
@pytest.mark.parametrize("content", [b"", b"not PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_of_something_else_is_named(pair, name, content):
    getattr(pair, name).write_bytes(content)
    assert str(getattr(pair, name)) in refused(pair.settings)


def test_a_key_with_a_password_is_refused(pair):
    pair.write(password=b"a password")
    assert "has a password" in refused(pair.settings)


def test_the_key_of_another_certificate_is_refused(pair, tmp_path):
    (tmp_path / "other").mkdir()
    other = Pair(tmp_path / "other")
    found = refused(Settings(tls_cert_file=pair.cert, tls_key_file=other.key))
    assert "is not that of the certificate" in found


@pytest.mark.parametrize(("since", "until"), [(-30, -1), (1, 30)])
def test_a_certificate_that_is_not_valid_now_is_refused(tmp_path, since, until):
    pair = Pair(tmp_path, since=NOW + since * DAY, until=NOW + until * DAY)
    assert "and not now" in refused(pair.settings)


@contextmanager
def serving(pair, certificate, tmp_path):
    settings = Settings(api_key=SecretStr(KEY), port=0, state_dir=tmp_path)
    app = app_of_fakes(settings)
    with on_a_socket(app, settings, certificate=certificate) as listener:
        yield address_of(listener, scheme="https").replace("127.0.0.1", "localhost")


def trusting(pair, **options):
    context = ssl.create_default_context(cafile=str(pair.cert))
    for name, value in options.items():
        setattr(context, name, value)
    return context


def served_serial(address, pair):
    """The serial number of the certificate that a new connection gets."""
    context = trusting(pair)
    host, port = "localhost", int(address.rpartition(":")[2])
    with (
        socket.create_connection((host, port), timeout=WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True)).serial_number


def test_answers_come_over_tls_and_keep_the_browser_there(pair, tmp_path):
    certificate = open_certificate(pair.settings)
    with (
        serving(pair, certificate, tmp_path) as address,
        httpx2.Client(base_url=address, verify=trusting(pair), timeout=WAIT_S) as client,
    ):
        answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "server" not in answer.headers


def test_older_tls_and_plain_http_are_not_spoken(pair, tmp_path):
    certificate = open_certificate(pair.settings)
    with serving(pair, certificate, tmp_path) as address:
        port = int(address.rpartition(":")[2])
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        # What is newest that the server must refuse; this machine's OpenSSL may not speak it.
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.options &= ~ssl.OP_NO_TLSv1_1
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.minimum_version = ssl.TLSVersion.TLSv1_1
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with (
            socket.create_connection(("localhost", port), timeout=WAIT_S) as plain,
            pytest.raises((ssl.SSLError, ConnectionError)),
        ):
            old.wrap_socket(plain)
        with socket.create_connection(("localhost", port), timeout=WAIT_S) as plain:
            plain.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n")
            with suppress(ConnectionError):
                assert not plain.recv(100).startswith(b"HTTP")


def test_a_renewed_certificate_is_taken_up_without_a_restart(pair, tmp_path):
    certificate = open_certificate(pair.settings)
    state = tmp_path / "state"
    with serving(pair, certificate, state) as address:
        assert served_serial(address, pair) == pair.serial
        renewed = Pair(tmp_path, until=NOW + 90 * DAY)
        certificate.follow()
        assert served_serial(address, renewed) == renewed.serial
        assert certificate.not_after > NOW + 80 * DAY


def test_half_of_a_renewal_is_not_taken_up(pair, tmp_path):
    certificate = open_certificate(pair.settings)
    state, first = tmp_path / "state", pair.cert.read_bytes()
    with serving(pair, certificate, state) as address:
        renewed = Pair(tmp_path)
        whole = renewed.key.read_bytes()
        renewed.key.write_bytes(pair_key(pair))
        certificate.follow()
        trusted = tmp_path / "first.crt"
        trusted.write_bytes(first)
        context = ssl.create_default_context(cafile=str(trusted))
        with httpx2.Client(base_url=address, verify=context, timeout=WAIT_S) as client:
            assert client.get("/health").status_code == 200
        renewed.key.write_bytes(whole)
        certificate.follow()
        assert served_serial(address, renewed) == renewed.serial


def pair_key(pair):
    return pair._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
