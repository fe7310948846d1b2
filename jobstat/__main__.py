"""The entry point of the process."""

from __future__ import annotations

import atexit
import gc
import os
import sys


def main() -> None:
    """Run jobstat with the arguments of the process, and exit."""
    # The imports leave hardly any garbage. ``connect_to`` enables the collection again.
    gc.disable()
    arguments = sys.argv[1:]
    if arguments == ["--version"] and sys.stdout is not None:
        # Scripts ask for the version often: answer without the import of click.
        from jobstat import __version__

        try:
            sys.stdout.write(f"jobstat {__version__}\n")
            sys.stdout.flush()
        except OSError:
            pass  # run reports the error
        else:
            _exit(0)
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Without this, Ctrl-C during the imports prints a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from jobstat.process import run

    _exit(run(arguments))


def _exit(code: int) -> None:
    """End the process without freeing each object, which takes a tenth of a short run.

    ``run`` has closed connections, written all output and finished critical sections.
    Libraries may still have something to do: a keyring, or coverage.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 - multiprocessing ends its processes so too
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass  # run has reported it
    os._exit(code)


if __name__ == "__main__":
    main()
