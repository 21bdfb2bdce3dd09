"""Makes the files under `secrets/` that `compose.yaml` mounts; a complete folder is kept.

Compose mounts secrets with their owner and mode of this host, and the processes in the containers are other users: the
files are readable, the folder around them is for its owner only.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "secrets"


def main() -> int:
    if (FOLDER / "valkey_conf").exists():
        print("make: secrets/ is complete; to change one, edit its file and restart", file=sys.stderr)
        return 0
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    FOLDER.chmod(0o700)
    postgres, valkey = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    for name, text in (
        ("postgres_password", postgres),
        ("database_url", f"postgresql://bridge:{postgres}@postgres:5432/bridge"),
        ("redis_url", f"redis://:{valkey}@valkey:6379/0"),
        ("master_keys", base64.urlsafe_b64encode(os.urandom(32)).decode()),
        ("jwt_secret", secrets.token_urlsafe(48)),
        # Last: its presence says that the others are there.
        ("valkey_conf", f"requirepass {valkey}\nappendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\n"),
    ):
        (FOLDER / name).write_text(text)
        (FOLDER / name).chmod(0o644)
    print("make: secrets/ made; keep a copy of secrets/master_keys: credentials cannot be opened without it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
