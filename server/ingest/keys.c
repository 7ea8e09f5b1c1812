#include "server/ingest/keys.h"

#include "core/env.h"
#include "core/sha256.h"
#include "server/server.h"

#include <stdio.h>
#include <string.h>

bool keys_read(struct exchange *x, struct keys *out)
{
    const char *standard = exchange_header(x, "Idempotency-Key");
    const char *older = exchange_header(x, "X-Idempotency-Key");
    const char *key = standard ? standard : older;

    *out = (struct keys){.strict = standard != NULL};
    if (standard && older && strcmp(standard, older) != 0) {
        exchange_problem(x, 400, "idempotency-key",
                         "Idempotency-Key and X-Idempotency-Key differ: send "
                         "one of them, or the same value");
        return false;
    }
    if (!key)
        return true;
    if (wire_check_key(key)) {
        exchange_problem(x, 400, "idempotency-key",
                         "%s must be 1 to 255 visible ASCII characters",
                         standard ? "Idempotency-Key" : "X-Idempotency-Key");
        return false;
    }
    snprintf(out->key, sizeof out->key, "%s", key);
    return true;
}

void keys_random(struct exchange *x, char out[KEYS_BYTES])
{
    uint8_t bytes[16];

    env_random(exchange_server(x)->env, bytes, sizeof bytes);
    sha256_hex(bytes, sizeof bytes, out);
}
