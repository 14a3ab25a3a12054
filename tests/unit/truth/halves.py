"""A shop and a trading floor that share nothing, and whom each kind of incident strikes there."""

from functools import cache
from pathlib import Path

from ghostfleet.core.window import Window
from ghostfleet.spec import loading, reading
from ghostfleet.state.estate import Estates

FILE = Path(__file__).parent / "two_halves.yaml"
TEXT = FILE.read_text(encoding="utf-8")
DAY_S = 1741132800  # 2025-03-05, the reference Wednesday
ROOTS = {
    "payment_timeout": "stripe",
    "connection_pool_exhaustion": "orders-postgres",
    "memory_leak": "payment-service",
    "circuit_breaker": "stripe",
    "upstream_degradation": "payment-service",
    "trading_latency_spike": "trading-api",
    "market_data_interruption": "market-data-ingestion",
    "authentication_failure": "auth-service",
    "pod_scaling_failure": "risk-calculator",
    "credential_compromise": "auth-service",
    "cost_spiral": "search-service",
    "license_overprovisioning": "risk-sqlserver-01",
    "bad_deploy": "checkout-service",
    "node_loss": "prod-trading-cluster",
    "traffic_surge": "shop-web",
}
TRADING = {"trading-api", "market-data-ingestion", "risk-calculator", "trading-oracle", "risk-sqlserver-01"}
TRADING |= {"prod-trading-cluster"}


def scenario(incidents=None, *, ledger=(), seed=42, estate=None):
    """Scenario of the two halves with incidents of its own; ``estate`` lays further keys over the section."""
    document = reading.read(TEXT, FILE.name)
    document.tree["estate"] |= {"incidents": incidents or {}, "ledger": list(ledger)}
    for section, more in (estate or {}).items():
        document.tree["estate"][section] |= more
    document.tree["execution"] = {"random_seed": seed}
    return loading.load(document).scenario


def placed(kind, starts="2025-03-05T16:00", **options):
    """One incident of a kind on its usual root."""
    return {"placed": [{"incident": {"kind": kind, "on": [ROOTS[kind]], **options}, "starts": starts}]}


@cache
def struck(kind, starts="2025-03-05T16:00", **options):
    """Estates with one incident, and that incident."""
    estates = Estates(scenario(placed(kind, starts, **options)))
    (occasion,) = estates.occasions.between(DAY_S, DAY_S + 10 * 86400)
    return estates, occasion


def window(since_s, until_s):
    return Window.between(since_s, until_s, 60)


def nobody(_occasion):
    return False
