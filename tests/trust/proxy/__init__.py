"""A network that misbehaves, between the service and everything that it talks to."""
