"""The peers, each a script of its own: who is this one record, beside so many residents."""
