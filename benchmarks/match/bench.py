"""A service under load: where it is, what it is asked, and which queries have been asked already."""

from dataclasses import dataclass

from benchmarks.match import load
from benchmarks.match.load import Outcome, Plan
from benchmarks.match.population import Population
from benchmarks.match.residence import Service

WARM_RATE = 100.0


@dataclass(slots=True)
class Bench:
    """Loads follow one another through the queries, so that none is asked twice before all were."""

    service: Service
    population: Population
    connections: int
    next_query: int = 0

    def load(self, rate: float, seconds: float, first: int | None = None) -> Outcome:
        """Ask at a rate for so long, from the query `first` or from where the last load ended."""
        begin = self.next_query if first is None else first
        plan = Plan(
            self.service.host,
            self.service.port,
            rate,
            seconds,
            first=begin % len(self.population.queries),
            connections=self.connections,
        )
        if first is None:
            self.next_query += plan.call_count
        return load.run(plan, self.population.queries)

    def warm(self, seconds: float) -> None:
        self.load(WARM_RATE, seconds)
