"""What things cost per month, from one table (SHR-9): nodes of the graph and cost series ask here."""

from __future__ import annotations

import msgspec

from ghostfleet.spec.estate.price_table import family, price_table

HOURS_PER_MONTH = 730.5
PLAIN_TECHNOLOGY = "other"


class PriceList(msgspec.Struct, frozen=True):
    """The shipped table, with a discount or premium on all of it; estates name no types that it does not list."""

    factor: float = 1.0

    def instance(self, kind: str) -> float:
        """One virtual machine."""
        return self._known("instance_usd", kind)

    def node(self, kind: str) -> float:
        """One worker node: its machine, its volume and what runs on every node."""
        return self.instance(kind) + self.factor * _price("node", "beside_usd")

    def cluster(self) -> float:
        """A cluster's control plane, without nodes."""
        return self.factor * _price("cluster", "usd_per_hour") * HOURS_PER_MONTH

    def machine(self, kind: str, storage_gb: float, license_usd: float) -> float:
        """A virtual machine with its disks and the license of what runs on it."""
        return self.instance(kind) + self.factor * (_price("storage", "machine_gb_usd") * storage_gb + license_usd)

    def database(self, engine: str, kind: str, storage_gb: float, *, multi_az: bool) -> float:
        """A managed database; like can be compared with like by asking for another engine (defect 36)."""
        priced_like = family(engine)
        compute = self._known(f"database_{priced_like}_usd", kind)
        storage = _price("storage", "database_gb_usd") * storage_gb
        license_usd = self._known("database_oracle_license_usd", kind) if priced_like == "oracle" else 0.0
        return (compute + self.factor * storage) * (2 if multi_az else 1) + license_usd

    def balancer(self, kind: str, use: float) -> float:
        """A load balancer; ``use`` in [0, 1] places its traffic in the documented range."""
        row = price_table()["balancer"][kind]
        hourly = float(row["usd_per_hour"]) + float(row["unit_usd_per_hour"]) * _within(row["units"], use)
        return self.factor * (hourly * HOURS_PER_MONTH + _within(row["data_usd"], use))

    def web_service(self, technology: str, compute: float, delivery: float) -> float:
        """A front end; both uses in [0, 1]."""
        table = price_table()["web_service"]
        row = table.get(technology, table[PLAIN_TECHNOLOGY])
        return self.factor * (_within(row["compute_usd"], compute) + _within(row["delivery_usd"], delivery))

    def external(self, usd_per_month: float) -> float:
        """Somebody else's service, whose contract says what it costs."""
        return self.factor * usd_per_month

    def size(self, kind: str) -> tuple[float, float]:
        """Processors and GB of memory of an instance type."""
        processors, memory_gb = price_table()["instance_size"][kind]
        return float(processors), float(memory_gb)

    def _known(self, section: str, kind: str) -> float:
        return self.factor * _price(section, kind)


def _within(bounds: list[float], use: float) -> float:
    low, high = bounds
    return low + (high - low) * use


def _price(section: str, name: str) -> float:
    return float(price_table()[section][name])
