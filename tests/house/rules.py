"""House rules that no linter knows, each a function from text to the offences in it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "ghostfleet"

VALUE_PATH = ("core", "shapes", "incidents", "spec", "world", "state", "signals", "truth", "generate")
MOST_LINES = 400
NO_NAMES = {"base", "common", "helpers", "manager", "misc", "utils"}
HEAVY = {"duckdb", "ladybug", "matplotlib", "pandas", "pyarrow", "rustworkx", "scipy", "sklearn"}

# NumPy picks these by CPU (SIMD variants, BLAS kernels), so their last bits differ from machine to machine.
UNPORTABLE = {
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "power", "float_power", "cbrt", "hypot"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh"),
    *("dot", "vdot", "inner", "outer", "matmul", "tensordot", "einsum", "linalg", "fft", "convolve", "correlate"),
}
# Of floats, NumPy adds in an order that depends on the CPU.
UNORDERED = {"sum", "mean", "average", "std", "var", "cumsum", "nansum", "nanmean"}
# What the C library computes exactly; the rest of `math` differs between C libraries.
EXACT = {
    *("ceil", "comb", "copysign", "fabs", "factorial", "floor", "fmod", "frexp", "fsum", "gcd", "inf", "isclose"),
    *("isfinite", "isinf", "isnan", "isqrt", "lcm", "ldexp", "modf", "nan", "nextafter", "pi", "prod", "sqrt"),
    *("tau", "trunc", "ulp"),
}

# No mention of the machine or the network a thing was made on. Written in halves: this file is checked as well.
MACHINE = re.compile(
    "|".join(
        (
            r"(?<![\w.])/wo" + r"rk/",
            r"(?<![\w.])/ro" + r"ot/",
            r"(?<![\w.])/ho" + r"me/\w",
            r"py" + r"pi\.org",
            r"python" + r"hosted\.org",
            r"registry\.np" + r"mjs\.org",
            r"crates" + r"\.io",
            r"deb\.deb" + r"ian\.org",
        )
    )
)
INDEX = re.compile(r"https?://|file://|--(extra-)?index-url|--find-links|--trusted-host|^-[if] ", re.MULTILINE)


def hash_calls(source: str) -> list[int]:
    """Lines that call the built-in hash, whose seed changes with every process."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hash"
    ]


def random_imports(source: str) -> list[int]:
    """Lines that reach for a generator of random numbers."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names, lineno=line):
                found = any(name.name.split(".")[0] in {"random", "secrets"} for name in names)
                found |= any(name.name.startswith("numpy.random") for name in names)
            case ast.ImportFrom(module=module, names=names, lineno=line):
                found = module in {"random", "secrets", "numpy.random"}
                found |= module == "numpy" and any(name.name == "random" for name in names)
            case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="random", lineno=line):
                found = True
            case _:
                continue
        if found:
            lines.append(line)
    return sorted(lines)


def unportable_maths(source: str) -> list[str]:
    """Calls and operators on the value path whose last bits depend on the CPU, as ``line: name``."""
    nodes = list(ast.walk(ast.parse(source)))
    found = [offence for node in nodes for offence in (*_unportable_names(node), *_unportable_operators(node))]
    return [f"{line}: {name}" for line, name in sorted(found)]


def _unportable_names(node: ast.AST) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name) if name in UNPORTABLE | UNORDERED:
            yield node.lineno, f"np.{name}"
        case ast.ImportFrom(module="numpy", names=names):
            yield from ((node.lineno, f"np.{one.name}") for one in names if one.name in UNPORTABLE | UNORDERED)
        case ast.Attribute(value=ast.Name(id="math"), attr=name) if name not in EXACT:
            yield node.lineno, f"math.{name}"
        case ast.ImportFrom(module="math", names=names):
            yield from ((node.lineno, f"math.{one.name}") for one in names if one.name not in EXACT)
        case _:
            pass


def _unportable_operators(node: ast.AST) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr=name), lineno=line) if name in UNORDERED | {"dot"}:
            if ast.unparse(owner) not in {"np", "numpy"}:
                yield line, f".{name}()"
        case ast.BinOp(op=ast.MatMult(), lineno=line) | ast.AugAssign(op=ast.MatMult(), lineno=line):
            yield line, "@"
        case ast.BinOp(op=ast.Pow(), left=base, right=exponent, lineno=line):
            if not _is_number(base) or not _is_whole(exponent):
                yield line, "**"
        case ast.AugAssign(op=ast.Pow(), lineno=line):
            yield line, "**"
        case _:
            pass


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _is_whole(node: ast.expr) -> bool:
    """Tell whether an exponent is a whole number, or a name: of those every one here counts things."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return not (isinstance(node, ast.Constant) and isinstance(node.value, float))


def misnamed(path: str) -> bool:
    """Tell whether a path names a drawer for odds and ends instead of an idea."""
    return any(part in NO_NAMES for part in PurePosixPath(path).with_suffix("").parts)


def machine_traces(text: str) -> list[str]:
    """Machine paths and package registries that a text names."""
    return [match.group() for match in MACHINE.finditer(text)]


def index_addresses(text: str) -> list[str]:
    """Whatever in a lock file ties it to one package index."""
    return [match.group() for match in INDEX.finditer(text)]


def modules(*rooms: str) -> Iterator[Path]:
    """Every module of the named rooms, or of the whole package; a room may be a single module."""
    if not rooms:
        yield from sorted(PACKAGE.rglob("*.py"))
    for room in rooms:
        yield from sorted((PACKAGE / room).rglob("*.py"))
        yield from PACKAGE.glob(f"{room}.py")


def repository_files() -> list[Path]:
    """Every file that belongs to the repository, the new ones too."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(path for name in set(listed.stdout.split("\0")) if name and (path := ROOT / name).is_file())


def place(path: Path) -> str:
    """A path as the repository names it."""
    return path.relative_to(ROOT).as_posix()
