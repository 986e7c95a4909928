"""What a candidate may be: operators, tokens, rules, units."""
