#include "agent/outbox/session.h"

#include "core/io.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/sha256.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SESSION_AGENT_NAME "WorkSight agent"

/* The id itself is a secret of the machine (machine-id(5)): only its hash
 * under our own word is kept. */
static void ask_machine_id(char out[65])
{
    static const char *const files[] = {"/etc/machine-id",
                                        "/var/lib/dbus/machine-id"};
    OWN_BUF struct buf text = BUF_EMPTY;
    size_t i;

    out[0] = '\0';
    buf_append_text(&text, "worksight agent ");
    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        OWN_BUF struct buf id = BUF_EMPTY;

        if (io_read_file(files[i], 4096, &id) == WS_OK && id.len >= 32) {
            buf_append(&text, id.data, 32);
            sha256_hash_hex(text.data, text.len, out);
            return;
        }
    }
}

static void ask_username(char *out, size_t out_bytes)
{
    const struct passwd *p = getpwuid(geteuid());

    if (p && p->pw_name && *p->pw_name)
        snprintf(out, out_bytes, "%s", p->pw_name);
    else
        snprintf(out, out_bytes, "uid %u", (unsigned)geteuid());
}

/* The first address that others could see; IPv4 before IPv6. */
static void ask_address(char *out, size_t out_bytes)
{
    struct ifaddrs *list = NULL, *i;
    int family;

    snprintf(out, out_bytes, "UNKNOWN");
    if (getifaddrs(&list) < 0)
        return;
    for (family = AF_INET; family; family = family == AF_INET ? AF_INET6 : 0)
        for (i = list; i; i = i->ifa_next) {
            const void *address;

            if (!i->ifa_addr || i->ifa_addr->sa_family != family ||
                (i->ifa_flags & IFF_LOOPBACK) || !(i->ifa_flags & IFF_UP))
                continue;
            address =
                family == AF_INET
                    ? (const void *)&((struct sockaddr_in *)(void *)i->ifa_addr)
                          ->sin_addr
                    : (const void *)&(
                          (struct sockaddr_in6 *)(void *)i->ifa_addr)
                          ->sin6_addr;
            if (inet_ntop(family, address, out, (socklen_t)out_bytes)) {
                freeifaddrs(list);
                return;
            }
        }
    freeifaddrs(list);
}

void session_ask_machine(struct session_machine *out)
{
    memset(out, 0, sizeof(*out));
    ask_machine_id(out->machine_id);
    if (gethostname(out->hostname, sizeof(out->hostname) - 1) < 0 ||
        !out->hostname[0])
        snprintf(out->hostname, sizeof(out->hostname), "unknown");
    ask_username(out->username, sizeof(out->username));
    ask_address(out->ip_address, sizeof(out->ip_address));
}

enum err session_identify(struct outbox *o, const struct env *env,
                          const struct session_machine *m)
{
    char agent_id[CLIENT_UID_BYTES], known[65], fresh[CLIENT_UID_BYTES];
    uint8_t raw[16];
    enum err e = outbox_note_text(o, "agent_id", agent_id, sizeof(agent_id));

    if (!e)
        e = outbox_note_text(o, "machine_id", known, sizeof(known));
    if (e || (agent_id[0] && strcmp(known, m->machine_id) == 0))
        return e;
    if (agent_id[0])
        log_warn("agent_id_remade",
                 "this state comes from another machine: a new agent_id is "
                 "made, %s stays with that machine",
                 agent_id);
    env_random(env, raw, sizeof(raw));
    sha256_hex(raw, sizeof(raw), fresh);
    e = outbox_begin(o);
    if (e)
        return e;
    e = outbox_set_text(o, "agent_id", fresh);
    if (!e)
        e = outbox_set_text(o, "machine_id", m->machine_id);
    if (e) {
        outbox_rollback(o);
        return e;
    }
    return outbox_commit(o);
}

enum err session_facts(const struct session_machine *m,
                       const struct settings *settings, struct buf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "agent_name", SESSION_AGENT_NAME);
    jsonw_text(&w, "agent_version", WS_VERSION);
    jsonw_text(&w, "hostname", m->hostname);
    jsonw_text(&w, "username", m->username);
    jsonw_text(&w, "ip_address", m->ip_address);
    jsonw_int(&w, "tier", settings->tier);
    jsonw_object_end(&w);
    return buf_check(out);
}
