"""A store as an operator enters it: checked field by field against its kind, turned into what is kept."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from app.api.errors import ApiError, FieldError, field_errors, invalid
from app.api.fields import Address, Body, Secret, Short, faults_in, web_address
from app.domain.settings import StoreSettings
from app.idealo import BASE_URLS
from app.ports import StoreAdapter
from app.registry import ADAPTERS
from app.sync.connect import NewStore, idealo_keys
from app.sync.keys import IdealoKeys, StoreKeys, new_webhook_secret

EXAMPLE: dict[str, Any] = {
    "kind": "woocommerce",
    "name": "Shoe shop",
    "credentials": {
        "base_url": "https://shop.example",
        "consumer_key": "ck_0123456789abcdef",
        "consumer_secret": "cs_0123456789abcdef",
    },
    "idealo": {"client_id": "4a1c…", "client_secret": "9f2e…", "environment": "production"},
    "settings": {"on_buyer_cancellation": "ask"},
}


class IdealoEntry(Body):
    """The idealo credential pair of the shop, and where idealo answers."""

    client_id: Short
    client_secret: Secret
    environment: Literal["production", "sandbox"] | None = Field(
        default=None, description="idealo's own; `production` where neither this nor base_url is given"
    )
    base_url: Annotated[Address | None, Field(description="instead of environment: another place that answers")] = None

    def keys(self) -> IdealoKeys:
        if self.environment is not None and self.base_url is not None:
            raise invalid("idealo", "environment and base_url are both given", "keep one of the two")
        return idealo_keys(
            self.client_id, self.client_secret, self.base_url or BASE_URLS[self.environment or "production"]
        )


class StoreEntry(Body):
    """A store to connect."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    kind: Short = Field(description="one of GET /admin/v1/store-kinds")
    name: Short
    credentials: dict[str, Any] = Field(description="per kind; see /admin/v1/store-kinds")
    idealo: IdealoEntry
    settings: dict[str, Any] = Field(default_factory=dict, description="per kind; see /admin/v1/store-kinds")
    webhook_secrets: list[Secret] | None = Field(
        default=None, min_length=1, max_length=2, description="secrets that already exist, newest first"
    )


class StorePatch(Body):
    """What changes; what is not given stays, within credentials and settings as well. Null there is back to default."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Shoes", "settings": {"report_shipment": "when_complete"}}]}
    )

    name: Short | None = None
    credentials: dict[str, Any] | None = None
    idealo: IdealoEntry | None = None
    settings: dict[str, Any] | None = None


def adapter_of(kind: str) -> type[StoreAdapter]:
    """Raises ApiError 422 for a kind nobody serves."""
    adapter = ADAPTERS.get(kind)
    if adapter is None:
        raise invalid("kind", f"there is no kind {kind!r}", f"enter one of: {', '.join(sorted(ADAPTERS))}")
    return adapter


def new_store(entry: StoreEntry) -> NewStore:
    """What to keep. Raises ApiError 422 naming every field that is not valid."""
    adapter = adapter_of(entry.kind)
    errors: list[FieldError] = []
    credentials = checked_credentials(adapter, entry.credentials, errors)
    settings = checked_settings(adapter, entry.settings, errors)
    refuse_if(errors)
    keys = StoreKeys(
        credentials=credentials,
        idealo=entry.idealo.keys(),
        webhook_secrets=tuple(dict.fromkeys(entry.webhook_secrets or (new_webhook_secret(),))),
    )
    return NewStore(kind=entry.kind, name=entry.name, keys=keys, settings=settings)


def merged(adapter: type[StoreAdapter], keys: StoreKeys, patch: StorePatch) -> StoreKeys | None:
    """The keys after a change; None when it touches none. Raises ApiError 422."""
    if patch.credentials is None and patch.idealo is None:
        return None
    errors: list[FieldError] = []
    credentials = keys.credentials
    if patch.credentials is not None:
        credentials = checked_credentials(adapter, merge(keys.credentials, patch.credentials), errors)
    refuse_if(errors)
    idealo = patch.idealo.keys() if patch.idealo else keys.idealo
    return keys.model_copy(update={"credentials": credentials, "idealo": idealo})


def merge(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What is given replaces, null takes away."""
    return {name: value for name, value in {**old, **new}.items() if value is not None}


def checked_credentials(adapter: type[StoreAdapter], given: dict[str, Any], errors: list[FieldError]) -> dict[str, str]:
    """The credentials as the vault keeps them; what is wrong is added to `errors`."""
    model = _model(adapter.Credentials, given, "credentials", errors)
    if model is None:
        return {}
    texts = {name: _text(value) for name in type(model).model_fields if (value := getattr(model, name)) is not None}
    if "base_url" in texts:
        try:
            web_address(texts["base_url"])
        except ValueError as e:
            errors.append(FieldError(field="credentials.base_url", message=str(e), advice="correct it"))
    return texts


def checked_settings(adapter: type[StoreAdapter], given: dict[str, Any], errors: list[FieldError]) -> dict[str, Any]:
    """The settings that differ from the defaults, as they are kept; what is wrong is added to `errors`."""
    model = _model(adapter.Settings, given, "settings", errors)
    return model.model_dump(mode="json", exclude_unset=True) if model else {}


def all_settings(adapter: type[StoreAdapter], kept: dict[str, Any]) -> dict[str, Any]:
    """The settings in force, defaults included."""
    settings: StoreSettings = adapter.Settings.model_validate(kept)
    return settings.model_dump(mode="json")


def refuse_if(errors: list[FieldError]) -> None:
    if errors:
        detail = "; ".join(f"{error.field}: {error.message}" for error in errors[:5])
        raise ApiError(422, detail, errors=errors)


def _model(wanted: type[BaseModel], given: dict[str, Any], place: str, errors: list[FieldError]) -> BaseModel | None:
    fault = faults_in(given, place)
    if fault:
        field, _, message = fault.partition(": ")
        errors.append(FieldError(field=field, message=message, advice="correct it"))
        return None
    try:
        return wanted.model_validate(given)
    except ValidationError as e:
        errors += field_errors(e.errors(include_url=False, include_input=False), f"{place}.")
        return None


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value).lower() if isinstance(value, bool) else str(value)
