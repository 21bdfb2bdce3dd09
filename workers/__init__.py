"""Background work: arq rings, the use cases in app.sync do."""
