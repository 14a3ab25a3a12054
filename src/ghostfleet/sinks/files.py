"""One file a table in a directory, or a single file; the format decides the suffix."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.sinks.formats import FORMATS, file_format, format_of, suffix_of
from ghostfleet.sinks.parts import Place, StagedPart
from ghostfleet.sinks.plan import Tasks
from ghostfleet.sinks.sink import GROUPS, Home, Receipt, Written
from ghostfleet.sinks.staging import UNFINISHED, Staging, checked_name, found_receipt, publish, writing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from ghostfleet.core.table import Table
    from ghostfleet.sinks.formats import Format
    from ghostfleet.sinks.sink import Again, Digester


class FilesSink:
    """Writes files that appear whole or not at all."""

    scheme: ClassVar[str] = "files"
    writers: ClassVar[Literal["one", "many"]] = "many"
    groups = GROUPS
    staged = True

    def __init__(self, target: Path, form: Format, *, single: bool, part: tuple[int, int] | None = None) -> None:
        """Aim at a directory or, if ``single``, at one file; ``part=(i, n)`` names the i-th of n splits."""
        self.format = form
        self._directory = target.parent if single else target
        self._single = target.name.removesuffix(f".{form.suffix}") if single else ""
        self._part = part
        self._staging = Staging(self._directory, "unopened")
        self._tasks = Tasks()

    @classmethod
    def at(
        cls,
        rest: str,
        *,
        format: str | None = None,  # noqa: A002  the word of the command
        codec: str = "fast",
        compressed: bool | None = None,
        part: tuple[int, int] | None = None,
    ) -> Self:
        """Open what a URL and options describe."""
        target = Path(rest)
        suffix = suffix_of(target.name) if not rest.endswith(("/", os.sep)) else ""
        named = format_of(suffix)
        if suffix and format is not None and _plain(format) != _plain(named):
            raise SinkError(
                f"{rest} ends in .{suffix}, but format {format} was asked for; name a directory or a .{format} file"
            )
        if suffix and compressed is not None and not suffix.endswith(".gz"):
            compressed = None if compressed and suffix != "parquet" else compressed  # the name of a file decides
        form = file_format(named or format, codec, compressed=compressed)
        return cls(target, form, single=bool(suffix), part=part)

    @property
    def home(self) -> Home:
        """The directory, or the place beside a single file; a directory may be named like a file."""
        file = f"{self._single}.{self.format.suffix}"
        if self._single and not (self._directory / file).is_dir():
            return Home(self._directory, file)
        return Home(self._directory / file if self._single else self._directory)

    def open(self, tables: Sequence[Table], *, plan_id: str, tasks: Mapping[str, Sequence[int]]) -> None:
        """Check names and the directory, and lock the staging folder."""
        if self._single and len(tables) != 1:
            said = ", ".join(table.name for table in tables)
            raise SinkError(
                f"{self._single}.{self.format.suffix} is one file, but there are {len(tables)} tables ({said}); "
                "name a directory"
            )
        self._tasks = Tasks(tables, tasks)
        for table in tables:
            checked_name(table.name, "table name")
            self.format.ensure(table)
            target = self._directory / self._name(table)
            if target.is_dir():
                raise SinkError(f"cannot write {target}: a directory of that name stands there")
        names = [self._name(table) for table in tables]
        if len(set(names)) < len(names):
            raise SinkError(f"two tables have the same file name among {', '.join(sorted(names))}")
        self._staging = Staging(self._directory, plan_id, self._name(tables[0]) if self._single or self._part else "")
        self._staging.enter()

    def part(self, table: Table, task: int) -> StagedPart:
        """Start the part of one task."""
        place = self._tasks.place(table, task)
        return StagedPart(place, self._path(place), self.format.start)

    def kept(self, table: Table, task: int) -> Receipt | None:
        """Receipt of a part that survived and whose digest still agrees."""
        place = self._tasks.place(table, task)
        path = self._path(place)
        receipt = found_receipt(path, table.name, task)
        try:
            return receipt if receipt and self.format.staged_digest(path, place) == receipt.digest else None
        except DataError:
            return None

    def finish(self, receipts: Sequence[Receipt]) -> list[Written]:
        """Join the parts of every table and give the files their names."""
        written, ready = [], {}
        with self._staging.tidied():
            for table, mine in self._tasks.in_order(receipts):
                unfinished, one = self._joined(table, mine)
                ready[unfinished] = self._directory / one.name
                written.append(one)
            publish(ready)
        self._staging.leave(remove=True)
        return written

    def abort(self) -> None:
        """Release the lock; parts stay for a resume."""
        self._staging.leave(remove=False)

    def digests(self, written: Written, receipts: Sequence[Receipt], again: Again | None = None) -> list[str]:
        """Digests of what the file holds now."""
        del again  # a file holds nothing else
        return self.format.digests(self._directory / written.name, receipts)

    def standing(self, written: Written) -> int:
        """Rows written: nothing else can stand there."""
        return written.rows

    def replaced(self, table: Table) -> Path | None:
        """File of the table that stands there already."""
        target = self._directory / self._name(table)
        return target if target.exists() else None

    def digester(self, table: Table, task: int, *, first: bool, last: bool) -> Digester:
        """Digest a regenerated task."""
        return self.format.digester(Place(table, task, first, last))

    def _joined(self, table: Table, receipts: Sequence[Receipt]) -> tuple[Path, Written]:
        if not receipts:  # a table without tasks is an empty file
            receipts = [StagedPart(Place(table, 0), self._path(Place(table, 0)), self.format.start).close()]
        parts = [(self._path(self._tasks.place(table, receipt.task)), receipt) for receipt in receipts]
        target = self._staging.folder / (self._name(table) + UNFINISHED)
        if len(parts) == 1:
            target, (_, only) = parts[0][0], parts[0]
            count, digest = only.bytes, only.digest
        else:
            with writing(target):
                count, digest = self.format.join(table, parts, target)
        size = target.stat().st_size
        rows = sum(receipt.rows for receipt in receipts)
        stored = digest if self.format.suffix in {"csv", "jsonl", "json", "ndjson"} else file_sha256(target)
        count = size if count < 0 else count
        return target, Written(table.name, self._name(table), rows, count, size, digest, stored)

    def _path(self, place: Place) -> Path:
        suffix = self.format.staged_suffix(alone=place.first and place.last)
        return self._staging.part(place.table.name, place.task, suffix)

    def _name(self, table: Table) -> str:
        stem = self._single or checked_name(table.file_stem, "file name")
        if self._part:
            number, total = self._part
            stem += f"-{number:05d}-of-{total:05d}"
        return f"{stem}.{self.format.suffix}"


SINK = FilesSink


def file_sha256(path: Path) -> str:
    """Sha256 of a stored file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(form: str) -> str:
    if form not in FORMATS:
        raise SinkError(f"there is no file format {form!r}; valid are {', '.join(FORMATS)}")
    return form.removesuffix(".gz")
