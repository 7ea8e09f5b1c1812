/* source.c - see source.h. */
#include "agent/capture/source.h"

#include "core/log.h"

#include <stdio.h>
#include <string.h>

void source_names(char *out, size_t out_bytes)
{
    size_t used = 0, i;

    if (out_bytes > 0)
        out[0] = 0;
    for (i = 0; i < capture_table_count && used < out_bytes; i++) {
        int n = snprintf(out + used, out_bytes - used, "%s%s", i ? ", " : "",
                         capture_table[i]->name);

        used += n > 0 ? (size_t)n : out_bytes;
    }
}

enum err source_find(const char *setting, const struct capture_ops **ops,
                     const char **arg)
{
    const char *name = strcmp(setting, "auto") == 0 ? "x11" : setting;
    size_t len = strcspn(name, ":"), i;
    char known[128];

    for (i = 0; i < capture_table_count; i++) {
        const char *one = capture_table[i]->name;

        if (strlen(one) != len || strncmp(one, name, len) != 0)
            continue;
        *ops = capture_table[i];
        *arg = name[len] ? name + len + 1 : "";
        return WS_OK;
    }
    source_names(known, sizeof known);
    log_error("capture_source_unknown",
              "source %s: there is no such source; known are auto, %s", setting,
              known);
    return WS_INVALID;
}

enum err source_open(struct source *out, const struct capture_ops *ops,
                     const struct capture_options *o)
{
    struct capture *c = NULL;
    enum err e = ops->open(&c, o);

    if (e)
        return e;
    *out = (struct source){.ops = ops, .c = c};
    return WS_OK;
}

enum err source_grab(struct source *s, enum capture_want want,
                     struct capture_frame *out)
{
    return s->ops->grab(s->c, want, out);
}

enum err source_tick(struct source *s, enum capture_keep keep)
{
    return s->ops->tick(s->c, keep);
}

void source_close(struct source *s)
{
    if (s->ops)
        s->ops->close(s->c);
    *s = (struct source){0};
}
