/* Runs a fuzz target over the files named, without a fuzzer: for the seeds in each build, and for what was found. */
#include <stdio.h>

#include "input.h"

int main(int argc, char **argv)
{
    static uint8_t data[1u << 20];
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL) {
            perror(argv[i]);
            return 1;
        }
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
    }
    printf("%d inputs replayed\n", argc - 1);
    return argc > 1 ? 0 : 1;
}
