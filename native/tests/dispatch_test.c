/* How jobs are grouped, and how break-even points are read. */
#include "batch/break_even.h"
#include "batch/dispatch.h"
#include "check.h"

#include <unistd.h>

static char path[64];

static const char *read_text(const char *text, struct break_even_table *table, unsigned *line)
{
    FILE *file = fopen(path, "we");
    CHECK(file != NULL, "no temporary file %s", path);
    fputs(text, file);
    fclose(file);
    return break_even_read(path, table, line);
}

static void tables(void)
{
    struct break_even_table table = {.count = 0};
    unsigned line = 0;
    const char *wrong = read_text("# measured\n\nrsa-private 2048 3 # three\nx25519-derive 0 never\n", &table, &line);
    CHECK(wrong == NULL, "%s", wrong);
    CHECK(table.count == 2, "%zu rows", table.count);
    CHECK(break_even_of(&table, RSA_PRIVATE, 2048) == 3, "rsa-private");
    CHECK(break_even_of(&table, X25519_DERIVE, 0) == BREAK_EVEN_NEVER, "x25519-derive");
    CHECK(break_even_of(&table, RSA_PRIVATE, 4096) == 1, "a row that is not there");

    static const struct {
        const char *text;
        unsigned line;
    } bad[] = {
        {"rsa-private 2048\n", 1},    {"rsa-private 2048 3 4\n", 1},
        {"\nrsa-secret 2048 3\n", 2}, {"rsa-private many 3\n", 1},
        {"rsa-private -1 3\n", 1},    {"rsa-private 2048 0\n", 1},
        {"rsa-private 2048 9\n", 1},  {"rsa-private 2048 3\nrsa-private 2048 33\n", 2},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wrong = read_text(bad[i].text, &table, &line);
        CHECK(wrong != NULL && line == bad[i].line, "accepted or at line %u: %s", line, bad[i].text);
        CHECK(table.count == 2, "a bad file replaced the table");
    }
    CHECK(break_even_read("/nonexistent/tuning", &table, &line) != NULL && line == 0, "a file that is not there");

    char many[64 * 40] = "";
    for (unsigned i = 0; i <= BREAK_EVEN_ROWS; i++) {
        strcat(many, "rsa-private 2048 3\n");
    }
    CHECK(read_text(many, &table, &line) != NULL && line == BREAK_EVEN_ROWS + 1, "an endless table");
}

static const uint8_t base_point[X25519_OCTETS] = {9};

/* RFC 7748 section 6.1: Alice's key pair. */
static const uint8_t alice[X25519_OCTETS] = {0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
                                             0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
                                             0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a};
static const uint8_t alice_public[X25519_OCTETS] = {0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d,
                                                    0xdc, 0xb4, 0x3e, 0xf7, 0x5a, 0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38,
                                                    0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a};

/* Mixed kinds, in every number: each job is answered, each by its own rule. */
static void mixes(enum dispatch_choice choice)
{
    CHECK(dispatch_configure(choice, &break_even_measured), "choice %d", (int)choice);
    static const uint8_t zero[X25519_OCTETS];
    for (size_t count = 1; count <= 40; count++) {
        struct job jobs[40];
        uint8_t out[40][X25519_OCTETS];
        memset(out, 0, sizeof out);
        for (size_t i = 0; i < count; i++) {
            jobs[i] = (struct job){.primitive = i % 2 == 0 ? X25519_KEYGEN : X25519_DERIVE};
            jobs[i].x25519.scalar = alice;
            jobs[i].x25519.peer = i % 3 == 0 ? zero : base_point;
            jobs[i].x25519.out = out[i];
        }
        dispatch_run(jobs, count);
        for (size_t i = 0; i < count; i++) {
            bool refused = i % 2 == 1 && i % 3 == 0;
            CHECK(jobs[i].status == (refused ? JOB_REFUSED : JOB_OK), "job %zu of %zu", i, count);
            CHECK(refused || memcmp(out[i], alice_public, sizeof alice_public) == 0, "a wrong value in job %zu", i);
        }
    }
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/dispatch-test.%ld", (long)getpid());
    tables();
    unlink(path);
    enum dispatch_choice choice;
    CHECK(dispatch_choice_of("portable", &choice) && choice == DISPATCH_PORTABLE, "portable");
    CHECK(!dispatch_choice_of("fast", &choice), "no such choice");
    mixes(DISPATCH_PORTABLE);
    mixes(DISPATCH_AUTO);
    if (dispatch_configure(DISPATCH_IFMA, &break_even_measured)) {
        mixes(DISPATCH_IFMA);
    } else {
        puts("no AVX-512 IFMA here: the portable back-end alone was tested");
    }
    return checks_done();
}
