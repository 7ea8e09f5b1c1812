/* board.h - what each role says of itself, on one shared page.
 *
 * Flow:    every role writes its own row -> [board] -> heartbeat, status,
 *          capture (is the badge up, is it paused)
 * Shapes:  one memfd page; every number is an atomic of its own, so a reader
 *          may see one row, or the one text, mid-way between two updates,
 *          never a torn number
 * Owns:    made by the supervisor, attached by every role
 * Source:  design.md promise 6: status is truth
 */
#ifndef AGENT_BOARD_H
#define AGENT_BOARD_H

#include "core/err.h"
#include "core/jsonw.h"
#include "core/own.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum board_role {
    BOARD_SUPERVISOR,
    BOARD_OUTBOX,
    BOARD_INDICATOR,
    BOARD_CAPTURE,
    BOARD_OCR,
    BOARD_AI,
    BOARD_UPLOAD,
    BOARD_HEARTBEAT,
    BOARD_ROLES,
};

/* Why capture does or does not. */
enum board_capture_state {
    BOARD_STARTING,
    BOARD_CAPTURING,
    BOARD_PAUSED,
    BOARD_NO_NOTICE,  /* not acknowledged */
    BOARD_NO_BADGE,   /* the indicator is not showing */
    BOARD_NO_DISPLAY, /* display lost: retrying */
    BOARD_LOCKED,
    BOARD_TIER_0, /* the tier asks for no content at all */
};

/* What the network lanes are doing. */
enum board_lane_state {
    BOARD_LANE_IDLE,
    BOARD_LANE_FLOWING,
    BOARD_LANE_BACKING_OFF,
    BOARD_LANE_UNAUTHORIZED, /* 401, 403 */
    BOARD_LANE_WRONG_SERVER, /* 404, 405, 426 */
};

#define BOARD_TEXT_BYTES 200

struct board_row { /* written by its role, pid and restarts by the supervisor */
    _Atomic int64_t pid;
    _Atomic int64_t restarts;
    _Atomic int64_t alive_boot_ns;
    _Atomic int64_t busy_ns; /* spent working since start */
};

struct board {
    struct board_row role[BOARD_ROLES];
    /* supervisor: itself and all roles, over the last quarter of a minute */
    _Atomic int64_t cpu_ppm;   /* of one core, in 1e-6; -1: not known yet */
    _Atomic int64_t pss_bytes; /* -1: not known yet */
    _Atomic int64_t off_hours; /* 0/1: outside of the setting `hours` */
    _Atomic int64_t tier;      /* 0..4, in force */
    /* indicator */
    _Atomic int64_t badge_shown_boot_ns; /* last time the badge was seen up */
    /* outbox; before any role runs, the supervisor */
    _Atomic int64_t paused_until_wall_ns; /* 0: not paused */
    _Atomic int64_t notice_acknowledged;  /* 0/1: of the present notice */
    /* outbox */
    _Atomic int64_t queue_pending, queue_dead, queue_bytes,
        queue_oldest_wall_ns;
    _Atomic int64_t head_seq;
    _Atomic int64_t session_number; /* the outbox's own, of this run; 0: none */
    /* capture */
    _Atomic int64_t capture_state; /* enum board_capture_state */
    _Atomic int64_t last_frame_wall_ns;
    _Atomic int64_t frames_captured, frames_unchanged, frames_dropped;
    /* ai */
    _Atomic int64_t last_observation_wall_ns; /* durable in the outbox */
    _Atomic int64_t ocr_state; /* 0 off, 1 ok, 2 not answering, 3 missing */
    _Atomic int64_t pictures_withheld; /* no OCR, so no picture was kept */
    _Atomic int64_t pixels_wanted; /* 1 more: capture gives the pixels again,
                                      although they are the same */
    /* upload */
    _Atomic int64_t last_upload_wall_ns, last_ai_upload_wall_ns;
    _Atomic int64_t items_delivered, upload_lane, retry_at_wall_ns;
    _Atomic char upload_trouble[BOARD_TEXT_BYTES]; /* "": none */
    _Atomic int64_t upload_nudge; /* heartbeat adds 1 when the server answers
                                     again: upload need not wait longer */
    /* heartbeat */
    _Atomic int64_t last_heartbeat_wall_ns, heartbeat_lane;
    _Atomic int64_t clock_offset_ms,
        server_features;      /* -1: not known, 0 layer 1 */
    _Atomic int64_t tier_max; /* 0..4, of the server's policy; also set by
                                 the supervisor, before any role runs */
    _Atomic int64_t policy_revision; /* 0: none was heard of */
    _Atomic int64_t session_id; /* of the present session at the server; 0 */
};

enum err board_create(struct board **out, int *fd) WS_MUST_CHECK;
enum err board_attach(struct board **out, int fd) WS_MUST_CHECK;
void board_close(struct board *b);
OWN_DEFINE(board_close, struct board *)

/* Say that a role lives, with the time it spent working since the last call. */
void board_alive(struct board *b, enum board_role role, int64_t busy_ns);

/* Say what is wrong with the upload, in words; "": nothing. */
void board_trouble(struct board *b, const char *text);

/* The badge was seen within the last second. */
bool board_badge_up(const struct board *b);

/* "capture", "ai" ... as in the role table and in the heartbeat. */
const char *board_role_name(enum board_role role);
const char *board_capture_word(enum board_capture_state state);

/* Write the whole board as the members of an open object, for status. */
void board_json(const struct board *b, struct jsonw *w);

#endif
