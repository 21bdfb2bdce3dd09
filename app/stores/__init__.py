"""One folder per store kind; no folder knows another."""
