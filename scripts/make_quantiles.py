"""Make the quantile tables that the package ships, and their checksums."""

from array import array
from hashlib import sha256
from pathlib import Path
from statistics import NormalDist

DATA = Path(__file__).parents[1] / "src" / "ghostfleet" / "data"
CELLS = 65_536


def normal_body() -> array:
    """Quantiles at the middles of equally likely cells."""
    quantile = NormalDist().inv_cdf
    half = [quantile((cell + 0.5) / CELLS) for cell in range(CELLS // 2)]
    return array("f", [*half, *(-value for value in reversed(half))])


def normal_tail() -> array:
    """Magnitudes inside the outermost cell; by symmetry one table serves both ends."""
    quantile = NormalDist().inv_cdf
    return array("f", [-quantile((cell + 0.5) / CELLS / CELLS) for cell in range(CELLS)])


def renew_checksums() -> None:
    """Write ``data/CHECKSUMS`` for every data file."""
    names = sorted(path.name for path in DATA.iterdir() if path.name not in {"CHECKSUMS", "README.md"})
    lines = [f"{sha256((DATA / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (DATA / "CHECKSUMS").write_text("".join(lines))


if __name__ == "__main__":
    (DATA / "normal_body.f32").write_bytes(normal_body().tobytes())
    (DATA / "normal_tail.f32").write_bytes(normal_tail().tobytes())
    renew_checksums()
