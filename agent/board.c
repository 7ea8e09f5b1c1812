#include "agent/board.h"

#include "core/clock.h"

#include <assert.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BADGE_FRESH_NS CLOCK_NS_PER_S

static const char *const role_names[BOARD_ROLES] = {
    [BOARD_SUPERVISOR] = "supervisor",
    [BOARD_OUTBOX] = "outbox",
    [BOARD_INDICATOR] = "indicator",
    [BOARD_CAPTURE] = "capture",
    [BOARD_OCR] = "ocr",
    [BOARD_AI] = "ai",
    [BOARD_UPLOAD] = "upload",
    [BOARD_HEARTBEAT] = "heartbeat",
};

static const char *const capture_words[] = {
    [BOARD_STARTING] = "starting", [BOARD_CAPTURING] = "capturing",
    [BOARD_PAUSED] = "paused",     [BOARD_NO_NOTICE] = "no_notice",
    [BOARD_NO_BADGE] = "no_badge", [BOARD_NO_DISPLAY] = "no_display",
    [BOARD_LOCKED] = "locked",     [BOARD_TIER_0] = "tier_0",
};

/* Plain numbers of the page: one row each, so that status shows them all. */
/* clang-format off */
#define NUMBER(member)                                                         \
    {                                                                          \
    #member, offsetof(struct board, member), 1                             \
    }
/* A time: in ms, because JSON has no room for nanoseconds. */
#define TIME(member)                                                           \
    {                                                                          \
        #member "_ms", offsetof(struct board, member##_ns), CLOCK_NS_PER_MS    \
    }
/* clang-format on */
static const struct {
    const char *name;
    size_t offset;
    int64_t unit;
} numbers[] = {
    NUMBER(cpu_ppm),
    NUMBER(pss_bytes),
    NUMBER(off_hours),
    TIME(badge_shown_boot),
    TIME(paused_until_wall),
    NUMBER(notice_acknowledged),
    NUMBER(tier),
    NUMBER(queue_pending),
    NUMBER(queue_dead),
    NUMBER(queue_bytes),
    TIME(queue_oldest_wall),
    NUMBER(head_seq),
    NUMBER(session_number),
    TIME(last_frame_wall),
    NUMBER(frames_captured),
    NUMBER(frames_unchanged),
    NUMBER(frames_dropped),
    TIME(last_observation_wall),
    NUMBER(ocr_state),
    NUMBER(pictures_withheld),
    NUMBER(pixels_wanted),
    TIME(last_upload_wall),
    TIME(last_ai_upload_wall),
    NUMBER(items_delivered),
    NUMBER(upload_lane),
    TIME(retry_at_wall),
    TIME(last_heartbeat_wall),
    NUMBER(heartbeat_lane),
    NUMBER(clock_offset_ms),
    NUMBER(server_features),
    NUMBER(tier_max),
    NUMBER(policy_revision),
    NUMBER(session_id),
};

static enum err map(struct board **out, int fd)
{
    void *page = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE,
                      MAP_SHARED, fd, 0);

    if (page == MAP_FAILED)
        return err_sys("board: map");
    *out = (struct board *)page;
    return WS_OK;
}

enum err board_create(struct board **out, int *fd_out)
{
    OWN_FD int fd =
        memfd_create("worksight-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    enum err e;

    *out = NULL;
    if (fd < 0)
        return err_sys("board: memfd");
    if (ftruncate(fd, sizeof(struct board)) < 0)
        return err_sys("board: size");
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return err_sys("board: seal");
    e = map(out, fd);
    if (e)
        return e;
    atomic_store(&(*out)->server_features, -1);
    atomic_store(&(*out)->cpu_ppm, -1);
    atomic_store(&(*out)->pss_bytes, -1);
    *fd_out = TAKE_FD(fd);
    return WS_OK;
}

enum err board_attach(struct board **out, int fd)
{
    struct stat st;

    *out = NULL;
    if (fstat(fd, &st) < 0)
        return err_sys("board: fd %d", fd);
    if (st.st_size != (off_t)sizeof(struct board))
        return WS_INVALID;
    return map(out, fd);
}

void board_close(struct board *b)
{
    if (b)
        munmap(b, sizeof *b);
}

void board_alive(struct board *b, enum board_role role, int64_t busy_ns)
{
    assert(role < BOARD_ROLES);
    atomic_fetch_add(&b->role[role].busy_ns, busy_ns);
    atomic_store(&b->role[role].alive_boot_ns, clock_boot_ns());
}

/* The last byte is never written: it ends the text. */
void board_trouble(struct board *b, const char *text)
{
    size_t i = 0;

    for (; text[i] && i < BOARD_TEXT_BYTES - 1; i++)
        atomic_store(&b->upload_trouble[i], text[i]);
    if (i < BOARD_TEXT_BYTES - 1)
        atomic_store(&b->upload_trouble[i], '\0');
}

bool board_badge_up(const struct board *b)
{
    int64_t shown = atomic_load(&b->badge_shown_boot_ns);

    return shown > 0 && clock_boot_ns() - shown <= BADGE_FRESH_NS;
}

const char *board_role_name(enum board_role role)
{
    return role < BOARD_ROLES ? role_names[role] : "unknown";
}

const char *board_capture_word(enum board_capture_state state)
{
    return state < sizeof capture_words / sizeof *capture_words
               ? capture_words[state]
               : "unknown";
}

static void role_json(const struct board_row *row, enum board_role role,
                      struct jsonw *w)
{
    int64_t alive = atomic_load(&row->alive_boot_ns);

    jsonw_object(w, NULL);
    jsonw_text(w, "name", role_names[role]);
    jsonw_int(w, "pid", atomic_load(&row->pid));
    jsonw_int(w, "restarts", atomic_load(&row->restarts));
    if (alive)
        jsonw_int(w, "silent_ms", (clock_boot_ns() - alive) / CLOCK_NS_PER_MS);
    else
        jsonw_null(w, "silent_ms");
    jsonw_int(w, "busy_ms", atomic_load(&row->busy_ns) / CLOCK_NS_PER_MS);
    jsonw_object_end(w);
}

static void trouble_json(const struct board *b, struct jsonw *w)
{
    char text[BOARD_TEXT_BYTES] = "";

    for (size_t i = 0; i < BOARD_TEXT_BYTES - 1; i++) {
        text[i] = atomic_load(&b->upload_trouble[i]);
        if (!text[i])
            break;
    }
    jsonw_text(w, "upload_trouble", text);
}

void board_json(const struct board *b, struct jsonw *w)
{
    size_t i;

    jsonw_array(w, "roles");
    for (i = 0; i < BOARD_ROLES; i++)
        role_json(&b->role[i], (enum board_role)i, w);
    jsonw_array_end(w);
    jsonw_text(w, "capture_state",
               board_capture_word(
                   (enum board_capture_state)atomic_load(&b->capture_state)));
    jsonw_bool(w, "badge_up", board_badge_up(b));
    trouble_json(b, w);
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *at = (const char *)b + numbers[i].offset;

        jsonw_int(w, numbers[i].name,
                  atomic_load((const _Atomic int64_t *)(const void *)at) /
                      numbers[i].unit);
    }
}
