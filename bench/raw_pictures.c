/* raw_pictures.c - the most pictures a second that the disk takes: threads that
 * each write 300 KB past the page cache, flush it, name it and flush the
 * folder, as the server does, and nothing else.
 *
 * raw_pictures FOLDER THREADS SECONDS prints "pictures/s".
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PICTURE_BYTES (300 << 10)
#define ALIGNED 4096
#define MAX_THREADS 64

static const char *top;
static atomic_long done;
static atomic_bool stop;
static atomic_int folders;

static void must(long result, const char *what)
{
    if (result >= 0)
        return;
    perror(what);
    exit(1);
}

static void put(int folder, const char *name, const void *picture)
{
    int fd = openat(folder, ".", O_TMPFILE | O_WRONLY | O_DIRECT, 0600);
    char self[40];

    must(fd, "raw_pictures: open");
    if (write(fd, picture, PICTURE_BYTES) != PICTURE_BYTES)
        must(-1, "raw_pictures: write");
    must(fdatasync(fd), "raw_pictures: fdatasync");
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    must(linkat(AT_FDCWD, self, folder, name, AT_SYMLINK_FOLLOW),
         "raw_pictures: link");
    must(fsync(folder), "raw_pictures: fsync");
    close(fd);
}

static void *work(void *arg)
{
    static _Alignas(ALIGNED) char picture[PICTURE_BYTES];
    char path[512], name[32];
    int folder;

    (void)arg;
    snprintf(path, sizeof path, "%s/%d", top, atomic_fetch_add(&folders, 1));
    must(mkdir(path, 0700), "raw_pictures: mkdir");
    folder = open(path, O_RDONLY | O_DIRECTORY);
    must(folder, "raw_pictures: open a folder");
    for (long i = 0; !atomic_load(&stop); i++) {
        snprintf(name, sizeof name, "%lx", i);
        put(folder, name, picture);
        atomic_fetch_add(&done, 1);
    }
    close(folder);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[MAX_THREADS];
    int count = argc == 4 ? atoi(argv[2]) : 0;
    int seconds = argc == 4 ? atoi(argv[3]) : 0;

    if (count < 1 || count > MAX_THREADS || seconds < 1) {
        fprintf(stderr, "usage: raw_pictures FOLDER THREADS SECONDS\n");
        return 2;
    }
    top = argv[1];
    must(mkdir(top, 0700), "raw_pictures: mkdir");
    for (int i = 0; i < count; i++)
        must(-pthread_create(&threads[i], NULL, work, NULL), "thread");
    sleep((unsigned)seconds);
    atomic_store(&stop, true);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("%ld\n", atomic_load(&done) / seconds);
    return 0;
}
