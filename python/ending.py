"""Ends a process whose starter is gone, and lets none of them leave half a file behind."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

# Set by the starter, which holds the other end of standard input and writes nothing.
WATCH = "ARGSEARCH_WATCH_STDIN"


@contextlib.contextmanager
def no_half_file(path: Path) -> Iterator[None]:
    """Remove `path` if the block does not end well, by whatever ends it; end with the starter."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    if os.environ.get(WATCH) == "1":
        threading.Thread(target=end_with_starter, args=(path,), daemon=True).start()
    try:
        yield
    except BaseException as error:
        if not (isinstance(error, SystemExit) and error.code in (None, 0)):
            remove(path)
        raise


def end_with_starter(path: Path) -> None:
    # Not sys.stdin: a thread that waits in it would be waited for at the end.
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    remove(path)
    os._exit(1)


def remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
