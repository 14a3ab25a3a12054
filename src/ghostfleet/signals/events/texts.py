"""Texts of all that can be answered to clients, and who they are: each made once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.state.estate.people import lot
from ghostfleet.world import web

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64, Array, Bool
    from ghostfleet.state.estate.visits import Visits
    from ghostfleet.world.web import Route

TEMPLATE_IDS = 1_000  # numbers that stand in concrete paths
MESSAGES = 8  # texts of an error at most
SERVER = {500, 502, 503, 504}
OK, FIRST_WARNING, FIRST_FAILURE = 200, 300, 500
TITLE = "{method} {path}"
MESSAGE = "{service} answered a {method} with {status}"
ERROR_CODE = "ERR_{status}_{number:03}"
CURRENCIES = ("USD", "EUR", "GBP", "JPY")
SPENT = {"DE": "EUR", "FR": "EUR", "GB": "GBP", "JP": "JPY"}  # by country; elsewhere, and by some, dollars are
AT_HOME = 0.9  # of payments in the currency of the client's country
ENVIRONMENTS = (("production", 70), ("staging", 20), ("development", 10))
LOGIN, REGISTER, PAYMENT, ORDER = "login", "register", "payment", "order"  # what requests of some routes carry
CARRIED = {"auth/login": LOGIN, "auth/register": REGISTER, "orders/create": ORDER}
PAYMENTS = "payments/"  # whatever is posted below it is a payment


class Texts:
    """Texts of all routes, answers and clients that there are, each made once."""

    def __init__(self) -> None:
        routes = web.routes()
        self.statuses = sorted({int(code) for one in web.catalogue()["statuses"].values() for code in one} | SERVER)
        self._place = np.zeros(600, dtype=np.int64)
        self._place[self.statuses] = np.arange(len(self.statuses))
        pairs = [(route, status) for route in routes for status in self.statuses]
        self.answers = {
            "message": tuple(
                MESSAGE.format(service=route.service, method=route.method, status=status) for route, status in pairs
            ),
            "severity": tuple(severity(status) for _, status in pairs),
            "source.service": tuple(route.service for route, _ in pairs),
            "source.method": tuple(route.method for route, _ in pairs),
        }
        self._cached = np.array([route.method == "GET" and status == OK for route, status in pairs])
        self.wrong = np.array([web.client_errors(route.service) for route in routes])
        self._numbered = np.array([route.is_template for route in routes])
        templates = [route.path for route in routes if route.is_template]
        self.templates = tuple(templates)
        self._template = np.array([templates.index(route.path) if route.is_template else -1 for route in routes])
        concrete = [
            msgspec.structs.replace(route, path=route.path.replace("{id}", str(1_000 + 7 * one)))
            for route in routes
            if route.is_template
            for one in range(TEMPLATE_IDS)
        ]
        self.paths = tuple(route.path for route in (*routes, *concrete))
        self.titles = tuple(TITLE.format(method=route.method, path=route.path) for route in (*routes, *concrete))
        said = [carried(route) for route in routes]
        self.is_login, self.is_register, self.is_payment, self.is_order = (
            np.array([one == kind for one in said]) for kind in (LOGIN, REGISTER, PAYMENT, ORDER)
        )
        both = [(agent, city) for agent in web.agents() for city in web.cities()]
        self.clients = {
            "context.user_agent": tuple(agent.text for agent, _ in both),
            "context.tags.country": tuple(city.country for _, city in both),
            "context.tags.city": tuple(city.name for _, city in both),
            "context.tags.region": tuple(city.region or web.HOME for _, city in both),
            "context.tags.device_type": tuple(agent.device for agent, _ in both),
        }
        self.currency = np.array([CURRENCIES.index(SPENT.get(city.country, "USD")) for city in web.cities()])
        told = [(status, number) for status in self.statuses for number in range(MESSAGES)]
        words = {status: (*web.texts_of(status), *[""] * MESSAGES) for status in self.statuses}
        self.errors = {
            "error_details.error_code": tuple(
                ERROR_CODE.format(status=status, number=number + 1) for status, number in told
            ),
            "error_details.error_message": tuple(words[status][number] for status, number in told),
            "error_details.error_type": tuple(web.error_type(status) or "" for status, _ in told),
        }
        place = {said: number for number, said in enumerate(told)}
        fitting = [[place[status, one] for one in web.said(route, status)] or [0] for route, status in pairs]
        self._fitting = np.array([(one * MESSAGES)[:MESSAGES] for one in fitting])
        self._choices = np.array([len(one) for one in fitting])
        share = web.catalogue()["anonymous"]["percent"] / 100
        self.anonymous = np.array([share if web.may_be_anonymous(route) else 0.0 for route in routes])

    @staticmethod
    @cache
    def of() -> Texts:
        """The texts."""
        return Texts()

    def errors_of(self, route: int, status: int) -> tuple[int, ...]:
        """Which errors a route may answer with a status, as places among all."""
        answer = route * len(self.statuses) + self.statuses.index(status)
        return tuple(self._fitting[answer][: self._choices[answer]].tolist())

    def status_place(self, status: I64) -> I64:
        """Place of each status among those there are."""
        return self._place.take(status)

    def answer(self, visits: Visits) -> I64:
        """Route and status together."""
        return visits.route * len(self.statuses) + self.status_place(visits.status)

    def error(self, answer: I64, lots: F64) -> I64:
        """Code and text of each error, out of those that fit what was asked for."""
        choice = (lots * self._choices.take(answer)).astype(np.int64)
        fitting: I64 = self._fitting.take(answer * MESSAGES + choice)
        return fitting

    @staticmethod
    def client(agent: Array, city: Array) -> I64:
        """Agent and city together."""
        return agent.astype(np.int64) * len(web.cities()) + city

    def path(self, visits: Visits) -> I64:
        """Concrete path of each request."""
        code = visits.route.copy()
        places = np.flatnonzero(self._numbered.take(code))
        number = (lot(visits.asked[places], 48) * TEMPLATE_IDS).astype(np.int64)
        code[places] = len(self._numbered) + self._template.take(code[places]) * TEMPLATE_IDS + number
        return code

    def route(self, route: I64) -> I64:
        """Template of each route; -1 where it has none."""
        return self._template.take(route)

    def may_be_cached(self, answer: I64) -> Bool:
        """Whether an answer can come from a cache."""
        return self._cached.take(answer)


def severity(status: int) -> str:
    """How bad an answer is (EVT-4)."""
    return "info" if status < FIRST_WARNING else "warning" if status < FIRST_FAILURE else "error"


def carried(route: Route) -> str | None:
    """What the payload of a route's requests tells of, if of anything (EVT-3)."""
    path = route.path.removeprefix(web.PREFIX)
    return PAYMENT if path.startswith(PAYMENTS) and route.method == "POST" else CARRIED.get(path)


def statuses_of(route: Route) -> frozenset[int]:
    """Statuses that a route may answer with."""
    wrong = web.statuses(web.READING if route.method == "GET" else web.CHANGING)
    return frozenset({*web.answers(route)[0].tolist(), *wrong[0].tolist(), *SERVER})
