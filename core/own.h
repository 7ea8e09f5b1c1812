/* own.h - what a scope opens, the scope closes.
 *
 * Owns:    OWN(closer) marks a local whose closer runs when the scope ends;
 *          TAKE(p) hands it to somebody else and leaves NULL behind
 * Source:  GCC manual, "Common Variable Attributes", cleanup
 *
 * A header that offers `void foo_close(struct foo *)` adds
 * `OWN_DEFINE(foo_close, struct foo *)` once; closers accept NULL.
 */
#ifndef CORE_OWN_H
#define CORE_OWN_H

#include <stdlib.h>
#include <unistd.h>

#define OWN(closer) __attribute__((cleanup(own_##closer)))
#define OWN_DEFINE(closer, type)                                               \
    __attribute__((unused)) static inline void own_##closer(type *p)           \
    {                                                                          \
        closer(*p);                                                            \
    }

__attribute__((unused)) static inline void own_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

__attribute__((unused)) static inline void own_free(void *p)
{
    free(*(void **)p);
}

#define OWN_FD __attribute__((cleanup(own_fd)))
#define OWN_FREE __attribute__((cleanup(own_free)))

#define TAKE(p)                                                                \
    __extension__({                                                            \
        __typeof__(p) taken_ = (p);                                            \
        (p) = NULL;                                                            \
        taken_;                                                                \
    })
#define TAKE_FD(fd)                                                            \
    __extension__({                                                            \
        int taken_ = (fd);                                                     \
        (fd) = -1;                                                             \
        taken_;                                                                \
    })

#endif
