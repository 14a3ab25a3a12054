import gzip
import io

import pytest

from ghostfleet.sinks.codec import packer
from ghostfleet.sinks.hashing import of_bytes
from ghostfleet.sinks.text.behind import Behind

PIECES = [bytes([number % 251]) * 5000 for number in range(40)]


class Full(io.BytesIO):
    """A disk that takes nothing."""

    def write(self, _data):
        raise OSError(28, "No space left on device")


def _hand_over(behind):
    for piece in PIECES:
        behind.take(piece)


def test_pieces_are_written_packed_and_digested_in_order():
    file = io.BytesIO()
    behind = Behind(file, packer("fast"))
    _hand_over(behind)
    assert behind.finish() == of_bytes(b"".join(PIECES))
    assert gzip.decompress(file.getvalue()) == b"".join(PIECES)


def test_a_failure_reaches_whoever_hands_over_pieces():
    behind = Behind(Full(), packer("none"))
    with pytest.raises(OSError, match="No space left"):
        _hand_over(behind)
    behind.stop()


def test_a_failure_of_the_last_piece_reaches_whoever_finishes():
    behind = Behind(Full(), packer("none"))
    behind.take(PIECES[0])
    with pytest.raises(OSError, match="No space left"):
        behind.finish()


def test_stopping_twice_ends_the_thread_once():
    behind = Behind(io.BytesIO(), packer("none"))
    behind.stop()
    behind.stop()
    assert not behind._thread.is_alive()
