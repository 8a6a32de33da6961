"""The whole story of one customer, told to a real server process and followed by a second one."""

from pathlib import Path

from dedup_service.client import DedupClient
from tests.e2e.downstream_process import downstream_process
from tests.e2e.golden_copies import stored_images
from tests.e2e.running_service import running_service
from tests.e2e.story import STEPS
from tests.e2e.story_context import FOLLOWER, Story

DOWNSTREAM_DIES_AFTER = "the_merge_is_executed"


def test_the_story_from_ingest_to_undo(tmp_path: Path) -> None:
    """Every step holds, and a downstream process that was killed on the way ends equal to the store."""
    with (
        running_service() as service,
        downstream_process(service.address, tmp_path / "downstream") as downstream,
        DedupClient(service.address, principal=FOLLOWER) as client,
    ):
        story = Story(service.address, seed=1)
        for step in STEPS:
            step(story)
            if step.__name__ == DOWNSTREAM_DIES_AFTER:
                downstream.restart()
        copy = downstream.assert_whole(client)
        [merged] = [
            each
            for each in copy.changes.values()
            if each.get("merge") == story.seen.merge.name and each["type"] == "CHANGE_TYPE_MERGED"
        ]
        assert {image["name"]: image for image in merged["before"]} == {
            image["name"]: story.seen.before_merge[image["name"]] for image in merged["before"]
        }
        assert sorted(image["state"] for image in merged["after"]) == [
            "GOLDEN_RECORD_STATE_LIVE",
            *["GOLDEN_RECORD_STATE_MERGED"] * 3,
        ]
        states = {image["state"] for image in stored_images(client).values()}
        assert states == {f"GOLDEN_RECORD_STATE_{name}" for name in ("LIVE", "MERGED", "DELETED", "ERASED")}
        story.hang_up()
        assert service.logged_incidents() == []
        assert service.terminate() == 0
