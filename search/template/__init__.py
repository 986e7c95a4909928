"""Search for the functions of a template, all of them on the loss of the whole."""
