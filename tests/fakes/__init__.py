"""Stand-ins at the wire."""
