"""Fit the polynomials of `ghostfleet.core.maths` and print them.

Each is the polynomial through a function's values at the Chebyshev nodes of an interval, which comes close
to the smallest possible largest error. Everything is done with 60 decimal digits and rounded once, at the end.
"""

from decimal import Decimal, getcontext

getcontext().prec = 60
ONE, TWO = Decimal(1), Decimal(2)
LN2 = TWO.ln()
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def sine(x: Decimal) -> Decimal:
    """Taylor's series, for small angles in radians."""
    term, total, n = x, x, 1
    while abs(term) > Decimal("1e-58"):
        term *= -x * x / ((n + 1) * (n + 2))
        total += term
        n += 2
    return total


def artanh(x: Decimal) -> Decimal:
    """Inverse hyperbolic tangent."""
    return ((1 + x) / (1 - x)).ln() / 2


def nodes(low: Decimal, high: Decimal, count: int) -> list[Decimal]:
    """Chebyshev nodes of an interval."""
    cosines = [sine(PI * (Decimal(count) - 1 - 2 * k) / (2 * count)) for k in range(count)]
    return [(low + high) / 2 + (high - low) / 2 * cosine for cosine in cosines]


def through(points: list[tuple[Decimal, Decimal]]) -> list[Decimal]:
    """Coefficients of the polynomial through points, constant first (Newton's divided differences)."""
    xs = [x for x, _ in points]
    differences = [y for _, y in points]
    for level in range(1, len(xs)):
        for k in range(len(xs) - 1, level - 1, -1):
            differences[k] = (differences[k] - differences[k - 1]) / (xs[k] - xs[k - level])
    coefficients = [Decimal(0)]
    for x, difference in zip(reversed(xs), reversed(differences), strict=True):
        shifted = [Decimal(0), *coefficients]
        coefficients = [a - x * b for a, b in zip(shifted, [*coefficients, Decimal(0)], strict=True)]
        coefficients[0] += difference
    return coefficients[: len(xs)]


def fit(function, low, high, count) -> list[Decimal]:  # noqa: ANN001  three Decimals and a function of one
    """Coefficients of a polynomial with ``count`` terms for a function on an interval, constant first."""
    return through([(x, function(x)) for x in nodes(Decimal(low), Decimal(high), count)])


def exp2_slope(r: Decimal) -> Decimal:
    """(2^r - 1) / r, so that 1 + r × fit is exact at 0 and whole powers come out exact."""
    return LN2 if r == 0 else ((r * LN2).exp() - 1) / r


def log2_slope(z: Decimal) -> Decimal:
    """log2(m) / s for s = (m - 1) / (m + 1) and z = s²."""
    s = z.sqrt()
    return 2 / LN2 * (ONE if s == 0 else artanh(s) / s)


def sine_slope(z: Decimal) -> Decimal:
    """sin(2πa) / a for z = a²."""
    a = z.sqrt()
    return 2 * PI if a == 0 else sine(2 * PI * a) / a


if __name__ == "__main__":
    largest_z = (3 - 2 * TWO.sqrt()) ** 2  # of m in [sqrt(1/2), sqrt(2)]
    for name, coefficients in (
        ("EXP2", fit(exp2_slope, "-0.5", "0.5", 10)),
        ("EXP2_F32", fit(exp2_slope, "-0.5", "0.5", 6)),
        ("LOG2", fit(log2_slope, 0, largest_z, 7)),
        ("SINE", fit(sine_slope, 0, "0.0625", 8)),
    ):
        print(f"{name} = (")
        print("".join(f"    {float(value)!r},\n" for value in coefficients) + ")")
