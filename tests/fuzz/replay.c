/* replay.c - run a fuzz target over its corpus, without a fuzzer: every input
 * ever found stays a test. Arguments: files or folders; TAP on stdout. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count;

static int replay_file(const char *path)
{
    static uint8_t bytes[1 << 20];
    FILE *f = fopen(path, "rb");
    uint8_t *exact;
    size_t n;

    if (!f)
        return 1;
    n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    exact = malloc(n ? n : 1); /* so that a byte too far is found */
    if (!exact)
        return 1;
    for (size_t i = 0; i < n; i++)
        exact[i] = bytes[i];
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    printf("ok %d - %s\n", ++count, path);
    return 0;
}

static int replay_folder(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char file[PATH_MAX];
    int failed = 0;

    if (!dir)
        return 1;
    while (!failed && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        failed = replay_file(file);
    }
    closedir(dir);
    return failed;
}

int main(int argc, char **argv)
{
    struct stat st;
    int i;

    for (i = 1; i < argc; i++) {
        if (stat(argv[i], &st) < 0 ||
            (S_ISDIR(st.st_mode) ? replay_folder(argv[i])
                                 : replay_file(argv[i]))) {
            printf("Bail out! %s can't be replayed\n", argv[i]);
            return 1;
        }
    }
    printf("1..%d\n", count);
    return count == 0;
}
