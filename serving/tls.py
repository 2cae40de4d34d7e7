"""The certificate that HTTPS is served with: checked before it is used, followed when renewed."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from serving.errors import CertificateError
from serving.settings import Settings

LOOK_SECONDS = 30.0
"""How often a server looks whether its certificate was renewed."""

log = structlog.stdlib.get_logger("wherefore.tls")


class ServedCertificate:
    """A certificate with its key, and the TLS context that serves it; TLS 1.2 or later.

    Attributes:
        context: for the web server; new connections get what was read last.
        not_after: until when the certificate is valid, UTC.
    """

    def __init__(self, cert_file: Path, key_file: Path) -> None:
        """Reads both files.

        Raises:
            CertificateError: they cannot be used.
        """
        self._cert_file, self._key_file = cert_file, key_file
        self._seen = self._state()
        self.not_after = _checked(cert_file, key_file)
        self.context = _context(cert_file, key_file)

    def ends_timestamp(self) -> float:
        """Returns until when the certificate is valid, Unix time."""
        return self.not_after.timestamp()

    def follow(self) -> None:
        """Takes up what was renewed; what cannot be used is logged, and the old one stays."""
        found = self._state()
        if found == self._seen:
            return
        self._seen = found
        try:
            not_after = _checked(self._cert_file, self._key_file)
            # Tried apart, so that the context in use never holds half a pair.
            _context(self._cert_file, self._key_file)
            self.context.load_cert_chain(self._cert_file, self._key_file)
        except (CertificateError, OSError) as error:
            log.error("certificate_refused", reason=str(error))
            return
        self.not_after = not_after
        log.info("certificate_renewed", not_after=not_after.isoformat())

    def _state(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_state_of(path) for path in (self._cert_file, self._key_file))


def open_certificate(settings: Settings) -> ServedCertificate | None:
    """Returns the certificate that the settings name; None where they name none.

    Raises:
        CertificateError: it cannot be used, or one of certificate and key is missing.
    """
    cert_file, key_file = settings.tls_cert_file, settings.tls_key_file
    if cert_file is None and key_file is None:
        return None
    if cert_file is None or key_file is None:
        raise CertificateError(
            "found one of WHEREFORE_TLS_CERT_FILE and WHEREFORE_TLS_KEY_FILE without the other: "
            "expected both, or neither for HTTP"
        )
    return ServedCertificate(cert_file, key_file)


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _context(cert_file: Path, key_file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert_file, key_file)
    except OSError as error:
        raise CertificateError(
            f"the certificate {cert_file} cannot be served with ({error.strerror or 'refused'}): "
            "expected one that OpenSSL takes, with a key of at least 2048 bits (RSA) or P-256"
        ) from error
    return context


def _checked(cert_file: Path, key_file: Path) -> datetime:
    """Returns until when a certificate is valid."""
    certificate = _certificate(cert_file)
    key = _key(key_file)
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if certificate.public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise CertificateError(
            f"the key {key_file} is not that of the certificate {cert_file}: expected the two of "
            "one pair, the server's own certificate first in its file"
        )
    now = datetime.now(UTC)
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not since <= now <= until:
        raise CertificateError(
            f"the certificate {cert_file} is valid from {since:%Y-%m-%d %H:%M} to "
            f"{until:%Y-%m-%d %H:%M} UTC, and not now: renew it, or correct this machine's clock"
        )
    return until


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(_read(path))[0]
    except ValueError as error:
        raise CertificateError(
            f"{path} holds no certificate: expected one in PEM (BEGIN CERTIFICATE)"
        ) from error


def _key(path: Path) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(_read(path), password=None)
    except TypeError as error:
        raise CertificateError(
            f"the key {path} has a password: expected one without, readable by this user only"
        ) from error
    except ValueError as error:
        raise CertificateError(
            f"{path} holds no private key: expected one in PEM (BEGIN PRIVATE KEY)"
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateError(
            f"{path} cannot be read ({error.strerror}): expected a file in PEM, correct "
            "WHEREFORE_TLS_CERT_FILE or WHEREFORE_TLS_KEY_FILE, or the file's permissions"
        ) from error
