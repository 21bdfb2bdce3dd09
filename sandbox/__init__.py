"""A faithful idealo and fake stores with fault switches, served by HTTP or in process; knows nothing of the bridge."""
