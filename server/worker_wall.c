#include "server/worker_wall.h"

#include "core/log.h"

#include <string.h>

static const char *const outside[] = {"/usr/lib",
                                      "/usr/lib64",
                                      "/lib",
                                      "/lib64", /* libmariadb's modules */
                                      "/etc",
                                      "/usr/share",
                                      "/run/systemd/resolve",
                                      "/run/NetworkManager",
                                      "/run/resolvconf"};
#define OUTSIDE (sizeof(outside) / sizeof(*outside))
#define LIBRARIES 4 /* the first of them */

static void add_outside(struct sandbox *box, struct sandbox_path *paths,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        paths[box->path_count++] = (struct sandbox_path){outside[i], false};
}

enum err worker_wall(const struct settings *s, const struct database_needs *db,
                     enum err (*enter)(const struct sandbox *))
{
    struct sandbox_path paths[3 + OUTSIDE] = {{s->data, true}};
    struct sandbox box = {.role = "worker",
                          .may =
                              SANDBOX_FILES | SANDBOX_THREADS | SANDBOX_ACCEPT,
                          .paths = paths,
                          .path_count = 1};
    enum err e;

    if (s->web_dir && *s->web_dir)
        paths[box.path_count++] = (struct sandbox_path){s->web_dir, false};
    if (db->unix_socket)
        box.may |= SANDBOX_UNIX;
    if (db->network || strcmp(s->blobs, "files") != 0) {
        box.may |= SANDBOX_INET;
        add_outside(&box, paths, OUTSIDE);
    } else if (db->unix_socket) {
        add_outside(&box, paths, LIBRARIES);
    }
    if (db->folder)
        paths[box.path_count++] = (struct sandbox_path){db->folder, false};
    e = enter(&box);
    if (e != WS_DENIED)
        return e;
    log_warn("no_wall", "this kernel filters no system calls");
    return WS_OK;
}
