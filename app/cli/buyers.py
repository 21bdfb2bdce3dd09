"""bridge buyers: show, erase."""

from typing import Annotated

import typer

from app.api.state import ApiState
from app.cli.output import cell, print_json, say
from app.cli.session import AsJson, actor, fail, with_bridge
from app.ledger.records import OrderRecord
from app.ledger.views import OrderFilter, Views
from app.sync.erase import Erasure, ShownBuyer, StillNeededError, erase, show_buyer

app = typer.Typer(help="Who bought: the only personal data there is.", no_args_is_help=True)
Order = Annotated[str, typer.Option("--order", help="idealo's order id, or our id.")]
Store = Annotated[str | None, typer.Option(help="Id of the store, where two have an order of that id.")]


@app.command("show")
def show(order: Order, store: Store = None, *, as_json: AsJson = False) -> None:
    """What is kept of a buyer, for a request of access; that somebody looked stands in the log."""

    async def read(api: ApiState) -> ShownBuyer:
        return await show_buyer(api.deps, await order_of(api, order, store), actor())

    shown = with_bridge(read)
    if as_json:
        print_json(shown)
        return
    if shown.buyer is None:
        gone = f"erased on {cell(shown.erased_at)} by {shown.erased_by}" if shown.erased_at else "never readable"
        say(f"idealo order {shown.idealo_order_id}: {gone}{f': {shown.erase_reason}' if shown.erase_reason else ''}")
        return
    print_json(shown.buyer)


@app.command("erase")
def erase_buyer(
    order: Order,
    reason: Annotated[str, typer.Option(help="Why; goes on record with this user's name, so no personal data.")],
    store: Store = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy a buyer's data for good; the books stay as they are and verify as before."""
    said = reason.strip()
    if not said or len(said) > 500 or "\0" in said:
        raise typer.BadParameter("--reason must say why, in at most 500 characters")
    if not yes:
        typer.confirm(f"Erase the buyer of order {order} for good?", abort=True, err=True)

    async def work(api: ApiState) -> Erasure | StillNeededError:
        found = await order_of(api, order, store)
        try:
            return await erase(api.deps, found, actor(), said)
        except StillNeededError as e:
            return e

    done = with_bridge(work)
    if isinstance(done, StillNeededError):
        fail(str(done))
    if as_json:
        print_json(done)
        return
    before = "" if done.done else "was erased before: "
    say(f"idealo order {done.idealo_order_id}: {before}{cell(done.erased_at)} by {done.erased_by}: {done.reason}")


async def order_of(api: ApiState, order: str, store: str | None) -> OrderRecord:
    """The order of this idealo id, or of our id. Ends the command when there is none, or more than one."""
    which = OrderFilter(idealo_order_id=order, store_id=store)
    async with api.deps.statements() as ledger:
        found = [one.id for one in (await Views(ledger).orders(which, 2)).items]
        if len(found) > 1:
            fail(f"several stores have an order {order!r}: name one with --store")
        if not found and order.isdecimal() and len(order) < 19:
            found = [int(order)]
        record = await ledger.order(found[0]) if found else None
    if record is None or store not in {None, record.store_id}:
        fail(f"there is no order {order!r}")
    return record
