"""Check a ledger row by row: an export without any database, or the database itself; name the first row that breaks."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, ConfigDict, ValidationError

from app.domain.chain import Break, Hash, Row, Stretch, canonical, row_of, spelt
from app.domain.value import Value
from app.ledger.records import HeadRecord
from app.ledger.views import ExportedEvent, Views
from app.sync.deps import Deps
from app.wire.ed25519 import sign, signed

_HEAD = b"idealo-bridge head 1\n"
LONGEST_LINE = 16 * 1024 * 1024


class Unverifiable(Exception):
    """What was given to verify cannot be read as what it should be."""


class Head(Value):
    """Where a store's chain ended at a moment; meant to be kept outside, signed or not."""

    format: Literal["idealo-bridge head 1"] = "idealo-bridge head 1"
    store_id: str
    length: int
    hash: Hash
    noted_at: AwareDatetime
    signature: str | None = None
    """Base64, Ed25519 over `said()`."""

    def said(self) -> bytes:
        """The bytes that are signed."""
        content = {"hash": self.hash.hex(), "length": self.length, "noted_at": spelt(self.noted_at)}
        return _HEAD + canonical({**content, "store_id": self.store_id})


class Heads(Value):
    """A file of heads."""

    heads: tuple[Head, ...]


class _Line(Value):
    """A line of an export; what the chain does not protect may be there or not."""

    model_config = ConfigDict(extra="ignore")

    event_id: int
    store_id: str
    chain_no: int
    idealo_order_id: str
    type: str
    key: str
    data: dict[str, Any]
    found_by: str
    recorded_at: AwareDatetime
    reduced_at: AwareDatetime | None
    commitment: Hash | None
    data_hash: Hash
    previous_hash: Hash
    hash: Hash


class Held(Value):
    """A stretch of one store's chain in which every row holds."""

    store_id: str
    first: int
    last: int
    facts: int
    reduced: int
    """Whose content retention took away; their place, type, key and time are still proven."""
    committed: int
    recorded_from: AwareDatetime
    recorded_to: AwareDatetime
    head: Hash


class Verdict(Value):
    """What came out: everything holds, or the first thing that does not."""

    holds: bool
    wrong: str | None = None
    broken: Break | None = None
    stretches: tuple[Held, ...] = ()
    heads_met: int = 0
    notes: tuple[str, ...] = ()


_REDUCED = (
    "{} facts are reduced: their place in the chain holds, their content is gone. Retention does that to orders that "
    "are over for longer than BRIDGE_KEEP_EVENTS_DAYS; if you never set it, somebody else did"
)


class Checker:
    """Takes rows one after the other; heads are compared on the way."""

    def __init__(self, heads: Sequence[Head] = (), *, whole: bool = False) -> None:
        self._whole = whole
        self._stretches: dict[str, Stretch] = {}
        self._awaited: dict[tuple[str, int], list[Head]] = {}
        for head in heads:
            self._awaited.setdefault((head.store_id, head.length), []).append(head)
        self.heads_met = 0

    def add(self, row: Row) -> Break | None:
        store_id = row.fact.store_id
        stretch = self._stretches.setdefault(store_id, Stretch(store_id, whole=self._whole))
        if broken := stretch.add(row):
            return broken
        for head in self._awaited.pop((store_id, row.fact.chain_no), ()):
            if head.hash != row.hash:
                what = f"is not the fact that the head of {head.noted_at.isoformat()} names: the chain was written anew"
                return Break(store_id=store_id, chain_no=row.fact.chain_no, event_id=row.event_id, what=what)
            self.heads_met += 1
        return None

    def beyond(self, lengths: dict[str, int]) -> Break | None:
        """A fact that stands behind the end of its chain: it did not come in through the bridge."""
        for store_id, stretch in self._stretches.items():
            if stretch.last > (length := lengths.get(store_id, 0)):
                what = f"stands behind the end of the chain, which counts {length} facts: it was put in by hand"
                return Break(store_id=store_id, chain_no=length + 1, event_id=None, what=what)
        return None

    def verdict(self, broken: Break | None = None) -> Verdict:
        """What came out of the rows added so far, given the row that broke."""
        wrong = str(broken) if broken else self._unmet()
        return Verdict(
            holds=wrong is None,
            wrong=wrong,
            broken=broken,
            stretches=tuple(_held(stretch) for stretch in self._stretches.values() if stretch.last),
            heads_met=self.heads_met,
            notes=(_REDUCED.format(reduced),) if (reduced := sum(s.reduced for s in self._stretches.values())) else (),
        )

    def _unmet(self) -> str | None:
        for head in (head for heads in self._awaited.values() for head in heads):
            if head.length == 0:
                continue
            stretch = self._stretches.get(head.store_id)
            said = f"store {head.store_id}: the head of {head.noted_at.isoformat()} counts {head.length} facts"
            if stretch is None or not stretch.last:
                return f"{said}, and there is none of this store"
            if head.length > stretch.last:
                return f"{said}, these end at {stretch.last}: the end is cut off, or the export is older than the head"
            return f"{said}, these begin at {stretch.first}: they cannot be compared"
        return None


def _held(stretch: Stretch) -> Held:
    return Held(
        store_id=stretch.store_id,
        first=stretch.first,
        last=stretch.last,
        facts=stretch.last - stretch.first + 1,
        reduced=stretch.reduced,
        committed=stretch.committed,
        recorded_from=stretch.recorded[0],
        recorded_to=stretch.recorded[1],
        head=stretch.head,
    )


def verify_export(file: Path, heads: Sequence[Head] = (), store_id: str | None = None) -> Verdict:
    """Checks a file of NDJSON without settings or database. Raises Unverifiable where a line is no event."""
    checker = Checker(heads)
    for row in _rows_of(file):
        if store_id not in {None, row.fact.store_id}:
            continue
        if broken := checker.add(row):
            return checker.verdict(broken)
    verdict = checker.verdict()
    if verdict.holds and not verdict.stretches:
        return verdict.model_copy(update={"holds": False, "wrong": "there is no fact to verify"})
    return verdict.model_copy(update={"notes": (*verdict.notes, *_unsaid(verdict, heads))})


def _unsaid(verdict: Verdict, heads: Sequence[Head]) -> Iterator[str]:
    """What these facts alone cannot show."""
    if not heads:
        yield "a cut-off end, or a store left out, shows only beside a head that was kept elsewhere (--head)"
        return
    known = {head.store_id for head in heads}
    if without := [held.store_id for held in verdict.stretches if held.store_id not in known]:
        yield f"no head was given of {', '.join(without)}: a cut-off end would not show"


def _rows_of(file: Path) -> Iterable[Row]:
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(iter(lambda: lines.readline(LONGEST_LINE), b""), start=1):
                if line.strip():
                    yield _row_of(line, number)
    except OSError as e:
        raise Unverifiable(f"{file} cannot be read: {e.strerror}") from e


def _row_of(line: bytes, number: int) -> Row:
    try:
        return row_of(_Line.model_validate(json.loads(line, object_pairs_hook=_once)))
    except ValidationError as e:
        first = e.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "line"
        raise Unverifiable(f"line {number}: {place}: {first['msg']}; is it an export as NDJSON?") from e
    except (ValueError, RecursionError) as e:
        raise Unverifiable(f"line {number} is not JSON: {e}") from e


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that stands twice would show a reader one value and the check another."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def read_heads(file: Path) -> tuple[Head, ...]:
    """What `bridge ledger head --json` wrote. Raises Unverifiable."""
    try:
        return Heads.model_validate_json(file.read_bytes()).heads
    except OSError as e:
        raise Unverifiable(f"{file} cannot be read: {e.strerror}") from e
    except ValidationError as e:
        raise Unverifiable(f"{file} holds no heads as `bridge ledger head --json` writes them") from e


def check_signatures(heads: Sequence[Head], key_file: Path) -> str | None:
    """The first head whose signature is not of this key, said in a sentence. Raises KeyUnusable."""
    for head in heads:
        if head.signature is None or not signed(head.said(), head.signature, key_file):
            what = "carries no signature" if head.signature is None else "was not signed with this key, or was changed"
            return f"store {head.store_id}: the head of {head.noted_at.isoformat()} {what}"
    return None


def as_head(record: HeadRecord, key_file: Path | None = None) -> Head:
    """A head to be kept elsewhere, signed where there is a key. Raises KeyUnusable."""
    head = Head(**record.model_dump())
    return head.model_copy(update={"signature": sign(head.said(), key_file)}) if key_file else head


async def verify_ledger(deps: Deps, store_id: str | None = None, heads: Sequence[Head] = ()) -> Verdict:
    """Checks the database itself, page by page, against the ends of its chains and every daily head it has noted."""
    async with deps.statements() as ledger:
        own = [*await ledger.heads(deps.now(), store_id), *await ledger.noted_heads(store_id=store_id)]
    checker = Checker([*(as_head(record) for record in own), *heads], whole=True)
    async for page in _pages(deps, store_id):
        for event in page:
            if broken := checker.add(row_of(event)):
                return checker.verdict(broken)
    async with deps.statements() as ledger:
        ends = {head.store_id: head.length for head in await ledger.heads(deps.now(), store_id)}
    return checker.verdict(checker.beyond(ends))


async def _pages(deps: Deps, store_id: str | None) -> AsyncIterator[list[ExportedEvent]]:
    async with deps.statements() as ledger:
        parts = await Views(ledger).parts(store_id, None, None)
    for part in parts:
        first = part.first
        while first <= part.last:
            async with deps.statements() as ledger:
                rest = part.model_copy(update={"first": first})
                page = await Views(ledger).exported(rest, attempts=False)
            yield page
            first = page[-1].chain_no + 1 if page else part.last + 1
