"""Where parts wait until all are there: a locked folder beside the destination, receipts, whole files."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from ghostfleet.core.errors import SinkError
from ghostfleet.sinks.sink import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ".ghostfleet"
LOCK = ".lock"
RECEIPT = ".receipt"
UNFINISHED = ".unfinished"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class Staging:
    """A folder of parts for one destination and plan; the parent locks it, workers only write into it."""

    def __init__(self, directory: Path, plan_id: str, target: str = "") -> None:
        """Choose the folder; ``target`` tells several single files in one directory apart."""
        self._plan_id = checked_name(plan_id, "plan id")
        if "." in plan_id:  # in a folder's name, a dot ends the plan id
            raise SinkError(f"the plan id {plan_id!r} contains a dot; valid are letters, digits, _ and -")
        self._target = target
        self.directory = directory
        self.folder = directory / FOLDER / (f"{plan_id}.{target}" if target else plan_id)
        # One lock per output, whatever the plan: two scenarios in one folder would overwrite each other's records.
        self._locked = directory / FOLDER / (f".{target}{LOCK}" if target else LOCK)
        self._lock = -1

    def __getstate__(self) -> dict[str, object]:
        """Leave the lock behind: it belongs to the process that took it."""
        return {**self.__dict__, "_lock": -1}

    def enter(self) -> None:
        """Lock the output, remove what other plans left of it, and create the folder."""
        with writing(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
            if self.folder.parent.is_symlink() or self.folder.is_symlink():
                raise SinkError(
                    f"{self.folder} is, or stands below, a symbolic link; remove it, parts are written only inside"
                )
            self._lock = _locked(self._locked)
        if self._lock < 0:
            raise SinkError(
                f"another process is writing to {self.directory} ({self._locked} is locked); wait for it or end it"
            )
        self._remove_stale()
        with writing(self.folder):
            self.folder.mkdir(exist_ok=True)
        self._remove_unfinished()

    def leave(self, *, remove: bool) -> None:
        """Release the lock, after removing the folder if its parts have served or there are none."""
        if self._lock < 0:
            return
        self._remove_unfinished()
        if remove or not any(self.folder.glob(f"*{RECEIPT}")):
            shutil.rmtree(self.folder, ignore_errors=True)
        self._locked.unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = -1
        with suppress(OSError):  # another plan's folder may stand beside it
            self.folder.parent.rmdir()

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """Leave no unfinished file behind when what happens inside fails: the disk may be full of them."""
        try:
            yield
        except BaseException:
            self._remove_unfinished()
            raise

    def part(self, table: str, task: int, suffix: str) -> Path:
        """Path of the part of one task."""
        return self.folder / f"{table}.{task:06d}.{suffix}"

    def _remove_unfinished(self) -> None:
        for path in self.folder.glob(f"*{UNFINISHED}*"):
            path.unlink(missing_ok=True)

    def _remove_stale(self) -> None:
        """Remove parts of other plans for the same output; those of its neighbours are none of our business."""
        for folder in list(self.folder.parent.iterdir()):
            plan, _, target = folder.name.partition(".")
            same_output = plan != self._plan_id and target == self._target
            if same_output and folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)


def _locked(path: Path) -> int:
    """Descriptor that holds a lock, or -1 when another process does."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except FileNotFoundError:  # a neighbour that has finished tidied up in between
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return -1
        # Its holder may have removed the file between our open and our lock: then we hold a ghost.
        with suppress(FileNotFoundError):
            if os.fstat(lock).st_ino == path.stat().st_ino:
                return lock
        os.close(lock)


def checked_name(name: str, what: str) -> str:
    """Refuse a name that could lead out of its folder."""
    if not NAME.fullmatch(name):
        raise SinkError(f"the {what} {name!r} cannot be a file name; valid are letters, digits, _, - and . (not first)")
    return name


@contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Turn what the system says about a path into one clear error."""
    try:
        yield
    except OSError as error:
        raise SinkError(f"cannot write {path}: {error.strerror or error}") from error


def leave_receipt(part: Path, receipt: Receipt) -> None:
    """Put the receipt beside its part, whole or not at all."""
    unfinished = part.with_name(part.name + RECEIPT + UNFINISHED)
    unfinished.write_text(json.dumps(msgspec.to_builtins(receipt)), encoding="utf-8")
    unfinished.replace(part.with_name(part.name + RECEIPT))


def found_receipt(part: Path, table: str, task: int) -> Receipt | None:
    """Receipt beside a part, if it is readable, is of that task, and states the part's size."""
    try:
        receipt = Receipt(**json.loads(part.with_name(part.name + RECEIPT).read_text(encoding="utf-8")))
        size = part.stat().st_size
    except (OSError, ValueError, TypeError):
        return None  # no part, or one whose making was cut short: it will be made again
    return receipt if (receipt.table, receipt.task, receipt.size) == (table, task, size) else None


def settle(path: Path) -> None:
    """Wait until a file, or the entries of a directory, have reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(ready: dict[Path, Path]) -> None:
    """Give finished files (by where they stand now) their final names; each appears whole or not at all."""
    for unfinished, target in ready.items():
        with writing(target):
            if target.is_dir():
                raise IsADirectoryError(21, "a directory of that name stands there")
            settle(unfinished)
    for unfinished, target in ready.items():
        with writing(target):
            unfinished.replace(target)
    for directory in {target.parent for target in ready.values()}:
        settle(directory)
