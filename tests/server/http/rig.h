/* rig.h - a real listener on loopback with a few small routes, and a client
 * that speaks raw bytes. The loop runs on a thread of its own.
 *
 * Routes:  GET  /hello            "hello" on the loop
 *          GET  /slow             "slow", answered by a reader
 *          GET  /held             answered when rig_release() is called
 *          GET  /big              4 MiB
 *          GET  /huge             64 MiB
 *          GET  /file             8 MiB out of a file, by a reader
 *          GET  /stream           events until the buffer is full
 *          GET  /twice            answers twice; the first one counts
 *          GET  /silent           a handler that forgets to answer
 *          POST /echo             the body, gzip allowed, at most 1 MiB
 *          POST /form             "name=value;file=bytes:sha256;" a part
 *          POST /none             a route that takes no body
 *          GET  /sessions/{id}/x  token "a" x 64 is session 7's
 *          GET  /page             for users: always "log in"
 *          GET  /later            access is decided on a reader: granted
 *          GET  /headers          adds a header with a newline: left out
 */
#ifndef TESTS_SERVER_HTTP_RIG_H
#define TESTS_SERVER_HTTP_RIG_H

#include "server/http/listener.h"

struct rig;

/* limits NULL: the defaults. */
struct rig *rig_open(const struct listener_limits *limits);
void rig_close(struct rig *r);
void rig_release(struct rig *r);  /* answer what is held */
int rig_held(struct rig *r);      /* exchanges held now */
int rig_held_gone(struct rig *r); /* of them, clients that left */
int rig_streams_closed(struct rig *r);
int rig_port(struct rig *r);
void rig_count(struct rig *r, struct listener_counts *out);
/* Drain with a grace; returns once done was called. */
void rig_drain(struct rig *r, int64_t grace_ms);

/* --- the client: blocking, at most 10 s a call --- */
int rig_connect(struct rig *r);
void rig_send(int fd, const char *text);
void rig_send_bytes(int fd, const void *data, size_t len);
/* Read one answer (head and body by Content-Length); returns its status, 0 at
 * an end or error. text gets head and body, NUL-ended. */
int rig_answer(int fd, char *text, size_t text_bytes);
/* Read until the peer closes; the bytes read, -1 on a reset. */
ssize_t rig_read_to_end(int fd, char *text, size_t text_bytes);
/* Connect, send, read to the end, close: the first answer's status. */
int rig_ask(struct rig *r, const char *request, char *text, size_t text_bytes);

/* Wait until condition(arg) holds, at most 10 s; false: it never did. */
bool rig_wait(bool (*condition)(void *arg), void *arg);

#endif
