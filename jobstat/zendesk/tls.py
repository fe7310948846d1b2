"""The certificates to trust, from the environment, the system or certifi.

The system's certificates include an administrator's own: the root certificate of a
company's proxy, for example. curl, gh and pip use them too. An administrator may also
have removed one, so certifi's are never added to them. certifi's serve only where
Python's OpenSSL finds none, as on many Macs. (The TLS of a proxy whose URL begins with
https is httpcore's own. It trusts both.)

OpenSSL reads a directory of hashed names lazily: the one certificate that it needs, in
place of all 140. This saves an eighth of the time of ``show --json``.

The places are built into OpenSSL. Another user who could write there could also change
openssl.cnf, which names libraries to load, so their permissions are not checked.
"""

from __future__ import annotations

import errno
import os
import ssl
import stat

from jobstat.errors import UsageError


def ssl_context() -> ssl.SSLContext:
    """Return Python's TLS settings with the certificates to trust.

    Raise UsageError if SSL_CERT_FILE, SSL_CERT_DIR, SSLKEYLOGFILE or the system's
    certificates cannot be used.
    """
    _check_settings()
    file, directory = _trusted()
    try:
        return ssl.create_default_context(cafile=file, capath=directory)
    except ssl.SSLError as error:
        reason = "it contains no certificate in PEM format"
        if os.environ.get("SSL_CERT_FILE"):
            raise _unusable("SSL_CERT_FILE", reason) from error
        raise UsageError(
            f"the system's certificates cannot be used: {file!r}: {reason}",
            hint=f"Repair that file, or set {_certifi_setting()}",
        ) from error
    except OSError as error:
        # Python's ssl opens one other file.
        raise _unusable("SSLKEYLOGFILE", error.strerror) from error


def untrusted_hint() -> str:
    """Return the hint for a certificate that is not trusted. Name the trusted ones."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if value := os.environ.get(name):
            return (
                f"jobstat trusts the certificates of {name}, {value!r}. Add the root"
                f" certificate of the host or of your network, or unset {name}."
            )
    system = _system()
    if system is None:
        return (
            "jobstat trusts the certificates of the Python package certifi. If your"
            " network has its own root certificate, set SSL_CERT_FILE to the file with"
            " that certificate."
        )
    file, directory = system
    return (
        f"jobstat trusts the system's certificates in {directory or file}. Add your"
        " network's root certificate there if it has one. If they are old, upgrade the"
        f" package ca-certificates, or set {_certifi_setting()}"
    )


def _trusted() -> tuple[str | None, str | None]:
    """Return the file and the directory of the certificates to trust."""
    if file := os.environ.get("SSL_CERT_FILE"):
        return file, None
    if directory := os.environ.get("SSL_CERT_DIR"):
        return None, directory
    return _system() or (_certifi(), None)


def _system() -> tuple[str | None, str | None] | None:
    """Return the file and the directory where OpenSSL finds the system's certificates.

    Leave out the file if the directory has as many: it takes long to parse. A directory
    with fewer may hold only those that an administrator has added. Return None if there
    are no certificates.
    """
    paths = ssl.get_default_verify_paths()
    file, directory = paths.openssl_cafile, paths.openssl_capath
    in_file, in_directory = _count_in_file(file), _count_in_directory(directory)
    if not (in_file or in_directory):
        return None
    return (
        file if in_file > in_directory else None,
        directory if in_directory else None,
    )


def _certifi() -> str:
    import certifi

    return certifi.where()


def _certifi_setting() -> str:
    """Return the setting for certifi's certificates, as a shell reads it."""
    from shlex import quote

    return f"SSL_CERT_FILE={quote(_certifi())}"


def _count_in_file(file: str) -> int:
    try:
        _check_readable(file)
        with open(file, "rb") as bundle:  # noqa: PTH123 - it is a string
            return bundle.read().count(b"-----BEGIN ")
    except OSError:
        return 0


def _count_in_directory(directory: str) -> int:
    """Return the number of certificates that OpenSSL finds by name: 0a1b2c3d.0."""
    try:
        names = [
            name
            for name in os.listdir(directory)  # noqa: PTH208 - it is a string
            if name[8:9] == "." and name[9:].isdigit()
        ]
    except OSError:
        return 0
    # A copy of the directory alone, as in some containers, holds mostly broken links.
    return sum(os.access(f"{directory}/{name}", os.R_OK) for name in names)


def _check_settings() -> None:
    """Raise UsageError if SSL_CERT_FILE or SSL_CERT_DIR cannot be used."""
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
