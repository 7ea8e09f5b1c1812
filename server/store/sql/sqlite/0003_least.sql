-- How new a program must be to work with what a migration changed: none of its
-- rows says more than that programs of before go on beside it. See
-- sql/mysql/0003_least.sql.

CREATE TABLE schema_least (
    version INTEGER NOT NULL PRIMARY KEY,
    least   INTEGER NOT NULL
);
