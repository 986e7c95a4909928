"""Expression to graph: precision, normal forms, tables, decisions."""
