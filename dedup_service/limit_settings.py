"""What an operator can set about how much callers may ask for."""

from dedup_service import setting_values as read
from dedup_service.setting_values import Setting

LIMIT_SETTINGS = (
    Setting(
        "DEDUP_MAX_CONCURRENT_CALLS",
        "64",
        "Calls served at a time, in parts by class of call; more wait for half a second at most and are "
        "then refused with RESOURCE_EXHAUSTED.",
        read.whole(1, 10_000),
    ),
    Setting("DEDUP_MAX_STREAMS", "32", "Streams that one principal may have open.", read.whole(1, 10_000)),
    Setting(
        "DEDUP_RATE_LIMIT",
        "1000",
        "Calls a second of one principal, counted over two seconds; more are refused with "
        "RESOURCE_EXHAUSTED.",
        read.whole(1, 1_000_000),
    ),
    Setting(
        "DEDUP_ITEM_RATE_LIMIT",
        "20000",
        "Items a second in batches of one principal, counted in the same way; streams are read no faster.",
        read.whole(1000, 10_000_000),
    ),
    Setting(
        "DEDUP_REQUIRE_DEADLINES",
        "false",
        "Refuse calls that come without a deadline, streams apart; otherwise they get the longest of their "
        "class.",
        read.flag,
    ),
    Setting(
        "DEDUP_STREAM_IDLE_SECONDS",
        "300",
        "Time after which a stream ends that nobody writes to, or whose answers nobody reads.",
        read.seconds_from(1, 86_400),
    ),
)
