"""What the contents of tables mean: functions, products of pairs, logic."""
