#include "agent/role.h"

#include "agent/roles.h"
#include "core/log.h"
#include "core/sandbox.h"

#include <string.h>

#define MAX_PATHS 16

struct paths {
    struct sandbox_path list[MAX_PATHS];
    size_t count;
};

static void add(struct paths *p, const char *path, bool write)
{
    p->list[p->count++] = (struct sandbox_path){.path = path, .write = write};
}

/* "" for a path without a folder; NULL without memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strndup(path, slash ? (size_t)(slash - path) : 0);
}

/* Folders, never files: resolv.conf and the like are replaced by rename. */
static void add_network(struct paths *p, const char *ca_dir)
{
    static const char *const read_only[] = {
        "/etc",
        "/usr/share",
        "/usr/lib",
        "/usr/lib64",
        "/lib",
        "/lib64",
        "/run/systemd/resolve",
        "/run/NetworkManager",
        "/run/resolvconf",
    };

    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
        add(p, read_only[i], false);
    if (*ca_dir)
        add(p, ca_dir, false);
}

enum err role_enter_sandbox(const struct role *role)
{
    const struct roles_row *row = roles_find(role->name);
    const struct settings *s = role->settings;
    OWN_FREE char *ca_dir = folder_of(s->ca_file);
    struct paths paths = {.count = 0};
    struct sandbox box = {.role = role->name, .paths = paths.list};

    if (!row)
        return WS_NOTFOUND;
    if (!ca_dir)
        return WS_NOMEM;
    box.may = row->may;
    if (row->folders & ROLES_STATE)
        add(&paths, s->state, true);
    if (row->folders & ROLES_NETWORK)
        add_network(&paths, ca_dir);
    if (row->folders & ROLES_SOURCE) {
        if (settings_source(s) == SOURCE_FILE)
            add(&paths, settings_source_dir(s), false);
        else
            box.may &= ~(unsigned)SANDBOX_FILES;
    }
    box.path_count = paths.count;
    return sandbox_enter(&box);
}
