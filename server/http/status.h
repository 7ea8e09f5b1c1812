/* status.h - the words of the status codes. Source: RFC 9110 section 15. */
#ifndef SERVER_HTTP_STATUS_H
#define SERVER_HTTP_STATUS_H

/* "Not Found"; "Unknown" for codes that we never send. */
const char *status_text(int status);

#endif
