"""The certificates to trust, over real TLS, without this machine's own ones."""

from __future__ import annotations

import hashlib
import os
import shutil
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import certifi
import httpx
import pytest
import trustme
from children import TIMEOUT
from cryptography import x509
from raw_server import RawServer, http, raw_server
from support import SUCCESS, body, completed

from jobstat.errors import Unreachable, UsageError
from jobstat.zendesk.exchange import Request
from jobstat.zendesk.http import HttpClient
from jobstat.zendesk.tls import ssl_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class System:
    """The system's certificates, certifi's certificates, and a TLS server."""

    file: Path
    directory: Path
    certifi: Path
    authority: trustme.CA
    server: RawServer

    def request(self) -> int:
        """Return the status of a request to the server."""
        with HttpClient(self.server.base_url, {}, bypass_proxy=True) as client:
            return client.send(Request("/"), TIMEOUT).status

    def refusal(self) -> Unreachable:
        """Return the error of a request to the server, which is not trusted."""
        with pytest.raises(Unreachable, match="is not trusted") as caught:
            self.request()
        assert self.server.requests == []
        return caught.value


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """A system without certificates. certifi does not have the server's authority."""
    file, directory = tmp_path / "cert.pem", tmp_path / "certs"
    paths = ("", "", "SSL_CERT_FILE", str(file), "SSL_CERT_DIR", str(directory))
    defaults = ssl.DefaultVerifyPaths(*paths)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: defaults)
    bundle = tmp_path / "the certifi.pem"
    write(trustme.CA(), bundle)
    monkeypatch.setattr(certifi, "where", lambda: str(bundle))
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with raw_server(http(content=body(completed(SUCCESS))), tls=tls) as server:
        yield System(file, directory, bundle, authority, server)


def write(authority: trustme.CA, path: Path) -> Path:
    """Append the authority's certificate to a file."""
    authority.cert_pem.write_to_path(str(path), append=True)
    return path


def hash_name(authority: trustme.CA) -> str:
    """Return the hash of the subject, as ``openssl x509 -subject_hash`` prints it."""
    certificate = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    parts = [(part.oid, str(part.value).lower()) for part in certificate.subject]
    name = x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])
    # The canonical form lacks the header of the sequence.
    canonical = name.public_bytes()[2:]
    assert len(canonical) < 128, "the header is longer"
    digest = hashlib.sha1(canonical).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def add(authority: trustme.CA, directory: Path, number: int = 0) -> Path:
    """Add a certificate to a directory of hashed names, and return its path."""
    directory.mkdir(exist_ok=True)
    return write(authority, directory / f"{hash_name(authority)}.{number}")


def test_certificate_of_the_systems_directory_is_trusted(system: System) -> None:
    add(trustme.CA(), system.directory)
    add(system.authority, system.directory)
    assert system.request() == 200


def test_certificate_with_the_hash_of_another_is_trusted(system: System) -> None:
    other = add(trustme.CA(), system.directory)
    other.rename(system.directory / f"{hash_name(system.authority)}.0")
    add(system.authority, system.directory, 1)
    assert system.request() == 200


def test_certificate_missing_in_the_system_is_not_trusted_although_certifi_has_it(
    system: System,
) -> None:
    """The administrator may have removed it."""
    add(trustme.CA(), system.directory)
    write(system.authority, system.certifi)
    error = system.refusal()
    assert error.message == (
        "the certificate of"
        f" {system.server.base_url.removeprefix('https://')} is not trusted:"
        " unable to get local issuer certificate"
    )
    assert error.hint
    assert f"the system's certificates in {system.directory}. " in error.hint
    assert error.hint.endswith(f" SSL_CERT_FILE='{system.certifi}'")


def nothing(system: System) -> None:
    del system


def empty(system: System) -> None:
    system.directory.mkdir()
    system.file.touch()


def not_hashed(system: System) -> None:
    system.directory.mkdir()
    write(system.authority, system.directory / "company.pem")
    write(system.authority, system.directory / f"{hash_name(system.authority)}.r0")


def broken_links(system: System) -> None:
    path = add(system.authority, system.directory)
    path.unlink()
    path.symlink_to("/nowhere/company.crt")


def not_readable(system: System) -> None:
    system.directory.touch()
    system.file.mkdir()


def pipe(system: System) -> None:
    """The reader of a pipe would wait for its writer."""
    os.mkfifo(system.file)


@pytest.mark.parametrize(
    "prepare", [nothing, empty, not_hashed, broken_links, not_readable, pipe]
)
def test_system_without_usable_certificates_trusts_those_of_certifi(
    system: System, prepare: Callable[[System], None]
) -> None:
    prepare(system)
    assert "the Python package certifi. " in str(system.refusal().hint)
    write(system.authority, system.certifi)
    assert system.request() == 200


def test_certificate_of_the_systems_file_is_trusted(system: System) -> None:
    write(trustme.CA(), system.file)
    assert f"in {system.file}. " in str(system.refusal().hint)
    write(system.authority, system.file)
    assert system.request() == 200


@pytest.mark.parametrize("place", ["file", "directory"])
def test_directory_with_fewer_certificates_than_the_file_adds_to_it(
    system: System, place: str
) -> None:
    """An administrator has added the company's certificate to the directory."""
    for _ in range(3):
        write(trustme.CA(), system.file)
    add(trustme.CA(), system.directory)
    for number in range(9):
        (system.directory / f"{number:08x}.0").symlink_to("/nowhere/removed.crt")
    if place == "file":
        write(system.authority, system.file)
    else:
        add(system.authority, system.directory)
    assert system.request() == 200


def test_file_is_not_parsed_if_the_directory_has_as_many_certificates(
    system: System,
) -> None:
    add(system.authority, system.directory)
    system.file.write_text("-----BEGIN CERTIFICATE-----\nbroken\n")
    assert system.request() == 200


def test_damaged_file_of_the_system_raises_a_usage_error(system: System) -> None:
    system.file.write_text("-----BEGIN CERTIFICATE-----\nbroken\n")
    with pytest.raises(
        UsageError, match="the system's certificates cannot be used"
    ) as e:
        system.request()
    assert f"{str(system.file)!r}" in e.value.message
    assert str(e.value.hint).endswith(f" SSL_CERT_FILE='{system.certifi}'")


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_variable_overrides_the_system(
    system: System,
    variable: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add(system.authority, system.directory)
    path = add(trustme.CA(), tmp_path / "own")
    monkeypatch.setenv(
        variable, str(path if variable == "SSL_CERT_FILE" else path.parent)
    )
    hint = str(system.refusal().hint)
    assert f"the certificates of {variable}, " in hint
    assert hint.endswith(f" or unset {variable}.")
    write(system.authority, path)
    add(system.authority, path.parent)
    shutil.rmtree(system.directory)
    assert system.request() == 200


def test_certificate_of_another_host_has_no_hint_about_the_system(
    system: System,
) -> None:
    add(system.authority, system.directory)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    system.authority.issue_cert("acme.example").configure_cert(tls)
    with (
        raw_server(b"", tls=tls) as server,
        HttpClient(server.base_url, {}, bypass_proxy=True) as client,
        pytest.raises(Unreachable, match="certificate is not valid for") as caught,
    ):
        client.send(Request("/"), TIMEOUT)
    assert caught.value.hint is None


def test_settings_are_those_of_httpx(system: System) -> None:
    add(system.authority, system.directory)
    ours, theirs = ssl_context(), httpx.create_ssl_context()
    for name in (
        *("check_hostname", "verify_mode", "minimum_version", "maximum_version"),
        *("options", "verify_flags", "security_level", "keylog_filename"),
    ):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.get_ciphers() == theirs.get_ciphers()
