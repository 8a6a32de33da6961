"""The figures of the overview, made of the service's answers: each with its pictures and its table."""
