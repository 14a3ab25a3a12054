"""What every label is built on: the estate, its prices, and the labels that stand already."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_network
from typing import TYPE_CHECKING

from ghostfleet.core import draw
from ghostfleet.spec.estate import names
from ghostfleet.world.estate.entities import Draws
from ghostfleet.world.estate.prices import PriceList

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ghostfleet.spec.estate import Estate
    from ghostfleet.world.estate.entities import Entities, Label

FIRST_HOSTS = 4  # addresses at the start of a subnet that the cloud keeps for itself
ANYWHERE = "10.0.0.0/16"  # where a network has no subnets


@dataclass(frozen=True)
class Ground:
    """What a label's entities are built from; labels are added in an order in which each finds what it needs."""

    seed: int
    estate: Estate
    labels: dict[str, Entities]

    @property
    def prices(self) -> PriceList:
        """Price table as this estate pays it."""
        return PriceList(self.estate.prices.factor)

    @property
    def since_s(self) -> int:
        """First second of the scenario."""
        return self.estate.span_s[0]

    def draws(self, label: Label, keys: Sequence[str]) -> Draws:
        """Draws of the properties of some entities."""
        return Draws(self.seed, label.name, keys)

    def region_of(self, network: str) -> str:
        """Region of a network."""
        return self.estate.networks[network].region

    def zones_of(self, network: str) -> tuple[str, ...]:
        """Zones of a network's region."""
        return self.estate.regions[self.region_of(network)].zones

    def environment_of(self, name: str, network: str) -> str:
        """Environment: what the name says, or else that of the network."""
        return names.environment(name, self.estate.networks[network].environment)

    @cached_property
    def _subnets(self) -> dict[tuple[str, str], list[int]]:
        """Rows of subnets by network and tier, and by network alone (of no tier)."""
        found: dict[tuple[str, str], list[int]] = {}
        subnets = self.labels["Subnet"]
        for row, place in enumerate(zip(subnets.words("vpc"), subnets.words("tier"), strict=True)):
            found.setdefault(place, []).append(row)
            found.setdefault((place[0], ""), []).append(row)
        return found

    @cached_property
    def _groups(self) -> dict[str, str]:
        groups = self.labels["SecurityGroup"]
        return dict(zip(groups.keys, groups.words("group_id"), strict=True))

    def subnets_of(self, network: str, tier: str) -> list[int]:
        """Rows of a network's subnets: those of a tier, or all where it has none of that tier."""
        return self._subnets.get((network, tier)) or self._subnets.get((network, ""), [])

    def groups_of(self, network: str, tier: str) -> list[str]:
        """Ids of the security groups that guard a tier of a network."""
        return [self._groups[f"{network}-{tier}"]]


def placed(keys: Sequence[str], choices: Sequence[int], *, kind: str) -> list[int]:
    """Spread entities over choices by their names alone, so that one more changes no other."""
    words = draw.entity_ids([f"{kind}\x1f{key}" for key in keys])[:, 0]
    return [choices[int(word) % len(choices)] for word in words.tolist()] if choices else [-1] * len(keys)


def addresses(keys: Sequence[str], blocks: Sequence[str], beside: Iterable[str] = ()) -> list[str]:
    """One private address per entity in its block, none twice: by its name, or the next one that is free."""
    taken = set(beside)
    found = []
    words = draw.entity_ids([f"address\x1f{key}" for key in keys])[:, 0].tolist()
    for word, block in zip(words, blocks, strict=True):
        network = ip_network(block or ANYWHERE, strict=False)
        room = max(1, network.num_addresses - FIRST_HOSTS - 1)
        tries = (str(network.network_address + FIRST_HOSTS + (word + step) % room) for step in range(room))
        address = next((one for one in tries if one not in taken), str(network.network_address))
        taken.add(address)
        found.append(address)
    return found
