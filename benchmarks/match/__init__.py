"""How fast a Match is beside a million residents: an open-loop load on the service as shipped."""
