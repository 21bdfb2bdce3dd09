"""The faults: each breaks one thing in a running campaign and, where it lasts, says how it ends."""

import contextlib
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import redis

from tests.faults.house import BRIDGE, WORKERS, new_master_key
from tests.faults.operator import KINDS

if TYPE_CHECKING:
    from tests.faults.campaign import Campaign

LEAP = "all clocks"
LEAP_S = 4200
"""Longer than the first four waits between two attempts together."""
SKEW_S = 30
"""How far one process' clock is off."""

Fault = Callable[["Campaign", random.Random], str]
"""Breaks something now, puts its end on the campaign's list if it has one; answers what it did, in a few words."""


def _kill(name: str) -> Fault:
    def fault(campaign: "Campaign", chance: random.Random) -> str:
        campaign.house.kill(name)
        away_s = chance.choice((0.0, 0.3, 2.0))
        campaign.keep_down(name, away_s)
        return f"killed, started again after {away_s:g} s"

    return fault


def _kill_all_workers(campaign: "Campaign", chance: random.Random) -> str:
    for name in WORKERS:
        campaign.house.kill(name)
    return "both killed in the same moment"


def _kill_everything(campaign: "Campaign", chance: random.Random) -> str:
    for name in ("postgres", "valkey", "sandbox", *BRIDGE):
        campaign.house.kill(name)
    return "every process killed in the same moment, as by a power cut"


def _kill_backend(campaign: "Campaign", chance: random.Random) -> str:
    campaign.house.kill_backend(chance.randrange(100))
    return "one process of Postgres killed: all connections end, it recovers"


def _restart_postgres(campaign: "Campaign", chance: random.Random) -> str:
    campaign.house.rest("postgres")
    away_s = chance.choice((0.5, 2.0, 4.0))
    campaign.keep_down("postgres", away_s)
    return f"stopped in good order for {away_s:g} s"


def _restart_valkey(campaign: "Campaign", chance: random.Random) -> str:
    campaign.house.rest("valkey")
    away_s = chance.choice((0.5, 3.0, 5.0))
    campaign.keep_down("valkey", away_s)
    return f"stopped in good order for {away_s:g} s"


def _empty_valkey(campaign: "Campaign", chance: random.Random) -> str:
    client = redis.Redis(connection_pool=redis.ConnectionPool.from_url(campaign.house.servers.redis_url))
    with contextlib.closing(client):
        gone = client.dbsize()
        client.flushall()
    return f"emptied of {gone} keys"


def _fill_disk(campaign: "Campaign", chance: random.Random) -> str:
    full_s = chance.choice((1.5, 3.0))
    campaign.quota.fill(campaign.house.server_pids())
    campaign.later(full_s, lambda: campaign.quota.free(campaign.house.server_pids()))
    return f"no byte left for {full_s:g} s ({campaign.quota.how})"


def _network(how: str) -> Fault:
    def fault(campaign: "Campaign", chance: random.Random) -> str:
        name = chance.choice(sorted(campaign.roads))
        road = campaign.roads[name]
        lasts_s = chance.choice((1.5, 3.0, 5.0))
        delay_s = chance.choice((0.2, 0.8))
        campaign.lane.call(road.trouble(how, delay_s, lasts_s))
        campaign.later(lasts_s, lambda: campaign.lane.call(road.clear()))
        return f"the way {name} is {how} for {lasts_s:g} s"

    return fault


def _skew(campaign: "Campaign", chance: random.Random) -> str:
    name = chance.choice(BRIDGE)
    off_s = chance.choice((-1, 1)) * SKEW_S
    campaign.clocks.put_off(name, off_s)
    campaign.later(chance.choice((2.0, 5.0)), campaign.clocks.correct)
    return f"{name} is {off_s:+g} s off for a while"


def _sandbox_ahead(campaign: "Campaign", chance: random.Random) -> str:
    seconds = chance.choice((30, 400))
    campaign.control("POST", "/clock", {"advance_seconds": seconds})
    return f"the sides' clock leaps {seconds} s"


def leap(campaign: "Campaign", chance: random.Random) -> str:
    """All clocks, as after a machine's sleep; the sides first, since a bridge ahead of them is another fault."""
    campaign.control("POST", "/clock", {"advance_seconds": LEAP_S})
    campaign.clocks.leap(LEAP_S)
    return f"all clocks leap {LEAP_S} s"


def _migrate(campaign: "Campaign", chance: random.Random) -> str:
    campaign.house.migrate()
    return "ran once more under load"


def _update(campaign: "Campaign", chance: random.Random) -> str:
    campaign.house.stop(*BRIDGE)
    campaign.house.migrate()
    campaign.house.start(*BRIDGE)
    return "API and workers stopped in good order, migrated, started"


def _webhook_secret(campaign: "Campaign", chance: random.Random) -> str:
    kind = chance.choice(KINDS)
    campaign.operator.new_webhook_secret(kind)
    campaign.later(6.0, lambda: campaign.operator.retire_webhook_secret(kind))
    return f"{kind} signs with a new one, the old one is retired later"


def _master_key(campaign: "Campaign", chance: random.Random) -> str:
    settings = campaign.house.settings
    settings["BRIDGE_MASTER_KEYS"] = ",".join([new_master_key(), *settings["BRIDGE_MASTER_KEYS"].split(",")])
    campaign.house.stop(*BRIDGE)
    campaign.house.start(*BRIDGE)
    return "a new one seals, the old ones open"


def _jwt_secret(campaign: "Campaign", chance: random.Random) -> str:
    campaign.house.settings["BRIDGE_JWT_SECRET"] = new_master_key()
    campaign.house.stop("api")
    campaign.house.start("api")
    return "the API trusts a new one only"


def newer_settings(campaign: "Campaign", chance: random.Random) -> str:
    """A settings file of a later version: known names with other values, and names nobody knows yet."""
    campaign.write_settings(chance.choice((1, 2)), {"BRIDGE_LOG_FORMAT": "console", "BRIDGE_SETTING_OF_TOMORROW": "1"})
    campaign.house.stop(*BRIDGE)
    campaign.house.start(*BRIDGE)
    return "API and workers restarted with it"


FAULTS: dict[str, Fault] = {
    "api": _kill("api"),
    "worker-1": _kill("worker-1"),
    "worker-2": _kill("worker-2"),
    "both workers": _kill_all_workers,
    "sandbox": _kill("sandbox"),
    "postgres killed": _kill("postgres"),
    "postgres backend": _kill_backend,
    "postgres": _restart_postgres,
    "valkey killed": _kill("valkey"),
    "valkey": _restart_valkey,
    "valkey emptied": _empty_valkey,
    "power": _kill_everything,
    "disk": _fill_disk,
    "network cut": _network("cut"),
    "network blocked": _network("blocked"),
    "network slow": _network("slow"),
    "clock of one": _skew,
    "clock of the sides": _sandbox_ahead,
    LEAP: leap,
    "migration": _migrate,
    "update": _update,
    "webhook secret": _webhook_secret,
    "master key": _master_key,
    "token secret": _jwt_secret,
    "newer settings": newer_settings,
}
SHORT = ("worker-1", "api", "postgres killed", "valkey emptied", "disk", "network cut", "sandbox")
"""What the short form breaks before it settles with a leap and newer settings; each stands for its family."""
