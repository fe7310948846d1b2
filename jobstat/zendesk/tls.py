"""The certificates to trust: certifi's, or those of the environment."""

from __future__ import annotations

import errno
import os
import ssl
import stat

from jobstat.errors import UsageError


def ssl_context() -> ssl.SSLContext:
    """Return httpx's TLS settings, with SSL_CERT_FILE and SSL_CERT_DIR.

    Raise UsageError if one of them, or SSLKEYLOGFILE, cannot be used.
    """
    import httpx

    file, directory = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    directories = (directory or "").split(os.pathsep)
    if directory and not file and not any(map(os.path.isdir, directories)):
        raise UsageError(
            f"SSL_CERT_DIR is not a directory: {directory!r}",
            hint="Set SSL_CERT_DIR to a directory of certificates, or unset it.",
        )
    try:
        if file:
            _check_regular(file)
        return httpx.create_ssl_context()
    except OSError as error:
        # Python's ssl opens one other file: SSLKEYLOGFILE.
        name = "SSL_CERT_FILE" if file else "SSLKEYLOGFILE"
        reason = error.strerror
        if isinstance(error, ssl.SSLError):
            reason = "it contains no certificate in PEM format"
        raise UsageError(
            f"{name} cannot be used: {os.environ.get(name)!r}: {reason}",
            hint=f"Set {name} to another file, or unset it.",
        ) from error


def _check_regular(file: str) -> None:
    """Raise OSError for anything but a regular file: OpenSSL would wait for a FIFO."""
    if not stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116 - as OpenSSL does it
        raise OSError(errno.EINVAL, "it is not a regular file")
