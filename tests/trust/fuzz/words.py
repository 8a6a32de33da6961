"""The texts and numbers that requests are made of: nearly right ones, and those that break programs."""

from google.protobuf.descriptor import FieldDescriptor

from dedup_service.domain.fields import FIELDS

_NEARLY_RIGHT = """
sources/crm/records/1|sources/crm|sources/-|sources/erp/records/-|goldenRecords/1|mergeProposals/1|merges/1
distinctions/1|delegations/1|cleanupJobs/1|cleanupJobs/-|cleanupJobs/1/runs/1|operations/1|policyVersions/1
policyVersions/current|changes/1-0|changes/999999999999999999-999999999|scoringModels/1|scoringModels/-
users/ben|users/ann|users/nobody|services/importer|me|sales|finance|support|crm|erp|shop
done = true|state = ACTIVE|state = PENDING|record:"x"|create_time desc|impact desc, due_time|name
account_state = PROVISIONAL|escalated = true|state = PENDING AND missing_functions:"finance"|kind = CONTACT
email|given_name|family_name|phone|company_name|custom.x|values.email|facts|children|owner|*|values.*|survivor
open_cases|last_touched|open_pipeline|open_invoices|legal_hold|EUR|USD|tax_id|customer_number|consent_email
ann@example.com|+44 20 7946 0958|+1 (555) 010-0199|Straße 1|12 High St.|DE|GB|10115|2026-02-30|Europe/London
version: test-1|- [|limits.max_merges_per_day|{}|[]|null|true|0|-1|1.5|CONTACT|ACCOUNT|LEAD
"""
NEARLY_RIGHT = [word for line in _NEARLY_RIGHT.split("\n") for word in line.split("|") if word]

# Of the values of a record.
FIELD_NAMES = [*FIELDS, "custom.tier"]

HOSTILE = [
    "",
    " ",
    "\0",
    "a\0b",
    "\x1b[2J",
    "\r\nset-cookie: x=1",
    "'; drop table records; --",
    "%s%n%00{0}{__class__}${jndi:ldap://127.0.0.1/}",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../../../etc/passwd",
    "\u202eevil\u2066\u200b",
    "\ufeffbom",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "e\u0301" * 300,
    "a\u0300\u0316" * 400,
    "\u0130I\u0131\u017fß\ufb03",
    "\ufdfa" * 100,
    "\u00ad\u034f\u061c",
    "\uffff\ufffe",
    "\U0010ffff",
    "A" * 513,
    "A" * 5_000,
    "a" * 63 + "@" + "b" * 200 + ".example",
    "(" * 2_000,
    'x = "' + "\\" * 999,
    "NOT " * 500 + "a = b",
    "a AND " * 500 + "a",
    "-" * 1_000,
    "9" * 400,
    "1e309",
    "NaN",
    "-0",
    "é" * 512,
    "/" * 200,
    "goldenRecords/" + "9" * 200,
    "sources/" + "x" * 300 + "/records/" + "y" * 600,
    "a: &a [*a, *a]",
    "a: &a [x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]",
]

_INTEGERS = [0, 1, -1, 2, 3, 10, 50, 51, 100, 1000, 1001]
NUMBERS: dict[int, list[float]] = {
    FieldDescriptor.TYPE_BOOL: [False, True],
    FieldDescriptor.TYPE_DOUBLE: [
        0.0, -0.0, 0.5, 0.9, 1.0, 1.0000001, -1.0, 1e308, -1e308, 5e-324, float("inf"),
        float("-inf"), float("nan"),
    ],
    FieldDescriptor.TYPE_FLOAT: [0.0, 0.5, 1.0, float("inf"), float("nan")],
    FieldDescriptor.TYPE_INT32: [*_INTEGERS, 2**31 - 1, -(2**31)],
    FieldDescriptor.TYPE_INT64: [
        *_INTEGERS, 2**31, 2**63 - 1, -(2**63), 253402300799, 253402300800, -62135596801,
    ],
    FieldDescriptor.TYPE_UINT32: [0, 1, 2**32 - 1],
    FieldDescriptor.TYPE_UINT64: [0, 1, 2**64 - 1],
    FieldDescriptor.TYPE_ENUM: [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 99, 2**31 - 1],
}  # fmt: skip
