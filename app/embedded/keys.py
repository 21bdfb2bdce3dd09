"""The secrets an embedded installation makes for itself once, kept in the data directory for its owner only."""

import base64
import json
import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from app.embedded.place import Place, advised
from app.embedded.process import EmbeddedError


class Keys(BaseModel):
    """What `keys.json` holds. Losing the master key makes stored credentials and addresses unreadable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    master_key: SecretStr
    jwt_secret: SecretStr
    postgres_password: SecretStr
    redis_password: SecretStr


def load_keys(place: Place) -> Keys:
    """The keys of this data directory, made at its first start.

    Raises:
        EmbeddedError: the file is unreadable, or gone although a database exists (new keys would not open it).
    """
    path = place.data_dir / "keys.json"
    cluster = place.servers_dir / "postgres"
    if not path.exists():
        if cluster.exists():
            raise EmbeddedError(
                f"{path} is missing, {cluster} needs it: put it back, or remove {cluster} to start empty"
            )
        return _make(path)
    with advised("reading the keys", path):
        path.chmod(0o600) if path.stat().st_uid == os.geteuid() else None
        text = path.read_text(encoding="utf-8")
    try:
        return Keys.model_validate_json(text)
    except ValidationError:  # its text would quote the file
        raise EmbeddedError(f"{path} is damaged: put its backup back") from None


def _make(path: Path) -> Keys:
    made = {
        "master_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "jwt_secret": secrets.token_urlsafe(48),
        "postgres_password": secrets.token_urlsafe(24),
        "redis_password": secrets.token_urlsafe(24),
    }
    with advised("writing the keys", path):
        write_private(path, json.dumps(made, indent=2) + "\n")
    return Keys.model_validate(made)


def write_private(path: Path, text: str) -> None:
    """Writes a file of mode 600, whole or not at all, also across a power cut."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
