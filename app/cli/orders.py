"""bridge orders: list, show."""

from typing import Annotated

import typer

from app.api.state import ApiState
from app.cli.output import cell, print_json, print_table, say
from app.cli.session import AsJson, fail, with_bridge
from app.domain.errors import Problem
from app.ledger.views import ORDER_STATES, EventView, OrderDetail, OrderFilter, OrderView, Page, Views

app = typer.Typer(help="Orders and their timelines.", no_args_is_help=True)


@app.command("list")
def list_orders(
    state: Annotated[str | None, typer.Option(help=f"One of {', '.join(ORDER_STATES)}.")] = None,
    problem: Annotated[str | None, typer.Option(help=f"One of {', '.join(Problem)}.")] = None,
    store: Annotated[str | None, typer.Option(help="Id of the store.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """Newest first."""
    if state is not None and state not in ORDER_STATES:
        raise typer.BadParameter(f"{state!r} is no state; choose from {', '.join(ORDER_STATES)}")
    if problem is not None and problem not in list(Problem):
        raise typer.BadParameter(f"{problem!r} is no problem; choose from {', '.join(Problem)}")
    which = OrderFilter.model_validate({"state": state, "problem": problem, "store_id": store})

    async def read(api: ApiState) -> Page[OrderView]:
        async with api.deps.statements() as ledger:
            return await Views(ledger).orders(which, limit)

    page = with_bridge(read)
    if as_json:
        print_json(page)
        return
    heads = ("ID", "IDEALO ORDER", "STORE ORDER", "STATE", "PROBLEMS", "PLACED", "GROSS")
    print_table(
        heads,
        [
            (o.id, o.idealo_order_id, o.store_order_number, o.state, o.problems or None, o.placed_at, _money(o))
            for o in page.items
        ],
        "no order",
    )


def _money(order: OrderView) -> str | None:
    return None if order.gross is None else f"{order.gross} {order.currency}"


@app.command("show")
def show_order(order: str, *, as_json: AsJson = False) -> None:
    """One order with its timeline; ORDER is our id, idealo's order id or the store's order number."""

    async def read(api: ApiState) -> OrderDetail | None:
        async with api.deps.statements() as ledger:
            views = Views(ledger)
            for which in (OrderFilter(idealo_order_id=order), OrderFilter(store_order_number=order)):
                found = (await views.orders(which, 2)).items
                if len(found) == 1:
                    return await views.timeline(found[0].id)
            return await views.timeline(int(order)) if order.isdecimal() and len(order) < 19 else None

    detail = with_bridge(read)
    if detail is None:
        fail(f"there is no order {order!r}")
    if as_json:
        print_json(detail)
    else:
        _print(detail)


def _print(order: OrderDetail) -> None:
    say(f"order {order.id}: {order.state}{f' ({cell(order.problems)})' if order.problems else ''}")
    say(f"  idealo {order.idealo_order_id}, store {order.store_order_number or '-'}, placed {cell(order.placed_at)}")
    say(f"  paid {order.paid} {order.currency or ''} by {order.payment_method or '-'}, refunded {order.refunded}\n")
    heads = ("SKU", "TITLE", "ORDERED", "SHIPPED", "CANCELLED", "RETURNED")
    rows = [(line.sku, line.title, line.ordered, line.shipped, line.cancelled, line.returned) for line in order.lines]
    print_table(heads, rows, "no lines")
    say("")
    for event in order.timeline:
        print_event(event)


def print_event(event: EventView) -> None:
    """An event and its attempts, as in a timeline."""
    problem = f" ({event.problem})" if event.problem else ""
    say(f"{cell(event.recorded_at)}  #{event.id} {event.type} {event.key}  {event.state}{problem}  by {event.found_by}")
    for attempt in event.attempts:
        action = f"{attempt.action['name']} " if attempt.action else ""
        say(f"    {attempt.number}. {action}{attempt.outcome} by {attempt.actor}: {attempt.detail}")
