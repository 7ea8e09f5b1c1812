-- 0003: how new a program must be to work with what a migration changed.
--
-- Most only add: tables, columns with a default, indexes. Programs of before
-- go on beside them, which is how a rolling upgrade works, and there is no row
-- here. A migration after which older ones would read or write what is wrong
-- begins with a line "-- least: N": programs that don't know migration N leave
-- the database alone (store_migrations.least).

CREATE TABLE IF NOT EXISTS schema_least (
    version BIGINT NOT NULL PRIMARY KEY,
    least   BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
