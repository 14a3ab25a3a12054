"""Digest, pack and write pieces while the next ones are rendered.

All three work outside Python's lock, and together take a third as long as making and rendering the rows does.
"""

from __future__ import annotations

from queue import Queue
from threading import Thread
from typing import IO, TYPE_CHECKING

from ghostfleet.sinks.hashing import Hash

if TYPE_CHECKING:
    from ghostfleet.sinks.codec import Packer, Piece, Unpacked

WAITING = 2  # pieces; more would only take memory


class Behind:
    """A thread that takes pieces in order; what goes wrong there is raised by the next call."""

    def __init__(self, file: IO[bytes], packer: Packer | Unpacked) -> None:
        """Start to wait for pieces."""
        self._file = file
        self._packer = packer
        self._hash = Hash()
        self._error: BaseException | None = None
        self._pieces: Queue[Piece | None] = Queue(WAITING)
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def take(self, piece: Piece) -> None:
        """Hand over a piece, which must not change any more."""
        self._refuse()
        self._pieces.put(piece)

    def finish(self) -> str:
        """Write what is left; the digest of all pieces."""
        self.stop()
        self._refuse()
        self._file.write(self._packer.flush())
        return self._hash.hexdigest()

    def stop(self) -> None:
        """Wait until every piece is written, or was dropped after a failure."""
        if self._thread.is_alive():
            self._pieces.put(None)
            self._thread.join()

    def _refuse(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (piece := self._pieces.get()) is not None:
            if self._error is None:
                try:
                    self._hash.update(piece)
                    self._file.write(self._packer.compress(piece))
                except BaseException as error:  # noqa: BLE001  whoever hands over the next piece shall know
                    self._error = error
