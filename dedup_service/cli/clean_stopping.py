"""The wish to stop a cleanup: Ctrl-C and SIGTERM, heard by a thread of their own.

A terminal sends Ctrl-C to every process of a command. Those that work for it, and the engine, must not end in
the middle of something that is waited for: the signals are blocked before anything else starts, in every
thread and process that comes after, and one thread waits for them. A thread that was there before, as where a
test calls the command, may still be handed one, for which there is a handler.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPED = 128
"""Exit codes of what a signal ended begin here."""


@dataclass(slots=True)
class Stopping:
    """Whether somebody asked for an end, and by which signal; 0 is none."""

    signal_number: int = 0
    _is_over: bool = False

    def asked(self) -> bool:
        """Whether to stop."""
        return self.signal_number != 0

    def take(self, number: int, _frame: FrameType | None = None) -> None:
        """Take a signal: the first is a wish, the second ends everything at once."""
        if self.signal_number:
            _say("dedup: ended; the next run removes what this one left behind\n")
            os._exit(STOPPED + number)
        self.signal_number = number
        _say("\ndedup: stopping; once more ends it at once\n")

    def listen(self) -> None:
        """Take signals until it is over."""
        while True:
            number = signal.sigwait(_SIGNALS)
            if self._is_over:
                return
            self.take(number)

    def end(self, listener: threading.Thread) -> None:
        """Let the listener go."""
        self._is_over = True
        assert listener.ident is not None, "it was started"
        signal.pthread_kill(listener.ident, signal.SIGTERM)
        listener.join()


def _say(text: str) -> None:
    # Not through sys.stderr, whose lock the main thread may hold.
    with suppress(OSError):
        os.write(2, text.encode())


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Take Ctrl-C and SIGTERM for a wish to stop, until the end of the block; in the main thread, and before
    anything is imported that starts threads.
    """
    wish = Stopping()
    handlers = {number: signal.signal(number, wish.take) for number in _SIGNALS}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    listener = threading.Thread(target=wish.listen, name="signals", daemon=True)
    listener.start()
    try:
        yield wish
    finally:
        wish.end(listener)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
