"""The entry point of the process."""

from __future__ import annotations

import sys


def main() -> None:
    """Run jobstat with the arguments of the process, and exit."""
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
            return
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Without this, Ctrl-C during the imports prints a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from jobstat.process import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
