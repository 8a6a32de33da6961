"""The story of one customer as a list of steps, each with at most one write, for every test that tells it."""

from collections.abc import Callable

from tests.e2e import story_matching, story_merging, story_undoing
from tests.e2e.story_context import Story

Step = Callable[[Story], None]

STEPS: tuple[Step, ...] = (
    story_matching.books_and_crm_are_ingested,
    story_matching.shop_desk_and_people_are_ingested,
    story_matching.the_customer_is_found,
    story_matching.the_lead_is_found,
    story_matching.the_branch_and_the_household_are_told_apart,
    story_matching.a_match_is_explained,
    story_matching.the_household_is_kept_apart,
    story_matching.a_wife_is_erased,
    story_matching.a_guest_is_deleted_at_the_source,
    story_merging.the_merge_is_previewed,
    story_merging.the_merge_is_proposed,
    story_merging.a_value_is_chosen,
    story_merging.those_who_may_not_decide_are_refused,
    story_merging.support_approves,
    story_merging.the_shop_edits_its_record,
    story_merging.a_vote_on_the_stale_plan_is_refused,
    story_merging.support_approves_again,
    story_merging.finance_approves_early,
    story_merging.the_others_approve,
    story_merging.the_audit_head_is_published,
    story_merging.the_merge_is_executed,
    story_merging.old_names_redirect,
    story_merging.the_merge_is_told_and_acknowledged,
    story_merging.a_lead_is_proposed_for_conversion,
    story_merging.sales_approves_the_conversion,
    story_merging.the_conversion_is_executed,
    story_undoing.the_desk_edits_its_member,
    story_undoing.the_lead_is_edited_too,
    story_undoing.those_who_may_not_undo_are_refused,
    story_undoing.the_merge_is_undone,
    story_undoing.the_customer_is_found_again,
    story_undoing.nothing_is_lost,
    story_undoing.the_audit_holds,
)
