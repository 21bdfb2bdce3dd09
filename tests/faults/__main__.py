"""`python -m tests.faults`: runs campaigns, tells every fault in one line, writes a summary."""

import argparse
import json
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from app.embedded import EmbeddedError
from tests.faults.breaking import FAULTS, LEAP, SHORT
from tests.faults.campaign import Campaign
from tests.faults.checker import Found
from tests.faults.defects import DEFECTS
from tests.faults.house import ROOT, NotReadyError
from tests.faults.operator import RefusedError
from tests.faults.trial import trials, uncovered

RESULTS = ROOT / "tests" / "faults" / "results"
GAP_S = 0.9
"""Time between two faults, on average; many last longer, so that several things are broken at once."""
ORDERS_AT_FIRST = 4
"""Per store, imported before anything breaks, so that merchants have something to do."""
PATIENT_EVERY = 5
"""Every so many seeds the clocks run evenly all along: all waits are waited for.

They must not leap on the way either: what fails a second time waits five minutes, longer than a seed may settle.
"""


def main(arguments: list[str] | None = None) -> int:
    """Answers 0 when every seed was right in the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--short", action="store_true", help="a few faults only, as `make test` runs it")
    parser.add_argument("--defects", nargs="*", metavar="NAME", help="plant these (default: all) instead")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # in good order: mounts and servers are given back
    if chosen.defects is not None:
        return _defects(chosen.defects or list(DEFECTS))
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    reports = [_campaign(seed, short=chosen.short) for seed in seeds]
    _summary(reports, written=not chosen.short)
    return 1 if any(report["wrong"] for report in reports) else 0


def _defects(names: list[str]) -> int:
    """Answers 0 when the sound bridge passes and every defect is found out by its rule."""
    campaign = Campaign(0, say=_say)
    outcomes = []
    try:
        campaign.begin()
        for outcome in trials(campaign, names):
            outcomes.append(outcome)
            rule = DEFECTS[outcome.defect].rule if outcome.defect else "none"
            verdict = "as it should be" if outcome.as_it_should_be else "NOT AS IT SHOULD BE"
            spoke = ", ".join(sorted(outcome.broken)) or "none"
            campaign.say(outcome.defect or "no defect", f"{verdict}: expected {rule}, broken {spoke}")
            if not outcome.as_it_should_be:
                _say("\n".join(outcome.lines))
    finally:
        right = len(outcomes) == len(names) + 1 and all(one.as_it_should_be for one in outcomes)
        campaign.close(keep=not right)
    for rule in sorted(uncovered()):
        _say(f"no defect is planted for rule {rule}")
    return 0 if right and not uncovered() else 1


def _campaign(seed: int, *, short: bool) -> dict[str, Any]:
    """One seed's figures; `wrong` is empty when all was well."""
    campaign = Campaign(seed, say=_say, pause_s=0.05 if short else 0.1)
    report: dict[str, Any] = {}
    try:
        report = campaign.report(*_live(campaign, random.Random(seed), short=short))
    except (NotReadyError, RefusedError, EmbeddedError, httpx.HTTPError) as e:
        report = campaign.report(None, 0)
        report["wrong"].append(f"the campaign could not go on: {type(e).__name__}: {e}")
    finally:
        campaign.close(keep=not report or bool(report["wrong"]))
    if report["wrong"]:
        again = f"replay: {sys.executable} -m tests.faults --first {seed}{' --short' if short else ''}"
        _say("\n".join([f"seed {seed} is wrong:", *report["wrong"], again, f"logs: {campaign.house.logs}"]))
    else:
        figures = f"{report['orders']} orders, {report['deliveries']} deliveries, {report['seconds']} s in all"
        _say(f"seed {seed:>3} right after {report['settled_after_s']} s: {figures}")
    return report


def _live(campaign: Campaign, chance: random.Random, *, short: bool) -> tuple[Found, float]:
    """The campaign from its beginning to its rest."""
    campaign.begin()
    campaign.open_shops(ORDERS_AT_FIRST)
    campaign.load()
    campaign.live(1)
    leaping = short or campaign.seed % PATIENT_EVERY != 0
    names = [name for name in (SHORT if short else FAULTS) if leaping or name != LEAP]
    chance.shuffle(names)
    for name in names:
        campaign.strike(name, chance)
        campaign.live(0.2 if short else GAP_S * chance.uniform(0.4, 1.6))
    return campaign.settle(leaping=leaping)


def _summary(reports: list[dict[str, Any]], *, written: bool) -> None:
    totals = {
        "seeds": len(reports),
        "wrong": [report["seed"] for report in reports if report["wrong"]],
        "seconds": round(sum(report["seconds"] for report in reports)),
        "kills": sum(sum(report["kills"].values()) for report in reports),
        "longest_settling_s": max(report["settled_after_s"] for report in reports),
        **{name: sum(r[name] for r in reports) for name in ("faults", "orders", "deliveries", "facts", "calls")},
    }
    _say("\n".join(f"{name.replace('_', ' '):<20} {value}" for name, value in totals.items()))
    if written:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.json"
        path.write_text(json.dumps({**totals, "campaigns": reports}, indent=1) + "\n", encoding="utf-8")
        _say(f"written to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
