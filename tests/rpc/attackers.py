"""People and services without the finance function, and everything that they can try over the API (C-2)."""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.rpc import attacks_beside_votes, attacks_by_intake, attacks_by_jobs, attacks_on_votes
from tests.rpc.attack_world import EVERYBODY, Step

_KINDS: dict[str, Callable[[str], st.SearchStrategy[Step]]] = {
    "proposes": attacks_on_votes.propose,
    "votes": attacks_on_votes.vote,
    "has everybody vote": attacks_on_votes.everybody_votes,
    "decides in bulk": attacks_on_votes.batch,
    "executes": attacks_on_votes.execute,
    "changes the plan": attacks_on_votes.change_plan,
    "writes a record": attacks_beside_votes.write,
    "deletes a record": attacks_beside_votes.delete,
    "erases a record": attacks_beside_votes.erase,
    "undoes": attacks_beside_votes.undo,
    "draws a link": attacks_beside_votes.distinguish,
    "edits the policy": attacks_beside_votes.edit_policy,
    "delegates": attacks_beside_votes.delegate,
    "confirms": attacks_beside_votes.confirm,
    "writes in bulk": attacks_beside_votes.write_in_bulk,
    "withdraws": attacks_beside_votes.withdraw,
    "lifts a link": attacks_beside_votes.draw_and_lift_a_link,
    "ends a delegation": attacks_beside_votes.end_a_delegation,
    "acknowledges": attacks_beside_votes.acknowledge,
    "cleans up": attacks_by_jobs.clean_up,
    "routes": attacks_by_intake.route,
    "converts": attacks_by_intake.convert,
}


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, Step]:
    """Something that somebody without finance tries, with a word for it."""
    actor = draw(st.sampled_from(EVERYBODY))
    kind = draw(st.sampled_from(list(_KINDS)))
    return f"{actor} {kind}", draw(_KINDS[kind](actor))
