"""The process: runs a command, and maps how it ended to what a shell sees."""

from __future__ import annotations

import sys


def main() -> None:
    """Run jobstat with the arguments of the process, and end the process."""
    arguments = sys.argv[1:]
    if arguments == ["--version"] and sys.stdout is not None:
        # Before click and everything else: scripts ask it often.
        from jobstat import __version__

        try:
            sys.stdout.write(f"jobstat {__version__}\n")
            sys.stdout.flush()
        except OSError:
            pass  # said in words below
        else:
            return
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until run can unwind, there is nothing to unwind: no KeyboardInterrupt.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from jobstat.process import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
