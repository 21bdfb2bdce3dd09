"""Postgres and a Redis-compatible server of our own, from wheels, for `make up` and the tests."""

from app.embedded.place import EmbeddedError
from app.embedded.servers import EmbeddedServers, environment_of_running

__all__ = ["EmbeddedError", "EmbeddedServers", "environment_of_running"]
