"""Tables and plots of what designs are and cost, and the template of the report."""
