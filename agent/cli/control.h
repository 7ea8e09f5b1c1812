/* control.h - what a command says to the agent that runs, and the answers.
 *
 * Flow:    worksight-agent status, queue, pause ... -> STATE/control.sock
 *          -> outbox role -> one answer
 * Shapes:  AF_UNIX, SOCK_STREAM, mode 0600. The client sends one JSON object
 *          and a newline (at most CONTROL_REQUEST_BYTES), the outbox role
 *          answers one JSON object and a newline (at most
 *          CONTROL_ANSWER_BYTES) and closes
 * Units:   *_wall_ms are UTC milliseconds, 0: never or not known (JSON
 *          holds no nanoseconds: json.h refuses numbers past 2^53)
 * Errors:  {"ok":false,"error":CODE,"detail":"for people"} with CODE one of
 *          invalid (request or member), not-found (no such item), denied,
 *          io (the disk said no)
 * Process: the listening socket is made by the supervisor and served by the
 *          outbox role alone; it outlives a restart of the role
 * Source:  design.md: commands that write go through the owner's socket
 *
 * An ID is "SESSION/SEQ": the first 8 or more hex digits of session_uid, and
 * the seq; "SEQ" alone is of the present session. Answers write "id" so, with
 * 8 digits. Every request is {"verb":VERB, ...members}, every good answer
 * {"ok":true, ...members}; unknown members are ignored on both sides.
 *
 * status       -> agent_id, session_uid, session_id, enrolled (a server took a
 *                 session of this agent), head_seq,
 *                 queue {recorded delivered pending leased parked dead dropped
 *                 erased kept bytes oldest_wall_ms}; pending counts the leased
 *                 and the parked ones too,
 *                 today {captured sent sent_bytes dropped failed} (local day;
 *                 what is not counted is left out),
 *                 pause {until_wall_ms reason written} or null; written:
 *                 false while the disk refuses it,
 *                 last_metric {id productivity_score anomaly_score scored
 *                 recorded_wall_ms} or null,
 *                 board {...} as board_json() writes it
 * queue-list   state? (pending leased parked dead; none: all), limit? (1..1000,
 *              200)
 *              -> items [{id kind state attempts recorded_wall_ms due_wall_ms
 *                 bytes reason}], oldest first; more: true when cut
 * queue-retry  id? (none: every dead and parked item) -> count, now pending
 * queue-purge  id? (none: every dead item) -> count; dead letters only, they
 *              are tombstoned already: nothing undelivered is ever purged
 * sent         limit? (1..1000, 50), since_wall_ms?
 *              -> items [{id kind recorded_wall_ms delivered_wall_ms bytes
 *                 sha256 server_id}], newest first
 * explain      id? (none: the last metric) -> item {id kind state
 *              recorded_wall_ms}, payload {the frozen bytes, parsed};
 *              not-found when the bytes were forgotten after delivery
 * pause        duration_ms (1000..86400000), reason? (<= 200 characters)
 *              -> until_wall_ms; it holds whatever the disk says; an event
 *                 item {pause} is recorded, at the latest when there is room
 * resume       -> was_paused; an event item {resume} is recorded
 * enroll       code (visible ASCII, 1..255) -> nothing more; kept until a
 *              session is registered with it. Without an agent the command
 *              writes STATE/enroll.json {"code":CODE}, mode 0600, which the
 *              outbox role takes in at its start and deletes
 */
#ifndef AGENT_CLI_CONTROL_H
#define AGENT_CLI_CONTROL_H

#include "core/err.h"
#include "core/json.h"

#define CONTROL_SOCKET "control.sock"     /* in STATE */
#define CONTROL_ENROLL_FILE "enroll.json" /* in STATE */
#define CONTROL_REQUEST_BYTES ((size_t)4096)
#define CONTROL_ANSWER_BYTES ((size_t)1 << 20)

/* Ask the agent that runs on this state folder; request is one JSON object.
 * WS_NOTFOUND: no agent runs there. WS_AGAIN: it did not answer in 5 s. The
 * answer may still be {"ok":false}. */
enum err control_ask(const char *state, const char *request,
                     struct json **answer) WS_MUST_CHECK;

#endif
