#include "agent/policy.h"

#include "core/io.h"
#include "core/json.h"
#include "core/jsonw.h"

#define FILE_NAME "policy.json"
#define MAX_BYTES 65536

enum err policy_parse(const char *text, size_t len, struct policy *out)
{
    OWN(json_free)
    struct json *doc = NULL;
    enum err e = json_parse(text, len, &doc, NULL);
    const struct json *most;
    struct policy p = {.tier_max = POLICY_TIER_ANY};

    if (e)
        return e;
    p.revision = json_int(json_get(doc, "revision"), 0);
    most = json_get(doc, "tier_max");
    if (most)
        p.tier_max = json_int(most, -1);
    if (p.revision < 1 || p.tier_max < 0 || p.tier_max > POLICY_TIER_ANY)
        return WS_INVALID;
    *out = p;
    return WS_OK;
}

enum err policy_load(const char *state, struct policy *out)
{
    OWN_FREE char *path = io_path(state, FILE_NAME);
    OWN_BUF struct buf text = BUF_EMPTY;
    enum err e = path ? io_read_file(path, MAX_BYTES, &text) : WS_NOMEM;

    return e ? e : policy_parse(buf_text(&text), text.len, out);
}

enum err policy_save(const char *state, const struct policy *p)
{
    OWN_FREE char *path = io_path(state, FILE_NAME);
    OWN_BUF struct buf text = BUF_EMPTY;
    struct jsonw w;
    enum err e;

    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    jsonw_int(&w, "revision", p->revision);
    jsonw_int(&w, "tier_max", p->tier_max);
    jsonw_object_end(&w);
    e = buf_check(&text);
    if (e)
        return e;
    return path ? io_write_file(path, text.data, text.len, 0600) : WS_NOMEM;
}
