/* pages_put.h - facts into a store, while the next ones are made.
 *
 * Flow:    pages_fill makes chunks -> [pages_put] -> store_facts
 * Shapes:  two chunks: one is filled, one is put by a thread on a connection
 *          of its own, in one transaction from pages_put_next() to _end();
 *          SQLite has one writer: there all is done at once, on the caller's
 * Errors:  ends the program, saying what went wrong
 * Process: one caller
 */
#ifndef BENCH_PAGES_PUT_H
#define BENCH_PAGES_PUT_H

#include "bench/pages_facts.h"

#define PAGES_CHUNK 512

struct pages_chunk {
    struct fact facts[PAGES_CHUNK];
    struct pages_facts_room rooms[PAGES_CHUNK];
    size_t count;
};

struct pages_put;

/* store is the caller's, and stays it. */
struct pages_put *pages_put_open(struct store *store, const char *address);
void pages_put_close(struct pages_put *p);

/* An empty chunk to fill. */
struct pages_chunk *pages_put_next(struct pages_put *p);
/* It is full, or the last one: its facts go into the store, sorted. One that is
 * there already was put by a run that was killed before its figures. */
void pages_put_chunk(struct pages_put *p, struct pages_chunk *chunk);
/* All facts are committed. */
void pages_put_end(struct pages_put *p);

/* Ends the program unless e is WS_OK. */
void pages_put_must(enum err e, const char *what);

#endif
