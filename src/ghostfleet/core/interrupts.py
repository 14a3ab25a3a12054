"""Ctrl-C while a library is at work that does not come back to Python for long."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from threading import Thread, current_thread, main_thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOTHING_MORE = b"\0"  # no signal has this number
# What errors say that DuckDB and ladybug make of an interruption; the last of what reads rows for a statement.
SIGNS = ("INTERRUPT Error", "Query interrupted", "Interrupted.", "KeyboardInterrupt")


@contextmanager
def heard(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` from a thread as soon as the process is interrupted, for as long as the context lasts.

    Python raises KeyboardInterrupt between two instructions of its own: not while a call of a library lasts.
    ``stop`` must make such a call come back, from whatever thread; an error that the library makes of that becomes
    KeyboardInterrupt. Only the main thread is interrupted, so elsewhere nothing is listened for.
    """
    if current_thread() is not main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)  # a handler of signals must not wait

    def listen() -> None:
        while (number := os.read(reader, 1)) != NOTHING_MORE:
            if number[0] == signal.SIGINT:
                stop()

    listener = Thread(target=listen, daemon=True)
    earlier = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    listener.start()
    try:
        yield
    except Exception as error:
        if is_interruption(error):
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.set_wakeup_fd(earlier)
        os.write(writer, NOTHING_MORE)
        listener.join()
        os.close(reader)
        os.close(writer)


def is_interruption(error: BaseException) -> bool:
    """Whether somebody interrupted a call: stores tell of that by other errors, or of what came after."""
    return any(isinstance(one, KeyboardInterrupt) or any(sign in str(one) for sign in SIGNS) for one in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
