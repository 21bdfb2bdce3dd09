"""What a fake store keeps: tables of things, counters and switches, and which documents of them changed."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from sandbox.stores.switches import Switches

if TYPE_CHECKING:
    from sandbox.world import World

Options = TypeVar("Options", bound=Switches)
Event = TypeVar("Event")


class Kept(ABC, Generic[Options, Event]):
    """Things are changed in place and then `touch`ed; each is a document named by its class and id (`order/17`)."""

    counted: ClassVar[tuple[str, ...]] = ("counters",)
    """Attributes that are plain dicts and documents of their own."""
    text_ids: ClassVar[frozenset[str]] = frozenset()
    """Tables whose ids are text; those of all others are numbers."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.clear()

    @abstractmethod
    def clear(self) -> None:
        """The store as freshly installed; begins with `_empty`."""

    @abstractmethod
    def _tables(self) -> Mapping[str, dict[Any, Any]]:
        """The tables by the names their documents have."""

    @abstractmethod
    def _thing(self, table: str, document: Any) -> Any:
        """A thing from its document."""

    def _document_of(self, thing: Any) -> Any:
        """The document of a thing."""
        return thing.model_dump(mode="json")

    def _empty(self, options: Options) -> None:
        self.options = options
        self.counters: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._events: list[Event] = []

    def now(self) -> datetime:
        """The sandbox's time in whole seconds, as stores keep and show it."""
        return self.world.now().replace(microsecond=0)

    def touch(self, thing: Any) -> None:
        """Say that a thing changed, or is gone."""
        self._dirty.add(f"{type(thing).__name__.lower()}/{thing.id}")

    def set_options(self, options: Options) -> None:
        """Take over new switches."""
        self.options = options
        self._dirty.add("options")

    def turn(self, values: dict[str, Any]) -> None:
        """Change some switches; SandboxRefusal (422) names one that does not fit."""
        self.set_options(self.options.changed(values))

    def forget_events(self) -> None:
        """Drop the webhook events that wait: a store's first catalogue tells nobody."""
        self._events.clear()

    def changes(self) -> dict[str, Any | None]:
        """Documents changed since the last call, None for deleted ones."""
        changed = {name: self._document(name) for name in sorted(self._dirty)}
        self._dirty.clear()
        return changed

    def _document(self, name: str) -> Any | None:
        if name == "options":
            return self.options.model_dump(mode="json")
        if name in self.counted:
            return dict(getattr(self, name))
        table, _, key = name.partition("/")
        thing = self._tables()[table].get(self._id(table, key))
        return None if thing is None else self._document_of(thing)

    def restore(self, documents: Mapping[str, Any]) -> None:
        """Take over documents kept earlier; nothing of it counts as changed."""
        if not documents:
            return
        self.clear()
        tables = self._tables()
        for name in sorted(documents, key=_by_id):
            table, _, key = name.partition("/")
            if name == "options":
                self.options = type(self.options).model_validate(documents[name])
            elif name in self.counted:
                setattr(self, name, dict(documents[name]))
            else:
                tables[table][self._id(table, key)] = self._thing(table, documents[name])
        self._dirty.clear()
        self._events.clear()

    def _id(self, table: str, key: str) -> int | str:
        return key if table in self.text_ids else int(key)


def _by_id(name: str) -> tuple[str, int, str]:
    table, _, key = name.partition("/")
    return table, int(key) if key.isdecimal() else 0, key
