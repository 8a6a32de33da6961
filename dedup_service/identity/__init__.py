"""Who is calling: bearer tokens of an OpenID provider, client certificates, and the principals known."""
