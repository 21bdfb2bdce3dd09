"""idealo's Merchant Order API v2 as a state machine with knobs, scenarios and a wire format of its own."""
