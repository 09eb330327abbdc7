/*
 * All programs are links to this one: the name that it is called by is the program that it runs. Called by another name, it
 * runs those that are named on its command line, one after the other.
 *
 * usage: NAME --pin USER:PASSWORD [--library PATH]
 */
#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "names.h"
#include "program.h"

static const struct program {
    const char *name;
    void (*run)(void);
    bool begins_logged_in;
} programs[] = {
#define SAMPLE(name) {#name, name, true},
#define OTHER(name) {#name, name, false},
    FOR_EACH_SAMPLE(SAMPLE) FOR_EACH_OF_OTHERS(OTHER)
#undef SAMPLE
#undef OTHER
};

static const struct program *find(const char *name)
{
    for (size_t at = 0; at < COUNT(programs); at++)
        if (strcmp(programs[at].name, name) == 0)
            return programs + at;
    return NULL;
}

static void run(const struct program *program, const char *library)
{
    load(library);
    if (program->begins_logged_in)
        begin();
    program->run();
    if (program->begins_logged_in)
        end();
    unload();
}

static int usage(const char *name)
{
    (void)fprintf(stderr, "usage: %s --pin USER:PASSWORD [--library PATH]\n", name);
    return 2;
}

int main(int count, char **words)
{
    static const struct option options[] = {
        {"pin", required_argument, NULL, 'p'}, {"library", required_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
    const char *slash = strrchr(words[0], '/'), *name = slash == NULL ? words[0] : slash + 1;
    const char *library = "/opt/cloudhsm/lib/libcloudhsm_pkcs11.so";
    int option;
    while ((option = getopt_long(count, words, "", options, NULL)) != -1) {
        if (option == 'p')
            pin = optarg;
        else if (option == 'l')
            library = optarg;
        else
            return usage(name);
    }
    const struct program *own = find(name);
    bool complete = pin != NULL && (own == NULL) == (optind < count);
    for (int at = optind; at < count; at++)
        complete = complete && find(words[at]) != NULL;
    if (!complete)
        return usage(name);
    if (own != NULL)
        run(own, library);
    for (int at = optind; at < count; at++)
        run(find(words[at]), library);
    return 0;
}
