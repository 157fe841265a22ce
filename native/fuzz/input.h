/* A fuzzer's input, taken from its front; past its end there are zeros. */
#ifndef CARDINAL_FUZZ_INPUT_H
#define CARDINAL_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    size_t left;
};

static inline unsigned input_octet(struct input *input)
{
    if (input->left == 0) {
        return 0;
    }
    input->left--;
    return *input->at++;
}

/* A piece of memory of exactly that many octets, so that a sanitizer sees the first one past its end; free() frees. */
static inline uint8_t *input_piece(struct input *input, size_t length)
{
    size_t given = length < input->left ? length : input->left;
    uint8_t *piece = calloc(1, length > 0 ? length : 1);
    if (piece == NULL) {
        abort();
    }
    if (given > 0) {
        memcpy(piece, input->at, given);
    }
    input->at += given;
    input->left -= given;
    return piece;
}

#endif
