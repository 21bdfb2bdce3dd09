"""The fault campaign: real processes under load, everything breaks in turn, then everything must be right."""
