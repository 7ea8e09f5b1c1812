/* networks.h - is this address in one of these networks?
 *
 * Shapes:  "127.0.0.0/8, ::1, 10.1.2.3": CIDRs, a bare address is one host;
 *          an IPv4 address in IPv6 (::ffff:1.2.3.4) counts as IPv4
 * Errors:  WS_INVALID  not a network, or host bits set; named in the log
 * Owns:    networks_open() hands the caller a list; networks_close() ends it
 * Process: a list never changes: safe for threads
 */
#ifndef SERVER_HTTP_NETWORKS_H
#define SERVER_HTTP_NETWORKS_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>

struct networks;

enum err networks_open(struct networks **out, const char *list) WS_MUST_CHECK;
void networks_close(struct networks *n);
OWN_DEFINE(networks_close, struct networks *)

/* True when the address (text, without port) lies in one; NULL list: false. */
bool networks_hold(const struct networks *n, const char *address);

/* True for the text of an IPv4 or IPv6 address. */
bool networks_is_address(const char *text);

/* True when all of the networks are loopback, or the list is empty. */
bool networks_are_loopback(const struct networks *n);

#endif
