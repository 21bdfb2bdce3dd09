"""The rule of the chain: what a fact's hash is made of, and how a row that breaks it is found.

An auditor can write this anew from docs/ledger.md: SHA-256 over canonical JSON (sorted names, no blanks, UTF-8).
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

from pydantic import AwareDatetime, BeforeValidator, PlainSerializer

from app.domain.value import Value

GENESIS = bytes(32)
"""The predecessor of a store's first fact."""
_FACT = b"idealo-bridge fact 1\n"
_BUYER = b"idealo-bridge buyer 1\n"
# One purpose per prefix: a hash made for one thing can never pass for another.


class NotCanonical(ValueError):
    """A value that has more than one spelling in JSON; facts are made of texts, whole numbers, booleans and null."""


def canonical(value: object) -> bytes:
    """JSON with sorted names and no blanks, UTF-8. Raises NotCanonical for numbers with a fraction."""
    _refuse_fractions(value)
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    except (TypeError, UnicodeEncodeError) as e:
        raise NotCanonical(str(e)) from e


def _refuse_fractions(value: object) -> None:
    if isinstance(value, float):
        raise NotCanonical(f"{value!r} is a number with a fraction; money is written as text")
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_fractions(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_fractions(inner)


def hash_of_data(data: Mapping[str, Any]) -> bytes:
    """SHA-256 of a fact's data. It stays when retention takes the data away. Raises NotCanonical."""
    return hashlib.sha256(canonical(data)).digest()


def _from_hex(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    read = bytes.fromhex(value)
    if len(read) != 32:
        raise ValueError("is no SHA-256")
    return read


Hash = Annotated[bytes, BeforeValidator(_from_hex), PlainSerializer(bytes.hex, return_type=str)]
"""32 bytes; hex in JSON."""


class Fact(Value):
    """What the chain protects of an event. Hashes are 32 bytes; bookkeeping and attempts stand outside."""

    store_id: str
    chain_no: int
    idealo_order_id: str
    type: str
    key: str
    found_by: str
    recorded_at: AwareDatetime
    commitment: bytes | None
    data_hash: bytes
    previous_hash: bytes


def hash_of_fact(fact: Fact) -> bytes:
    """SHA-256 over everything a fact says, its data's hash and its predecessor's hash."""
    content = {
        "chain_no": fact.chain_no,
        "commitment": fact.commitment.hex() if fact.commitment else None,
        "data_hash": fact.data_hash.hex(),
        "found_by": fact.found_by,
        "idealo_order_id": fact.idealo_order_id,
        "key": fact.key,
        "previous_hash": fact.previous_hash.hex(),
        "recorded_at": spelt(fact.recorded_at),
        "store_id": fact.store_id,
        "type": fact.type,
    }
    return hashlib.sha256(_FACT + canonical(content)).digest()


def spelt(moment: datetime) -> str:
    """A moment in UTC with six digits of a second, as Postgres keeps it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def commitment_to(buyer: Mapping[str, Any], salt: bytes) -> bytes:
    """HMAC-SHA-256 over who bought; without the salt, which erasure destroys, nobody can guess their way back."""
    return hmac.new(salt, _BUYER + canonical(buyer), hashlib.sha256).digest()


class Row(Value):
    """A fact as an export or the database shows it: `data` empty where `reduced`, `hash` as it was written."""

    event_id: int
    fact: Fact
    data: dict[str, Any]
    reduced: bool
    hash: bytes


class Shown(Protocol):
    """An event as an export or the database shows it; besides these it has every field of a Fact."""

    @property
    def event_id(self) -> int: ...

    @property
    def data(self) -> dict[str, Any]: ...

    @property
    def reduced_at(self) -> datetime | None: ...

    @property
    def hash(self) -> bytes: ...


def row_of(shown: Shown) -> Row:
    """What of it the chain protects."""
    fact = Fact.model_validate(shown, from_attributes=True)
    return Row(
        event_id=shown.event_id, fact=fact, data=shown.data, reduced=shown.reduced_at is not None, hash=shown.hash
    )


class Break(Value):
    """The first row that does not hold."""

    store_id: str
    chain_no: int
    event_id: int | None
    what: str

    def __str__(self) -> str:
        row = "" if self.event_id is None else f" (event {self.event_id})"
        return f"store {self.store_id}, fact {self.chain_no}{row}: {self.what}"


class Stretch:
    """The rows of one store seen so far; add them in the order of the chain. `whole`: the first one must be fact 1."""

    def __init__(self, store_id: str, *, whole: bool = False) -> None:
        self.store_id = store_id
        self._whole = whole
        self.first = self.last = 0
        self.head = GENESIS
        self.reduced = self.committed = 0
        self.recorded: list[datetime] = []
        """First and last moment."""

    def add(self, row: Row) -> Break | None:
        """Takes the next row, or says what is wrong with it; after a break nothing that follows can be trusted."""
        what = next(self._faults(row), None)
        if what is not None:
            missing = row.fact.chain_no > self.last + 1 and self._continues
            number, event_id = (self.last + 1, None) if missing else (row.fact.chain_no, row.event_id)
            return Break(store_id=self.store_id, chain_no=number, event_id=event_id, what=what)
        self.first = self.first or row.fact.chain_no
        self.last, self.head = row.fact.chain_no, row.hash
        self.reduced += row.reduced
        self.committed += row.fact.commitment is not None
        self.recorded = [self.recorded[0] if self.recorded else row.fact.recorded_at, row.fact.recorded_at]
        return None

    @property
    def _continues(self) -> bool:
        return self._whole or bool(self.last)

    def _faults(self, row: Row) -> Iterator[str]:
        fact = row.fact
        if fact.store_id != self.store_id:
            yield f"belongs to store {fact.store_id}"
        if fact.chain_no < 1:
            yield "facts are counted from 1"
        if self._continues and fact.chain_no > self.last + 1:
            through = f" to {fact.chain_no - 1}" if fact.chain_no > self.last + 2 else ""
            yield f"facts {self.last + 1}{through} are missing" if through else "this fact is missing"
        if self.last and fact.chain_no <= self.last:
            yield f"stands behind fact {self.last}: shown twice, or out of order"
        if row.reduced and row.data:
            yield "is marked as reduced and still shows data"
        if not row.reduced and not _data_holds(row):
            yield "its data is not what was recorded"
        if hash_of_fact(fact) != row.hash:
            yield "what it says does not match its hash: its order, type, key, finder, time or a hash was changed"
        expected = self.head if self.last else GENESIS if fact.chain_no == 1 else fact.previous_hash
        if fact.previous_hash != expected:
            yield f"does not continue fact {fact.chain_no - 1}: one of the two was replaced"


def _data_holds(row: Row) -> bool:
    try:
        return hash_of_data(row.data) == row.fact.data_hash
    except NotCanonical:
        return False
