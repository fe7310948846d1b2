"""Read the files that the user names, and write documents in their form."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jobstat.errors import OutputError, UsageError
from jobstat.views.terminal import Terminal


def read_file(path: str, max_bytes: int) -> bytes:
    """Return the content of a file, which may be a pipe such as /dev/stdin.

    Raise UsageError if it cannot be read, or has more than ``max_bytes``.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > max_bytes:
        raise UsageError(
            f"{path} is larger than {max_bytes // 2**20} MiB",
            hint="Give the file that was sent for one job.",
        )
    return content


def write_document(terminal: Terminal, text: str) -> None:
    """Write the text of a document: exactly, in UTF-8, but sanitized on a screen.

    Raise as ``Terminal.write`` does.
    """
    if terminal.is_screen:
        terminal.print(text.removeprefix("\ufeff").replace("\r\n", "\n").expandtabs())
    else:
        terminal.use_utf8()
        terminal.write_exactly(text)


def write_new_files(
    directory: str, texts: Mapping[str, str], reserved: tuple[str, ...]
) -> None:
    """Write a file of each name in UTF-8 to a directory, which may be new.

    Write all files or none. Raise OutputError if one cannot be written, or if the
    directory has a file whose name begins with a ``reserved`` text: a script may send
    all such files.
    """
    folder = Path(directory)
    files = {folder / name: text for name, text in texts.items()}
    if older := _find_files(folder, reserved):
        raise OutputError(
            f"{older[0]} exists already",
            hint="Give --output another directory, so that old files are not sent"
            " again with the new ones.",
        )
    if not files:
        return
    is_new = not folder.exists()
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            written.append(_part(file))
            _part(file).write_bytes(text.encode())
        for file in files:
            written.append(file)
            _part(file).rename(file)
    except BaseException as error:
        _remove(written, folder if is_new else None)
        if isinstance(error, OSError):
            raise _cannot_write(directory, error) from error
        raise


def _find_files(folder: Path, starts: tuple[str, ...]) -> list[Path]:
    """Return the files in a folder, if it exists, whose name begins with a text."""
    try:
        return sorted(f for f in folder.iterdir() if f.name.lower().startswith(starts))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _cannot_write(str(folder), error) from error


def _cannot_write(directory: str, error: OSError) -> OutputError:
    hint = "Check its permissions and free space, or change --output."
    if isinstance(error, NotADirectoryError | FileExistsError):
        hint = "Give --output a directory. It may be new."
    return OutputError(
        f"cannot write to {directory}: {error.strerror}",
        hint=hint,
    )


def _part(file: Path) -> Path:
    """Return the path of a file until it is complete."""
    return file.with_name(f"{file.name}.part")


def _remove(files: list[Path], folder: Path | None) -> None:
    for file in files:
        with suppress(OSError):
            file.unlink(missing_ok=True)
    if folder:
        with suppress(OSError):
            folder.rmdir()
