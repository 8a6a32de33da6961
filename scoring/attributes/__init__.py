"""One module an attribute: how its values are normalised, and how two of them compare."""
