"""The same job by other tools: the network in hls4ml and da4ml, and quantised networks."""
