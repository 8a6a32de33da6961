"""How fast intake is beside 100,000 records, and how right: Route under an open load, and a routed import."""
