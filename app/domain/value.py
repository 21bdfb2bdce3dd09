"""The frozen base of every value that crosses a module border."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Immutable, compared by content, refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
