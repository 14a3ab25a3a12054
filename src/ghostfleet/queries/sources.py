"""Where a table's rows lie: files by name, and whether they can be read to their end."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ghostfleet.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.table import Table

SUFFIXES = ("csv.gz", "csv", "jsonl.gz", "jsonl", "json.gz", "json", "ndjson.gz", "ndjson", "parquet")
STORE, GRAPH, FILES = "duckdb:", "ladybug:", "files:"
MOST_NAMED = 6  # in a message
TRUTH = "truth"  # the folder into which the command of that name writes
STORES = ("duckdb", "ladybug")  # suffixes of sources that are stores
_LINES = ("jsonl", "ndjson")  # of which an empty file is a table without rows
_PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})")
_BESIDE = ("manifest", "summary", "mapping", "_sample")  # endings of files that lie beside those of tables
_CHUNK_BYTES = 1 << 20
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_DUCKDB = b"DUCK"  # at byte 8
_GZIP_WINDOW = 31  # zlib's way to say: a gzip member, header and check sum included


class UnreadableError(DataError):
    """A file is missing, cut, or not what its name says."""


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one table, in order, or a store that holds it."""

    table: Table
    paths: tuple[Path, ...]
    suffix: str  # one of `STORES` for a store


def sources(url: str, tables: Sequence[Table]) -> list[Source]:
    """Find the tables at a path or store; `UnreadableError` when there is none."""
    if url.startswith(GRAPH):
        path = Path(url.removeprefix(GRAPH))
        if not path.is_file():
            raise UnreadableError(f"{path} is not there; valid is ladybug:FILE")
        return [Source(table, (path,), "ladybug") for table in tables if table.form != "rows"]
    path = Path(url.removeprefix(STORE if url.startswith(STORE) else FILES))
    if url.startswith(STORE) or (not url.startswith(FILES) and is_store(path)):
        return _in_store(path, tables)
    if path.is_dir():
        found = [source for table in tables if (source := in_folder(path, table))]
        if not found:
            raise UnreadableError(_none_of(path, [table.file_stem for table in tables]))
        return found
    if not path.is_file():
        raise UnreadableError(f"{path} is not there; valid is a file, a folder or duckdb:FILE")
    stem, suffix = split(path)
    if not suffix:
        raise UnreadableError(f"{path} has no known suffix; valid are {', '.join(SUFFIXES)}, a folder or duckdb:FILE")
    named = [table for table in tables if _stem_of(stem) in (table.file_stem, table.name)]
    if not named and len(tables) != 1:
        raise UnreadableError(f"{path} is named after no table; known are {', '.join(t.file_stem for t in tables)}")
    return [Source((named or list(tables))[0], (path,), suffix)]


def _in_store(path: Path, tables: Sequence[Table]) -> list[Source]:
    """Every table that is asked for, as long as one of them is there: which are not is found when they are read."""
    if not path.is_file():
        raise UnreadableError(f"{path} is not there; valid is duckdb:FILE")
    wanted, others = [table.name for table in tables], names_at(f"{STORE}{path}")
    if others and not set(wanted) & set(others):
        raise UnreadableError(f"{path} holds no table {_but(wanted, others)}")
    return [Source(table, (path,), "duckdb") for table in tables]


def _none_of(path: Path, wanted: Sequence[str]) -> str:
    """Say what a folder without the wanted tables holds instead, and what can be done about it."""
    stores = sorted(one for one in path.iterdir() if is_store(one))
    if stores:
        return f"{path} holds no file of a table; {stores[0]} is a store, name that"
    others = names_in(str(path))
    if not others and not wanted:
        return f"{path} holds no file that can be read; valid are {', '.join(SUFFIXES)}"
    if not others:
        return f"{path} holds no file of a table; a file is named after its table, such as {wanted[0]}.csv.gz"
    return f"{path} holds no file of {_but(wanted, others)}"


def _but(wanted: Sequence[str], others: Sequence[str]) -> str:
    name = "no manifest says what made them, so name it: --scenario NAME (`ghostfleet list scenarios`)"
    return f"{_few(wanted)}, but {_few(others)}; {name}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def names_at(url: str) -> list[str]:
    """Names of the tables that lie at a URL, in files or in a store; none where nothing can be read."""
    path = Path(url.removeprefix(STORE if url.startswith(STORE) else FILES))
    try:
        if is_store(path) or url.startswith(STORE):
            return sorted(_tables_in(path)) if path.is_file() and begins_as_store(path) else []
        return names_in(url)
    except UnreadableError:
        return []


def path_of(url: str) -> Path:
    """Path that a URL names; `UnreadableError` when nothing lies there."""
    path = Path(url.removeprefix(STORE if url.startswith(STORE) else FILES))
    if not path.exists() or (url.startswith(STORE) and not path.is_file()):
        raise UnreadableError(f"{path} is not there; valid is a folder, a file, duckdb:FILE or ladybug:FILE")
    return path


def source_of(url: str, table: Table) -> Source | None:
    """Files of one table at a URL, or a store that may hold it; nothing where there are none."""
    path = path_of(url)
    if url.startswith(STORE) or (not url.startswith(FILES) and is_store(path)):
        return Source(table, (path,), "duckdb")
    if path.is_dir():
        return in_folder(path, table)
    stem, suffix = split(path)
    if not suffix:
        raise UnreadableError(f"{path} has no known suffix; valid are {', '.join(SUFFIXES)}, a folder or duckdb:FILE")
    return Source(table, (path,), suffix) if _stem_of(stem) in (table.file_stem, table.name) else None


def beside(url: str, tables: Sequence[Table]) -> list[Source]:
    """Find tables that may lie with a data set: in its store or folder, or in the folder `truth` of that."""
    path = Path(url.removeprefix(STORE if url.startswith(STORE) else FILES))
    folder = path if path.is_dir() else path.parent
    found = []
    for table in tables:
        at_home = None if path.is_file() and not is_store(path) else source_of(url, table)
        if at_home and (at_home.suffix != "duckdb" or table.name in _tables_in(path)):
            found.append(at_home)
        elif (folder / TRUTH).is_dir() and (apart := in_folder(folder / TRUTH, table)):
            found.append(apart)
    return found


def _tables_in(path: Path) -> set[str]:
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as store:
            return {row[0] for row in store.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    except duckdb.Error as error:
        raise UnreadableError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def names_in(url: str) -> list[str]:
    """Names of the tables whose files lie at a URL; of a store, none. What lies beside tables is none of them."""
    path = path_of(url)
    if is_store(path) and not url.startswith(FILES):
        return []
    paths = sorted(path.iterdir()) if path.is_dir() else [path]
    stems = dict.fromkeys(_stem_of(split(one)[0]) for one in paths if split(one)[1])
    return [stem for stem in stems if not stem.endswith(_BESIDE)]


def is_store(path: Path) -> bool:
    """Whether a path that says no scheme is a DuckDB file, by its name or by its first bytes."""
    if not path.is_file() or split(path)[1]:
        return False
    return path.suffix == ".duckdb" or begins_as_store(path)


def begins_as_store(path: Path) -> bool:
    """Whether a file's first bytes are DuckDB's."""
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] == _DUCKDB
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read: {error.strerror or error}") from error


def split(path: Path) -> tuple[str, str]:
    """Stem and known suffix of a file name; the suffix is empty where it is not known."""
    suffix = next((suffix for suffix in SUFFIXES if path.name.endswith(f".{suffix}")), "")
    return (path.name.removesuffix(f".{suffix}"), suffix) if suffix else (path.name, "")


def is_readable(name: str) -> bool:
    """Whether files of such a name can be read."""
    return bool(split(Path(name))[1])


def _stem_of(name: str) -> str:
    part = _PART.fullmatch(name)
    return part[1] if part else name


def in_folder(folder: Path, table: Table) -> Source | None:
    """Files of a table in a folder, or nothing; `UnreadableError` when some of its parts are not there."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        stem, suffix = split(path)
        if suffix and _stem_of(stem) in (table.file_stem, table.name):
            kinds.setdefault(suffix, []).append(path)
    if not kinds:
        return None
    if len(kinds) > 1:
        raise UnreadableError(f"{folder} holds {table.name} as {' and as '.join(kinds)}; name the file that is meant")
    ((suffix, paths),) = kinds.items()
    _all_parts(folder, paths)
    return Source(table, tuple(paths), suffix)


def _all_parts(folder: Path, paths: Sequence[Path]) -> None:
    parts = [_PART.fullmatch(split(path)[0]) for path in paths]
    numbers = {int(part[2]) for part in parts if part}
    totals = {int(part[3]) for part in parts if part}
    if len(paths) > 1 and (None in parts or len(totals) != 1):
        names = ", ".join(path.name for path in paths)
        raise UnreadableError(f"{folder} holds several files of one table that are not parts of one set: {names}")
    missing = sorted(set(range(1, max(totals) + 1)) - numbers) if totals else []
    if missing and len(paths) > 1:
        raise UnreadableError(f"{folder} lacks part {missing[0]} of {max(totals)}")


def ensure_readable(source: Source) -> None:
    """Read every packed file to its end, and the magic of others; `UnreadableError` says where it breaks."""
    for path in source.paths:
        try:
            _ensure_readable(path, source.suffix)
        except OSError as error:
            raise UnreadableError(f"{path} cannot be read: {error.strerror or error}") from error


def _ensure_readable(path: Path, suffix: str) -> None:
    size = path.stat().st_size
    if not size:
        if suffix in _LINES:
            return
        raise UnreadableError(f"{path} is empty")
    with path.open("rb") as file:
        start = file.read(4)
        if suffix == "parquet":
            file.seek(max(0, size - 4))
            if start != _PARQUET or file.read(4) != _PARQUET:
                raise UnreadableError(f"{path} is not Parquet: it must begin and end with PAR1")
            _decode(path)
        elif suffix.endswith(".gz"):
            if not start.startswith(_GZIP):
                raise UnreadableError(f"{path} is not gzip: it begins with {start.hex(' ')}, gzip with 1f 8b")
            _unpack(path)
        elif suffix not in STORES and (start.startswith(_GZIP) or b"\0" in start + file.read(_CHUNK_BYTES)):
            raise UnreadableError(f"{path} is not text, as the suffix {suffix} says")


def _decode(path: Path) -> None:
    """Decode all pages of a Parquet file and throw them away: DuckDB does not look at their check sums."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            for _ in file.iter_batches():
                pass
    except pa.ArrowNotImplementedError:  # an encoding that DuckDB may know all the same
        return
    except (OSError, pa.ArrowException) as error:
        raise UnreadableError(f"{path} cannot be read: {str(error).splitlines()[0].rstrip('.')}") from error


def _unpack(path: Path) -> None:
    """Unpack all members of a gzip file and throw them away; check sums are tested on the way."""
    done, unpacked, member = 0, 0, zlib.decompressobj(wbits=_GZIP_WINDOW)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            done += len(chunk)
            while chunk:
                if member.eof:
                    member = zlib.decompressobj(wbits=_GZIP_WINDOW)
                try:
                    unpacked += len(member.decompress(chunk))
                except zlib.error as error:
                    where = f"between bytes {max(0, done - _CHUNK_BYTES)} and {done}"
                    raise UnreadableError(f"{path} is corrupt {where}: {error}") from error
                chunk = member.unused_data if member.eof else b""
    if not member.eof:
        raise UnreadableError(f"{path} is cut off at byte {done}, {unpacked} bytes of text in: gzip has no end there")
