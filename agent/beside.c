#include "agent/beside.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *beside_path(const char *name)
{
    char self[PATH_MAX], *path;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    const char *slash;

    if (n < 0)
        return NULL;
    self[n] = '\0';
    slash = strrchr(self, '/');
    n = slash ? slash - self + 1 : 0;
    return asprintf(&path, "%.*s%s", (int)n, self, name) < 0 ? NULL : path;
}
