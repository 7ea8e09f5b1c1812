/* fuzz_conf.c - any bytes as a settings file, and as one value: read, or each
 * mistake is collected; nothing out of its bounds is kept. */
#include "agent/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_numbers(const struct settings *s)
{
    const struct conf_schema *schema = &settings_schema;

    for (size_t i = 0; i < schema->count; i++) {
        const struct conf_key *k = &schema->keys[i];
        int64_t v;

        if (k->kind != CONF_INT && k->kind != CONF_DURATION &&
            k->kind != CONF_SIZE)
            continue;
        memcpy(&v, (const char *)s + k->offset, sizeof(v));
        if (v < k->min || v > k->max)
            abort();
    }
}

static void read_file(const uint8_t *data, size_t size)
{
    OWN_FD int fd = memfd_create("conf", MFD_CLOEXEC);
    struct settings s = {0};
    OWN(conf_close)
    struct conf *c = NULL;
    char path[32];

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        return;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (conf_open(&c, &settings_schema, &s) ||
        conf_load_file(c, path) == WS_NOTFOUND)
        abort();
    check_numbers(&s);
}

/* One value, for each key. */
static void read_value(const char *text)
{
    struct settings s = {0};
    OWN(conf_close)
    struct conf *c = NULL;
    int64_t v;

    if (conf_open(&c, &settings_schema, &s))
        abort();
    for (size_t i = 0; i < settings_schema.count; i++)
        (void)!conf_set(c, settings_schema.keys[i].name, text, CONF_FLAG, "");
    check_numbers(&s);
    if (conf_parse_duration(text, &v) == WS_OK && v < 0)
        abort();
    if (conf_parse_size(text, &v) == WS_OK && v < 0)
        abort();
    (void)!conf_parse_int(text, &v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);

    read_file(data, size);
    if (text)
        read_value(text);
    free(text);
    return 0;
}
