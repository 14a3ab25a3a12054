"""Colours and type of pages and pictures, dark and for print (the shared look: `ui/README.md`)."""

from __future__ import annotations

from dataclasses import dataclass

from ghostfleet.core.errors import DataError


@dataclass(frozen=True)
class Theme:
    """Colours by their use; hexadecimal."""

    page: str
    card: str
    track: str
    line: str
    value: str  # texts that carry values
    label: str
    axis: str
    accent: str  # traffic; and whatever stands alone
    saturation: str
    latency: str
    errors: str
    cost: str
    ok: str
    warn: str
    crit: str


THEMES = {
    "dark": Theme(
        page="#0a0c10",
        card="#12161d",
        track="#222935",
        line="#1c222c",
        value="#e9ecf1",
        label="#a4adbb",
        axis="#7f8999",
        accent="#7b9bff",
        saturation="#4cc3c7",
        latency="#b08df2",
        errors="#e97fa8",
        cost="#8b97a8",
        ok="#46b58a",
        warn="#e5a84b",
        crit="#f0565f",
    ),
    "light": Theme(
        page="#ffffff",
        card="#ffffff",
        track="#dfe3ea",
        line="#e6e9ee",
        value="#12161d",
        label="#454d5a",
        axis="#666f7d",
        accent="#3f63d6",
        saturation="#0f8287",
        latency="#7a4fd0",
        errors="#bf3f78",
        cost="#5d6878",
        ok="#1d7f5a",
        warn="#96650c",
        crit="#c0303a",
    ),
}


def theme(name: str) -> Theme:
    """Theme by name; `DataError` naming those there are."""
    if name not in THEMES:
        raise DataError(f"there is no theme {name!r}; valid are {', '.join(THEMES)}")
    return THEMES[name]


def blend(low: str, high: str, share: float) -> str:
    """Colour between two, 0 the first and 1 the second."""
    share = min(max(share, 0.0), 1.0)
    parts = [(int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)
