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
            _check_readable(file)
    except OSError as error:
        raise _unusable("SSL_CERT_FILE", error.strerror) from error
    try:
        return httpx.create_ssl_context()
    except ssl.SSLError as error:
        reason = "it contains no certificate in PEM format"
        raise _unusable("SSL_CERT_FILE", reason) from error
    except OSError as error:
        # Python's ssl opens one other file.
        raise _unusable("SSLKEYLOGFILE", error.strerror) from error


def _check_readable(file: str) -> None:
    """Raise OSError unless this is a regular file that jobstat may read.

    OpenSSL would wait for the writer of a FIFO.
    """
    if not stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116 - as OpenSSL does it
        raise OSError(errno.EINVAL, "it is not a regular file")
    os.close(os.open(file, os.O_RDONLY))


def _unusable(name: str, reason: str | None) -> UsageError:
    return UsageError(
        f"{name} cannot be used: {os.environ.get(name)!r}: {reason}",
        hint=f"Set {name} to another file, or unset it.",
    )
