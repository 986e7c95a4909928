"""Room: `hwcost`."""
