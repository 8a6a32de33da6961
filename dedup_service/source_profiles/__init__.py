"""What the exports of common systems look like, as data: which file is which, and what its columns become."""

from dedup_service.source_profiles.columns import Columns, Header
from dedup_service.source_profiles.conversion import AccountNames
from dedup_service.source_profiles.profile import ProfileObject, SourceProfile
from dedup_service.source_profiles.profile_file import load_profile_file, parse_profile
from dedup_service.source_profiles.recognition import NotRecognised, Recognised, recognise
from dedup_service.source_profiles.records import ColumnUse, FileRecord, ReadRow, RecordFile
from dedup_service.source_profiles.shipped import UnknownProfile, profile_named, shipped_profiles

__all__ = [
    "AccountNames",
    "ColumnUse",
    "Columns",
    "FileRecord",
    "Header",
    "NotRecognised",
    "ProfileObject",
    "ReadRow",
    "Recognised",
    "RecordFile",
    "SourceProfile",
    "UnknownProfile",
    "load_profile_file",
    "parse_profile",
    "profile_named",
    "recognise",
    "shipped_profiles",
]
