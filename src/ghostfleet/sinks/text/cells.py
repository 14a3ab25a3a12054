"""Look-up tables of ready-made texts, and which entry of which table each row shows."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias

import msgspec
import numpy as np

from ghostfleet.core.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import I64, U64, Array, Bool

Words: TypeAlias = "Array"  # dtype S; NUL bytes pad an entry at its end and are dropped when rows are closed up

GROUP_DIGITS = 4
GROUP = 10**GROUP_DIGITS
NUMBER_DIGITS = 20  # of the largest integers
FAST_WIDTHS = (1, 2, 4, 8, 16, 32)
DAY_S = 86400
MINUTE_S = 60
DAY_MINUTES = 1440
ROWS_PER_MINUTE = 16  # from which on minutes have ready texts with their day; one takes as long as 16 look-ups
THREE_DIGITS = 1000
FIRST_S, LAST_S = -62135596800, 253402300799  # years 1 to 9999


class Cell(msgspec.Struct, frozen=True):
    """One field of every row: row *i* shows ``words[codes[i]]``."""

    words: Words
    codes: Array  # shape (rows,), or (rows, n) for n entries side by side
    width: int = 0  # of the longest entry; 0: as wide as the table

    @property
    def count(self) -> int:
        """Entries side by side."""
        return 1 if self.codes.ndim == 1 else self.codes.shape[1]

    @property
    def span(self) -> int:
        """Bytes of its field."""
        return int(self.words.dtype.itemsize) * self.count

    @property
    def needed(self) -> int:
        """Bytes that the longest entry takes."""
        return self.width or self.span


class Number(msgspec.Struct, frozen=True):
    """Integers of every row as multiples of ``10**-decimals``, as the loop spells them."""

    values: I64
    decimals: int = 0
    width: int = 0  # digits at least in front of the point, led by zeros
    gone: Bool | None = None  # rows that show nothing

    @property
    def needed(self) -> int:
        """Bytes that the longest one takes."""
        return max(self.width, NUMBER_DIGITS) + self.decimals + 2


class Hexes(msgspec.Struct, frozen=True):
    """Lowest digits of every row's word in hexadecimal, as the loop spells them."""

    words: U64
    digits: int
    gone: Bool | None = None  # rows that show nothing

    @property
    def needed(self) -> int:
        """Bytes that each takes."""
        return self.digits


Item: TypeAlias = Cell | Number | Hexes  # what one field of every row shows


def looked_up(items: Sequence[Item]) -> list[Cell]:
    """The same items, of which none is left to the loop."""
    return [item for item in items if isinstance(item, Cell)]


def pack(texts: Sequence[bytes]) -> Words:
    """Pack texts into one array as wide as the longest of them."""
    return np.array(texts, dtype=f"S{max((len(text) for text in texts), default=1) or 1}")


def around(before: bytes, words: Words, after: bytes = b"") -> Words:
    """Put constant bytes around every entry."""
    if before:
        words = np.strings.add(before, words)
    return np.strings.add(words, after) if after else words


def widened(words: Words) -> Words:
    """Give entries a width that NumPy copies fast."""
    width = words.dtype.itemsize
    return words.astype(f"S{next((fast for fast in FAST_WIDTHS if fast >= width), width)}", copy=False)


def constant(content: bytes, rows: int) -> Cell:
    """Let every row show the same."""
    return Cell(pack([content]), np.zeros(rows, np.int8))


def hidden(cells: list[Item], missing: Bool | None, shown: bytes) -> list[Item]:
    """Where values are missing, let the first cell, which holds one entry, show ``shown`` and the others nothing."""
    if missing is None or not missing.any():
        return cells
    blanks = [shown, *(b"" for _ in cells[1:])]
    return [_hidden(cell, missing, blank) for cell, blank in zip(cells, blanks, strict=True)]


def _hidden(cell: Item, missing: Bool, blank: bytes) -> Item:
    if not isinstance(cell, Cell):
        return msgspec.structs.replace(cell, gone=missing)
    rows = missing if cell.codes.ndim == 1 else missing[:, None]
    return Cell(_appended(cell.words, blank), np.where(rows, np.int32(len(cell.words)), cell.codes))


@lru_cache(maxsize=16)
def number_words(low: int, high: int, decimals: int, before: bytes, after: bytes) -> Words:
    """Texts of ``low … high`` as multiples of ``10**-decimals``, with constant bytes around them."""
    above = _counted(max(low, 0), high + 1, decimals, before, after)
    if low >= 0:
        return above
    below = _counted(max(-high, 1), -low + 1, decimals, before + b"-", after)[::-1]
    return np.concatenate([below, above])


def _counted(start: int, stop: int, decimals: int, before: bytes, after: bytes) -> Words:
    """Texts of ``start … stop - 1``, none of them negative."""
    per_one = 10**decimals
    first, last = start // per_one, max(stop - 1, start) // per_one
    whole = np.arange(first, last + 1).astype(f"S{len(str(last))}")
    rest = around(b".", digits(decimals), after) if decimals else pack([after])
    words = np.strings.add(around(before, whole)[:, None], rest).ravel()
    return words[start - first * per_one : stop - first * per_one]


def number_cells(values: I64, decimals: int) -> list[Cell]:
    """Integers of any size as multiples of ``10**-decimals``: a sign, groups of four digits, the decimals."""
    negative = values < 0
    size = np.abs(values).view(np.uint64)  # |-2**63| wraps to itself, which is 2**63 as unsigned
    cells = [Cell(pack([b"", b"-"]), negative.view(np.uint8))] if negative.any() else []
    whole = size // np.uint64(10**decimals) if decimals else size
    for place in reversed(range(-(-len(str(int(whole.max(initial=0)))) // GROUP_DIGITS))):
        above = whole // np.uint64(GROUP**place)
        led = np.where(above >= np.uint64(GROUP), 0, GROUP if place else 2 * GROUP)
        cells.append(Cell(_group_words(), (led + (above % np.uint64(GROUP)).view(np.int64)).astype(np.int32)))
    if decimals:
        cells += _fraction_cells((size - whole * np.uint64(10**decimals)).view(np.int64), decimals)
    return cells


def _fraction_cells(rest: I64, decimals: int) -> list[Cell]:
    cells = []
    for start in range(0, decimals, GROUP_DIGITS):
        count = min(GROUP_DIGITS, decimals - start)
        code = rest // 10 ** (decimals - start - count) % 10**count
        cells.append(Cell(around(b"" if start else b".", digits(count)), code.astype(np.int32)))
    return cells


def time_cells(times: I64, quote: bytes, per_second: int = 1) -> list[Cell]:
    """RFC 3339 in UTC: whole seconds, or as many decimals as the unit of the times has.

    A cell for the day, and if any row needs it one each for minutes and seconds; of finer times, for decimals.
    """
    seconds = times // per_second if per_second > 1 else times
    if len(seconds) and not FIRST_S <= seconds.min() <= seconds.max() <= LAST_S:
        raise SinkError(
            f"a time of {seconds.min()} or {seconds.max()} s lies outside the years 1 to 9999, which text can state"
        )
    end = b"Z" + quote
    if per_second > 1:
        return [*_minute_cells(seconds, quote), *decimal_cells(times - seconds * per_second, per_second, end)]
    days = seconds // DAY_S
    rest = (seconds - days * DAY_S).astype(np.int32)
    if not rest.any():
        return [_day_cell(days, quote, b"T00:00:00" + end)]
    minutes = rest // MINUTE_S
    rest -= minutes * MINUTE_S
    if not rest.any():
        return [_day_cell(days, quote, b"T"), Cell(_clock_words(b":00" + end), minutes)]
    return [_day_cell(days, quote, b"T"), Cell(_clock_words(b""), minutes), Cell(_second_words(end), rest)]


def _minute_cells(seconds: I64, quote: bytes) -> list[Cell]:
    """Days, hours, minutes, seconds and the point; days and minutes are one cell where rows lie close together."""
    minutes = seconds // MINUTE_S
    rest = Cell(_second_words(b"."), (seconds - minutes * MINUTE_S).astype(np.int32))
    low, high = (int(minutes.min()), int(minutes.max())) if len(minutes) else (0, 0)
    if high - low <= len(minutes) // ROWS_PER_MINUTE:
        return [Cell(_minutes_between(low, high, quote), (minutes - low).astype(np.int32)), rest]
    days = minutes // DAY_MINUTES
    clock = Cell(_clock_words(b""), (minutes - days * DAY_MINUTES).astype(np.int32))
    return [_day_cell(days, quote, b"T"), clock, rest]


@lru_cache(maxsize=4)
def _minutes_between(low: int, high: int, before: bytes) -> Words:
    minutes = np.arange(low, high + 1).astype("datetime64[m]")
    return around(before, np.datetime_as_string(minutes).astype("S16"))


def decimal_cells(rest: I64, per_one: int, end: bytes) -> list[Cell]:
    """Digits after the point, in groups of three."""
    cells = []
    while per_one > 1:
        group = min(per_one, THREE_DIGITS)
        per_one //= group
        count = len(str(group)) - 1
        code = (rest // per_one if per_one > 1 else rest).astype(np.int32)
        rest = rest - code * per_one if per_one > 1 else rest
        cells.append(Cell(ended_digits(count, end if per_one == 1 else b""), code))
    return cells


@cache
def ended_digits(count: int, end: bytes) -> Words:
    """All numbers of ``count`` digits, with constant bytes behind them."""
    return around(b"", digits(count), end)


def _day_cell(days: I64, before: bytes, after: bytes) -> Cell:
    low, high = (
        int(days.min(initial=0 if not len(days) else days[0])),
        int(days.max(initial=0 if not len(days) else days[0])),
    )
    if high - low <= 4 * len(days) + 64:
        return Cell(_days_between(low, high, before, after), (days - low).astype(np.int32))
    some, codes = np.unique(days, return_inverse=True)
    return Cell(_day_words(some, before, after), codes)


@lru_cache(maxsize=4)
def _days_between(low: int, high: int, before: bytes, after: bytes) -> Words:
    return _day_words(np.arange(low, high + 1), before, after)


def _day_words(days: I64, before: bytes, after: bytes) -> Words:
    return around(before, np.datetime_as_string(days.astype("datetime64[D]")).astype("S10"), after)


@cache
def _clock_words(after: bytes) -> Words:
    return pack([b"%02d:%02d" % divmod(minute, 60) + after for minute in range(DAY_MINUTES)])


@cache
def _second_words(after: bytes) -> Words:
    return around(b":", digits(2)[:60], after)


@cache
def digits(count: int) -> Words:
    """All numbers of ``count`` digits, with leading zeros."""
    return _digit_matrix(count).view(f"S{count}").ravel()


@cache
def _group_words() -> Words:
    """Four digits in three manners: led by zeros; without them and 0 empty; without them and 0 as ``0``."""
    led = digits(GROUP_DIGITS)
    bare = np.arange(GROUP).astype(led.dtype)
    empty = bare.copy()
    empty[0] = b""
    return np.concatenate([led, empty, bare])


def _digit_matrix(count: int) -> Array:
    numbers = np.arange(10**count, dtype=np.int32)
    scales = 10 ** np.arange(count - 1, -1, -1, dtype=np.int32)
    return (numbers[:, None] // scales % 10 + ord("0")).astype(np.uint8)


def _appended(words: Words, word: bytes) -> Words:
    return np.append(words, pack([word]))
