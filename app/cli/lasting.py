"""api and worker: they last for weeks, so they carry nothing of what the other commands are made of."""

import importlib.util
from collections.abc import Callable

from app.config import load_settings


def api() -> None:
    """Serve the webhook door, the admin API, the console and /metrics."""
    import uvicorn

    from app.log import configure_logging
    from app.main import create_app

    settings = load_settings()
    configure_logging(settings.log_format)
    uvicorn.run(
        create_app(),
        host=settings.api_host,
        port=settings.api_port,
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )


def worker() -> None:
    """Poll both sides, look at orders, settle events. Start as many as you like."""
    from app.log import configure_logging
    from workers.main import run

    settings = load_settings()
    configure_logging(settings.log_format)
    run(settings)


LASTING: dict[str, Callable[[], None]] = {"api": api, "worker": worker}
"""Commands that become a process of an installation."""
