"""How bytes travel: HTTP, signatures, sealing; no business words."""
