"""`bridge up`: servers, migrations, sandbox, API and worker as one thing that starts, heals and stops together."""

from app.supervisor.house import OnReady, Running, run
from app.supervisor.network import StartError

__all__ = ["OnReady", "Running", "StartError", "run"]
