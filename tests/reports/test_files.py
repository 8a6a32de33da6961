"""Files as people have them are read, and what was mended is said."""

from pathlib import Path

import pytest

from dedup_service.reports.records import read_records
from dedup_service.reports.strata import strata_of
from dedup_service.reports.tables import TableError, read_table
from dedup_service.reports.truth import ClusterTruth, PairTruth, read_truth
from tests.reports.labelled_people import write, write_clusters, write_pairs, write_people

IDS = ["a", "b", "c", "d", "e"]
TEXT = "id;name\n1;Zoë\n2;Jürgen\n"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("cp1252", "cp1252")],
)
def test_common_encodings_are_read(tmp_path: Path, encoding: str, said: str) -> None:
    """UTF-8 with or without a mark, UTF-16, and what old Windows programs write; the last is said."""
    path = tmp_path / "x.csv"
    path.write_bytes(TEXT.encode(encoding))
    table = read_table(path)
    assert (table.header, table.column("name"), table.encoding) == (("id", "name"), ["Zoë", "Jürgen"], said)
    assert bool(table.notes) == (encoding == "cp1252")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen(tmp_path: Path, delimiter: str) -> None:
    """The one by which all rows are as wide as the header; others may stand in cells, and in the header."""
    content = [("1", "a,b;c", "d|e\tf"), ("2", "plain", "")]
    path = write(tmp_path / "x.csv", ("id", "last, first, middle", "street"), content, delimiter)
    table = read_table(path)
    assert table.delimiter == delimiter
    assert table.rows == [list(row) for row in content]


def test_what_is_no_end_of_a_line_stays_in_its_cell(tmp_path: Path) -> None:
    """Separators of typesetting, as they come with text from the web, cut no cell."""
    name = "a\u2028b\u0085c\x0bd\x1ce"
    path = tmp_path / "x.csv"
    path.write_text(f"id,name\n1,{name}\n2,plain\n", "utf-8")
    assert read_table(path).column("name") == [name, "plain"]


def test_a_large_cell_is_read(tmp_path: Path) -> None:
    """The limit of the csv module, 131,072 letters, is none of ours, for the delimiter either."""
    path = tmp_path / "x.csv"
    path.write_text(f"id,name\n1,{'x' * 200_000}\n", "utf-8")
    assert len(read_table(path).column("name")[0]) == 200_000


def test_the_line_that_excel_writes_is_no_header(tmp_path: Path) -> None:
    """sep=; names the delimiter."""
    path = tmp_path / "x.csv"
    path.write_text(f"sep=;\n{TEXT}", "utf-8")
    assert read_table(path).header == ("id", "name")


def test_uneven_rows_are_evened_and_counted(tmp_path: Path) -> None:
    """Short ones are filled, long ones cut, empty ones left out."""
    path = tmp_path / "x.csv"
    path.write_text("id,name\n1\n\n2,b,c\n3,d\n", "utf-8")
    table = read_table(path)
    assert table.rows == [["1", ""], ["2", "b"], ["3", "d"]]
    assert len(table.notes) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no row"),
        (b"id,name\n", "no row"),
        (b"PK\x03\x04\x00\x00", "is no text"),
        (b"<!doctype html>\n<html>\n", "is HTML, XML or JSON"),
        (b'\n{"id": 1,\n"name": 2}\n', "is HTML, XML or JSON"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """With its name."""
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=said) as caught:
        read_table(path)
    assert str(path) in str(caught.value)


def test_ids_that_repeat_are_refused(tmp_path: Path) -> None:
    """With the rows, the id and what to do; rows can be numbered instead."""
    path = write(tmp_path / "x.csv", ("id", "surname"), [("7", "a"), ("8", "b"), ("7", "c")])
    with pytest.raises(TableError, match=r"rows 1 and 3 both have the id '7'.*--column record_id="):
        read_records(path, None, [])
    assert read_records(path, None, ["record_id="]).ids == ["1", "2", "3"]


def truth_of(tmp_path: Path, header: str, *lines: str) -> ClusterTruth | PairTruth:
    """The truth in a file of these lines about the records a to e."""
    path = tmp_path / "truth.csv"
    path.write_text("\n".join((header, *lines)), "utf-8")
    return read_truth(read_table(path), IDS)


@pytest.mark.parametrize(
    "header", ["record_id,cluster_id", "id,cluster", "unique_id,whatever", "rec_id,true_id", "x,cluster"]
)
def test_clusters_are_seen_from_the_columns(tmp_path: Path, header: str) -> None:
    """The id, and who it is; records without a cluster are not labelled."""
    truth = truth_of(tmp_path, header, "a,1", "c,1", "b,2", "d,")
    assert isinstance(truth, ClusterTruth)
    assert truth.entities.tolist() == [0, 1, 0, -1, -1]
    assert len(truth.notes) == 3


@pytest.mark.parametrize(
    "header",
    [
        *("left_id,right_id,label", "id_l,id_r,is_match", "unique_id_l,unique_id_r,clerical_match_score"),
        *("id1,id2,match", "record_id_1,record_id_2,y", "ltable_id,rtable_id,gold", "id_a,id_b,is_duplicate"),
    ],
)
def test_pairs_are_seen_from_the_columns(tmp_path: Path, header: str) -> None:
    """The two sides and the label; the smaller position comes first, whichever way round it stands."""
    truth = truth_of(tmp_path, header, "b,a,1", "a,c,0")
    assert isinstance(truth, PairTruth)
    assert (truth.left.tolist(), truth.right.tolist(), truth.labels.tolist()) == ([0, 0], [1, 2], [1, 0])


@pytest.mark.parametrize(
    ("written", "label"),
    [
        *(("1", 1), ("1.0", 1), ("TRUE", 1), ("Match", 1), ("yes", 1), ("0.97", 1), ("duplicate", 1)),
        *(("0", 0), ("-1", 0), ("no_match", 0), ("Non-Match", 0), ("False", 0), ("0.2", 0), ("distinct", 0)),
        *(("possible", -1), ("", -1), ("7", -1), ("nan", -1)),
    ],
)
def test_labels_are_read_as_people_write_them(tmp_path: Path, written: str, label: int) -> None:
    """One, two, or not sure."""
    truth = truth_of(tmp_path, "left_id,right_id,label", f"a,b,{written}", "d,e,0")
    assert isinstance(truth, PairTruth)
    assert truth.labels[0] == label


def test_pairs_that_are_all_true_are_taken_for_complete(tmp_path: Path) -> None:
    """What they connect is one, everything else is not; and it is said."""
    truth = truth_of(tmp_path, "id_l,id_r", "a,b", "b,c")
    assert isinstance(truth, ClusterTruth)
    one, two, three, four, five = truth.entities.tolist()
    assert one == two == three
    assert len({one, four, five}) == 3
    assert "all that these pairs do not connect is taken for different" in truth.notes[-1]


def test_a_pair_with_two_labels_counts_once(tmp_path: Path) -> None:
    """The first label; and it is said."""
    truth = truth_of(tmp_path, "left_id,right_id,label", "a,b,1", "b,a,0", "a,c,0", "a,c,0")
    assert isinstance(truth, PairTruth)
    assert truth.labels.tolist() == [1, 0]
    assert "1 of them with another label" in truth.notes[-1]


def test_truth_of_other_records_is_refused(tmp_path: Path) -> None:
    """With an id of either side, so that the user sees what does not fit."""
    with pytest.raises(TableError, match=r"'x1'.*'a'.*--column record_id="):
        truth_of(tmp_path, "record_id,cluster_id", "x1,1", "x2,1")


def test_truth_that_is_neither_says_how_it_looks(tmp_path: Path) -> None:
    """Both forms are shown."""
    with pytest.raises(TableError, match="neither clusters nor pairs") as caught:
        truth_of(tmp_path, "p,q,r", "1,2,3")
    assert "record_id,cluster_id" in str(caught.value)
    assert "left_id,right_id,label" in str(caught.value)


def test_strata_come_from_the_records_or_from_the_pairs(tmp_path: Path) -> None:
    """Of records in their order; of pairs from their own column, or from those of both records."""
    records = read_records(write_people(tmp_path), None, [])
    clusters = read_table(write_clusters(tmp_path))
    assert strata_of("segment", records, read_truth(clusters, records.ids), clusters)[:3] == [
        *("large", "small", "small")
    ]
    pairs = read_table(write_pairs(tmp_path))
    truth = read_truth(pairs, records.ids)
    assert set(strata_of("why", records, truth, pairs)) == {"same", "other"}
    assert set(strata_of("segment", records, truth, pairs)) == {"small", "large", "(of both)"}
    with pytest.raises(TableError, match="has no column 'x' for --stratum"):
        strata_of("x", records, truth, pairs)
