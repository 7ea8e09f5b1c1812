#include "server/commit/commit_match.h"

#include "core/json.h"

#include <stdlib.h>
#include <string.h>

static bool same_json(const char *a, size_t a_len, const char *b, size_t b_len)
{
    OWN(json_free)
    struct json *x = NULL;
    OWN(json_free)
    struct json *y = NULL;

    if (json_parse(a, a_len, &x, NULL) || json_parse(b, b_len, &y, NULL))
        return false;
    return json_equal(x, y);
}

bool commit_match_payload(const struct fact *a, const uint8_t sha256[32],
                          const char *payload, size_t payload_len)
{
    if (memcmp(a->payload_sha256, sha256, STORE_SHA256_BYTES) == 0)
        return true;
    if (a->seq)
        return false;
    return same_json(a->payload, a->payload_len, payload, payload_len);
}

static bool is_twin(const struct commit_item *first,
                    const struct commit_item *it)
{
    return first->fact.session_id == it->fact.session_id &&
           strcmp(first->fact.key, it->fact.key) == 0 &&
           (first->fact.kind == it->fact.kind ||
            (first->fact.seq && it->fact.seq));
}

/* Equal keys stand together; kinds of one key are few. */
void commit_match_twins(struct commit_item **items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct commit_item *it = items[i];

        for (size_t j = i; j > 0 && it->verdict == COMMIT_OPEN; j--) {
            struct commit_item *first = items[j - 1];

            if (first->fact.session_id != it->fact.session_id ||
                strcmp(first->fact.key, it->fact.key) != 0)
                break;
            if (first->verdict == COMMIT_OPEN && !first->twin &&
                is_twin(first, it))
                it->twin = first;
        }
    }
}

static int by_session_seq(const void *a, const void *b)
{
    const struct store_seqs *x = a, *y = b;

    if (x->session_id != y->session_id)
        return x->session_id < y->session_id ? -1 : 1;
    return (x->run.first > y->run.first) - (x->run.first < y->run.first);
}

size_t commit_match_join(struct store_seqs *runs, size_t count)
{
    size_t n = 0;

    qsort(runs, count, sizeof *runs, by_session_seq);
    for (size_t i = 0; i < count; i++) {
        struct store_seqs *last = n ? &runs[n - 1] : NULL;

        if (last && last->session_id == runs[i].session_id &&
            runs[i].run.first <= last->run.last + 1)
            last->run.last = runs[i].run.last;
        else
            runs[n++] = runs[i];
    }
    return n;
}
