"""What a Prometheus server would get from an endpoint, by asking it over HTTP."""

import asyncio
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

TIMEOUT_SECONDS = 10.0

Labels = tuple[tuple[str, str], ...]


class Scrape:
    """One answer of an endpoint."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.kinds: dict[str, str] = {}
        self.series: dict[str, dict[Labels, float]] = {}
        for family in text_string_to_metric_families(text):
            # The parser takes the end off a counter's name.
            self.kinds[f"{family.name}_total" if family.type == "counter" else family.name] = family.type
            for sample in family.samples:
                self.series.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value

    def value(self, series: str, **labels: str) -> float:
        """The value of one series with exactly these labels."""
        return self.series[series][tuple(sorted(labels.items()))]

    def labels(self, name: str) -> set[str]:
        """The labels that any series of a metric has, its bucket's bound among them."""
        found = [
            labels for series in self.series if series.startswith(name) for labels in self.series[series]
        ]
        return {label for labels in found for label, _ in labels}


def scrape(address: str) -> Scrape:
    """Ask the endpoint at HOST:PORT."""
    with urlopen(f"http://{address}/metrics", timeout=TIMEOUT_SECONDS) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        return Scrape(answer.read().decode())


async def scraped(address: str) -> Scrape:
    """The same, while the event loop goes on."""
    return await asyncio.to_thread(scrape, address)
