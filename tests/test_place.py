"""The place where tests play brings the same office back, whoever may still be in the one before."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.place import Place


def test_a_connection_left_over_does_not_reach_into_the_next_office(tmp_path):
    place = Place(tmp_path, "alone")
    with closing(sqlite3.connect(tmp_path / "cast.sqlite3")) as template:
        template.executescript("PRAGMA journal_mode=WAL; CREATE TABLE note (text); PRAGMA wal_checkpoint(TRUNCATE);")
    place.bring("cast")
    with closing(sqlite3.connect(place.file)) as left_over:
        left_over.execute("INSERT INTO note VALUES ('of the test before')")
        left_over.commit()

        place.bring("cast")

        with closing(sqlite3.connect(place.file)) as connection:
            assert connection.execute("SELECT count(*) FROM note").fetchone() == (0,)
            connection.execute("INSERT INTO note VALUES ('of this test')")
            connection.commit()
            assert connection.execute("SELECT text FROM note").fetchall() == [("of this test",)]
        assert left_over.execute("SELECT text FROM note").fetchall() == [("of the test before",)]
