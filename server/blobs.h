/* blobs.h - the place of pictures that the settings name.
 *
 * Flow:    settings blobs, data, s3_* -> [blobs] -> blob_open()
 * Errors:  as blob.h; WS_NOMEM
 * Owns:    blobs_open() hands over a handle; blob_close() ends it
 */
#ifndef SERVER_BLOBS_H
#define SERVER_BLOBS_H

#include "core/err.h"

struct blob;
struct settings;

/* Open it, with DATA/tmp for what is on its way. */
enum err blobs_open(const struct settings *s, struct blob **out) WS_MUST_CHECK;

#endif
