"""Values and pure functions of the field; imports nothing else of the project."""
