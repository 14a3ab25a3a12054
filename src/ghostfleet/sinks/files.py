"""One file a table in a directory, or a single file; the format decides the suffix."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.sinks.formats import FORMATS, file_format, format_of, format_suffix, suffix_of
from ghostfleet.sinks.hashing import of_bytes, of_file
from ghostfleet.sinks.parts import Place, StagedPart
from ghostfleet.sinks.plan import Tasks
from ghostfleet.sinks.sink import GROUPS, Home, Receipt, Split, Written
from ghostfleet.sinks.staging import UNFINISHED, Staging, checked_name, found_receipt, publish, writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
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

    def __init__(
        self,
        target: Path,
        form: Format,
        *,
        single: bool,
        part: tuple[int, int] | None = None,
        split_bytes: int | None = None,
    ) -> None:
        """Aim at a directory or, if ``single``, at one file; ``part=(i, n)`` names the i-th of n parts of the run.

        With ``split_bytes`` a table's next part begins another file where this one would become larger.
        """
        self.format = form
        self._directory = target.parent if single else target
        self._single = target.name.removesuffix(f".{form.suffix}") if single else ""
        self._part = part
        self._split_bytes = split_bytes
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
        split_bytes: int | None = None,
    ) -> Self:
        """Open what a URL and options describe."""
        target = Path(rest)
        suffix = suffix_of(target.name) if not rest.endswith(("/", os.sep)) else ""
        named = format_of(suffix)
        if suffix and format is not None and _plain(format) != _plain(named):
            raise SinkError(
                f"{rest} ends in .{suffix}, but format {format} was asked for; "
                f"name a directory or a .{format_suffix(format)} file"
            )
        if suffix and format is not None and format.endswith(".gz") and not suffix.endswith(".gz"):
            raise SinkError(f"{rest} is not packed, but format {format} was asked for; name a .{suffix}.gz file")
        if suffix and compressed is not None and not suffix.endswith(".gz"):
            compressed = None if compressed and suffix != "parquet" else compressed  # the name of a file decides
        form = file_format(named or format, codec, compressed=compressed)
        if split_bytes is not None and (suffix or part or form.suffix == "parquet"):
            what = "one file" if suffix else f"part {part[0]} of {part[1]}" if part else "Parquet"
            raise SinkError(f"{rest}: {what} cannot be split by size; valid are text files in a directory")
        return cls(target, form, single=bool(suffix), part=part, split_bytes=split_bytes)

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
        written: list[Written] = []
        ready: dict[Path, Path] = {}
        with self._staging.tidied():
            for table, mine in self._tasks.in_order(receipts):
                files, one = self._split(table, mine)
                ready |= {unfinished: self._directory / name for unfinished, name in files.items()}
                written.append(one)
            publish(ready)
            self._remove_others(set(ready.values()))
        self._staging.leave(remove=True)
        return written

    def abort(self) -> None:
        """Release the lock; parts stay for a resume."""
        self._staging.leave(remove=False)

    def digests(self, written: Written, receipts: Sequence[Receipt], again: Again | None = None) -> list[str]:
        """Digests of what the file holds now."""
        del again  # a file holds nothing else
        if not written.splits:
            return self.format.digests(self._directory / written.name, receipts)
        if sum(one.parts for one in written.splits) != len(receipts):
            raise DataError(f"the files of {written.table} are said to hold other than its {len(receipts)} parts")
        found, left = [], list(receipts)
        for one in written.splits:
            mine, left = left[: one.parts], left[one.parts :]
            found += self.format.digests(self._directory / one.name, mine, one.frame)
        return found

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

    def _split(self, table: Table, receipts: Sequence[Receipt]) -> tuple[dict[Path, str], Written]:
        """Join parts to one file, or several where they are to be split: names by where files stand now."""
        groups = grouped(receipts, self._split_bytes)
        if len(groups) == 1:
            unfinished, one = self._joined(table, receipts)
            return {unfinished: one.name}, one
        files: dict[Path, str] = {}
        splits, count = [], 0
        for number, group in enumerate(groups, 1):
            name = self._name(table, (number, len(groups)))
            target = self._staging.folder / (name + UNFINISHED)
            parts = [(self._path(self._tasks.place(table, receipt.task)), receipt) for receipt in group]
            frame = self.format.frame(table, first=number == 1, last=number == len(groups))
            with writing(target):
                content, digest = self.format.join(table, parts, target, frame)
            stored = digest if self._is_plain else of_file(target)
            size = (len(frame[0]), len(frame[1]))
            splits.append(Split(name, len(group), size, target.stat().st_size, digest, stored))
            files[target] = name
            count += content
        return files, self._summed(table, receipts, splits, count)

    def _remove_others(self, kept: set[Path]) -> None:
        """Remove files of the same tables that an earlier run split otherwise: they would pass for part of this one."""
        if self._split_bytes is None:
            return
        for table in self._tasks.tables:
            stem = self._name(table).removesuffix(f".{self.format.suffix}")
            files = re.compile(rf"{re.escape(stem)}(-\d{{5}}-of-\d{{5}})?\.{re.escape(self.format.suffix)}")
            for path in self._directory.iterdir():
                if files.fullmatch(path.name) and path not in kept:
                    path.unlink()

    def _summed(self, table: Table, receipts: Sequence[Receipt], splits: Sequence[Split], count: int) -> Written:
        name = self._name(table).removesuffix(f".{self.format.suffix}")
        return Written(
            table.name,
            f"{name}-*-of-{len(splits):05d}.{self.format.suffix}",
            sum(receipt.rows for receipt in receipts),
            count,
            sum(one.size for one in splits),
            _of_all(one.digest for one in splits),
            _of_all(one.stored for one in splits),
            tuple(splits),
        )

    @property
    def _is_plain(self) -> bool:
        """Whether files hold the very bytes that digests are of."""
        return self.format.suffix in {"csv", "jsonl", "json", "ndjson"}

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
        stored = digest if self._is_plain else of_file(target)
        count = size if count < 0 else count
        return target, Written(table.name, self._name(table), rows, count, size, digest, stored)

    def _path(self, place: Place) -> Path:
        suffix = self.format.staged_suffix(alone=place.first and place.last)
        return self._staging.part(place.table.name, place.task, suffix)

    def _name(self, table: Table, split: tuple[int, int] | None = None) -> str:
        stem = self._single or checked_name(table.file_stem, "file name")
        if self._part or split:
            number, total = self._part or split or (1, 1)
            stem += f"-{number:05d}-of-{total:05d}"
        return f"{stem}.{self.format.suffix}"


SINK = FilesSink


def grouped(receipts: Sequence[Receipt], most_bytes: int | None) -> list[list[Receipt]]:
    """Parts of one file each: as many as stay below a size, or one; no file without rows, all in one without a size."""
    groups: list[list[Receipt]] = [[]]
    size = rows = 0
    for receipt in receipts:
        if most_bytes is not None and rows and receipt.rows and size + receipt.size > most_bytes:
            groups.append([])
            size = rows = 0
        groups[-1].append(receipt)
        size += receipt.size
        rows += receipt.rows
    return groups


def _of_all(digests: Iterable[str]) -> str:
    """Digest of several digests."""
    return of_bytes("".join(digests).encode())


def _plain(form: str) -> str:
    if form not in FORMATS:
        raise SinkError(f"there is no file format {form!r}; valid are {', '.join(FORMATS)}")
    return form.removesuffix(".gz")
