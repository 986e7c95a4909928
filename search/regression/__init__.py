"""One target of a regression, by any method, on one machine or a cluster."""
