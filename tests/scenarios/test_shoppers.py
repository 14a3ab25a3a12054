"""Who checks out in the shop, and what carts cost."""

import numpy as np
import pytest

from ghostfleet.core.window import HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.world import web
from tests.laws import estates
from tests.scenarios import test_commerce


def test_carts_cost_what_their_products_do():
    """Each product has its own prices, all within 10.99 and 299.99; most carts hold little else (COM-1, COM-2)."""
    rows = test_commerce.calm()
    dollars = rows["amount"] / 100
    assert dollars.min() >= 10.99
    assert dollars.max() <= 299.99
    of_product = {name: dollars[rows["product_id"] == name] for name in set(rows["product_id"].tolist())}
    assert len(of_product) == 16
    assert of_product["laptop_001"].min() > 100
    assert of_product["novel_001"].max() < 50
    for name, paid in of_product.items():
        assert np.median(paid) < paid.mean() < (paid.min() + paid.max()) / 2, name
    kinds = set(rows["product_category"].tolist())
    by_median = sorted(kinds, key=lambda kind: float(np.median(dollars[rows["product_category"] == kind])))
    assert by_median == ["books", "clothing", "home", "electronics"]


@pytest.mark.parametrize(("name", "load"), [("commerce", 0.05), ("estate", 0.02)])
def test_who_checks_out_has_a_browser(name, load):
    """COM-1: the one that the same user's events show, where they show one."""
    generator = Generator(estates.scenario(name, f"estate.load={load}"))
    until = generator.scenario.timeline.until_s
    span = Window.between(until - 4 * HOUR_S, until, MINUTE_S)
    rows = estates.rows(generator, "transactions", span)
    device = {one.text: one.device for one in web.agents()}
    assert {device[text] for text in rows["user_agent"].tolist()} == {"desktop", "mobile", "tablet"}
    if name == "estate":
        events = estates.rows(generator, "events", span)
        known = dict(zip(events["context.user_id"].tolist(), events["context.user_agent"].tolist(), strict=True))
        pairs = [
            (known[user], own) for user, own in zip(rows["user_id"], rows["user_agent"], strict=True) if user in known
        ]
        alike = [one == own for one, own in pairs if device[one] in web.BROWSING]
        assert len(pairs) > len(alike) > 100
        assert all(alike)
