"""The service is killed, its servers fail or hang, at every point of its writes; nothing is torn or lost."""
