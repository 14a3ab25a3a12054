"""File formats by suffix, and which one a destination's name and options ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ghostfleet.core.errors import SinkError
from ghostfleet.sinks.codec import CODECS
from ghostfleet.sinks.text.file import TextFormat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ghostfleet.core.table import Table
    from ghostfleet.sinks.parts import Body, Place
    from ghostfleet.sinks.sink import Digester, Receipt

TEXT = ("csv", "jsonl", "json", "bulk")
SUFFIXES = ("csv.gz", "csv", "jsonl.gz", "jsonl", "json.gz", "json", "ndjson.gz", "ndjson", "parquet")
FORMATS = ("csv.gz", "csv", "jsonl.gz", "jsonl", "json.gz", "json", "bulk.gz", "bulk", "parquet")
USUAL = "csv"
NO_FRAME = (b"", b"")


class Format(Protocol):
    """How rows of one table become one file."""

    @property
    def suffix(self) -> str:
        """What file names end in."""

    def ensure(self, table: Table) -> None:
        """Refuse a table that the format cannot hold."""

    def staged_suffix(self, *, alone: bool) -> str:
        """What the names of parts end in; ``alone``: the table has a single part."""

    def start(self, path: Path, place: Place) -> Body:
        """Start the body of a part."""

    def digester(self, place: Place) -> Digester:
        """Digest a part without writing it."""

    def staged_digest(self, path: Path, place: Place) -> str:
        """Digest of a part as it stands in the staging folder; DataError when it cannot be read."""

    def frame(self, table: Table, *, first: bool, last: bool) -> tuple[bytes, bytes]:
        """What a file must have in front of its parts and behind them, given which parts of the table it holds."""

    def join(
        self, table: Table, parts: Sequence[tuple[Path, Receipt]], target: Path, frame: tuple[bytes, bytes] = NO_FRAME
    ) -> tuple[int, str]:
        """Make one file of parts, in their order; its bytes (-1: its size) and digest."""

    def digests(self, path: Path, receipts: Sequence[Receipt], frame: tuple[int, int] = (0, 0)) -> list[str]:
        """Digest of each receipt's rows in a finished file; ``frame``: bytes in front of all and behind all."""


def format_of(suffix: str) -> str:
    """Name of the format that a suffix stands for."""
    return suffix.replace("ndjson", "bulk")


def format_suffix(name: str) -> str:
    """Suffix of files of a format."""
    return name.replace("bulk", "ndjson")


def suffix_of(name: str) -> str:
    """Known suffix that a file name ends in, or nothing."""
    return next((suffix for suffix in SUFFIXES if name.endswith(f".{suffix}")), "")


def file_format(name: str | None, codec: str, *, compressed: bool | None) -> Format:
    """Format for what was asked; SinkError where the wishes contradict each other.

    Without a name it is CSV, and gzip unless ``compressed`` is False or the codec is ``none``; with a name,
    the name decides whether text is packed, and ``compressed=True`` packs it.
    """
    if codec not in CODECS:
        raise SinkError(f"there is no codec {codec!r}; valid are {', '.join(CODECS)}")
    if name is not None and name not in FORMATS:
        raise SinkError(f"there is no file format {name!r}; valid are {', '.join(FORMATS)}")
    plain = compressed is False or codec == "none"
    if name == "parquet":
        from ghostfleet.sinks.arrow.parquet import ParquetFormat  # text does without it

        return ParquetFormat("none" if plain else codec)
    if name is not None and name.endswith(".gz") and plain:
        asked = "no compression" if compressed is False else "codec none"
        raise SinkError(
            f"format {name} is compressed, but {asked} was asked for; valid is format {name.removesuffix('.gz')}"
        )
    packed = not plain and (name is None or name.endswith(".gz") or compressed is True)
    return TextFormat((name or USUAL).removesuffix(".gz"), codec if packed else "none")
