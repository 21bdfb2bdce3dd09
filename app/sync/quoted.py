"""Shops quote what they are sent. What they say goes on record without the words of who bought."""

from app.domain.buyer import Buyer
from app.ledger.records import BuyerRecord
from app.sync.deps import Deps
from app.sync.erase import open_buyer
from app.wire.masking import without
from app.wire.vault import SealBrokenError, Vault

LEFT_OUT = "the shop refused, and its words are left out, as the buyer was erased; look at the order in the shop"


async def discreet(deps: Deps, order_id: int, *texts: str, refused: bool) -> list[str]:
    """The texts without the words of the order's buyer.

    Once the buyer is erased nobody knows which words are theirs: then nothing stays of what a shop `refused` with.
    """
    async with deps.statements() as ledger:
        record = await ledger.buyer(order_id)
    buyer = _opened(deps.vault, record) if record else None
    if buyer is None:
        return [LEFT_OUT if refused else text for text in texts]
    words = buyer.words()
    return [without(text, words) for text in texts]


def _opened(vault: Vault, record: BuyerRecord) -> Buyer | None:
    try:
        content, _ = open_buyer(vault, record)
    except SealBrokenError:
        return None
    return Buyer.model_validate(content) if content else None
