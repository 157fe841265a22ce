/*
 * Eight 64-bit lanes of AVX-512, one operation each, and the octets of jobs to and from them. Included by the IFMA
 * kernels alone; nothing in here decides by a lane's value.
 */
#ifndef CARDINAL_LANES_H
#define CARDINAL_LANES_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define LANE_COUNT 8u
/* 64-bit words of a number of 256 bits, and one more of zeros so that a window may reach over the end. */
#define LANE_WORDS 5u

typedef __m512i lanes;

static inline lanes splat(uint64_t value)
{
    return _mm512_set1_epi64((long long)value);
}

static inline lanes add(lanes a, lanes b)
{
    return _mm512_add_epi64(a, b);
}

static inline lanes sub(lanes a, lanes b)
{
    return _mm512_sub_epi64(a, b);
}

static inline lanes both(lanes a, lanes b)
{
    return _mm512_and_si512(a, b);
}

static inline lanes either(lanes a, lanes b)
{
    return _mm512_or_si512(a, b);
}

/* Shifts; a count of 64 or more gives 0. */
static inline lanes shl(lanes a, unsigned count)
{
    return _mm512_slli_epi64(a, count);
}

static inline lanes shr(lanes a, unsigned count)
{
    return _mm512_srli_epi64(a, count);
}

/* sum + (a * b mod 2^52), of the low 52 bits of a and b. */
static inline lanes madlo(lanes sum, lanes a, lanes b)
{
    return _mm512_madd52lo_epu64(sum, a, b);
}

/* sum + floor(a * b / 2^52), of the low 52 bits of a and b. */
static inline lanes madhi(lanes sum, lanes a, lanes b)
{
    return _mm512_madd52hi_epu64(sum, a, b);
}

/*
 * a * factor mod 2^64, by the multiplier: it has places to spare where shifts and additions have none. The factor is
 * hidden from the compiler, which would shift and add.
 */
static inline lanes mul_small(lanes a, uint64_t factor)
{
    lanes f = splat(factor);
    __asm__("" : "+v"(f));
    return _mm512_mullo_epi64(a, f);
}

/* b in the lanes of the mask, a in the others. */
static inline lanes pick(__mmask8 mask, lanes a, lanes b)
{
    return _mm512_mask_blend_epi64(mask, a, b);
}

/* Numbers of 32 octets, little-endian, one a lane: words[0] the lowest. */
static inline void lanes_load_little(lanes words[LANE_WORDS], const uint8_t *const from[LANE_COUNT])
{
    uint64_t word[LANE_COUNT];
    for (size_t i = 0; i < 4; i++) {
        for (size_t lane = 0; lane < LANE_COUNT; lane++) {
            memcpy(&word[lane], from[lane] + 8 * i, 8);
        }
        words[i] = _mm512_loadu_si512(word);
    }
    words[4] = _mm512_setzero_si512();
}

/* The same, big-endian. */
static inline void lanes_load_big(lanes words[LANE_WORDS], const uint8_t *const from[LANE_COUNT])
{
    uint64_t word[LANE_COUNT];
    for (size_t i = 0; i < 4; i++) {
        for (size_t lane = 0; lane < LANE_COUNT; lane++) {
            memcpy(&word[lane], from[lane] + 24 - 8 * i, 8);
            word[lane] = __builtin_bswap64(word[lane]);
        }
        words[i] = _mm512_loadu_si512(word);
    }
    words[4] = _mm512_setzero_si512();
}

/* One lane's number as 32 octets, little-endian. */
static inline void lanes_store_little(uint8_t out[32], const lanes words[4], size_t lane)
{
    for (size_t i = 0; i < 4; i++) {
        memcpy(out + 8 * i, (const uint8_t *)&words[i] + 8 * lane, 8);
    }
}

/* The same, big-endian. */
static inline void lanes_store_big(uint8_t out[32], const lanes words[4], size_t lane)
{
    for (size_t i = 0; i < 4; i++) {
        uint64_t word;
        memcpy(&word, (const uint8_t *)&words[i] + 8 * lane, 8);
        word = __builtin_bswap64(word);
        memcpy(out + 24 - 8 * i, &word, 8);
    }
}

/* A digit of a signed window: magnitude 0 to 2^(width-1), and the lanes where it is negative. */
struct digit {
    lanes magnitude;
    __mmask8 negative;
};

/*
 * The digit of weight 2^(width*index) in Booth's recoding: of the window's bits and the bit below them, so that no
 * carry travels. Digits for index 0 to (bits of the number)/width, rounded down, make up the number.
 */
static inline struct digit signed_window(const lanes words[LANE_WORDS], unsigned width, unsigned index)
{
    lanes mask = splat((2u << width) - 1u);
    lanes bits;
    if (index == 0) {
        bits = both(shl(words[0], 1), mask);
    } else {
        unsigned at = width * index - 1;
        lanes low = _mm512_srl_epi64(words[at / 64], _mm_cvtsi32_si128((int)(at % 64)));
        lanes high = at / 64 + 1 < LANE_WORDS
                         ? _mm512_sll_epi64(words[at / 64 + 1], _mm_cvtsi32_si128((int)(64 - at % 64)))
                         : _mm512_setzero_si512();
        bits = both(either(low, high), mask);
    }
    struct digit digit;
    digit.negative = _mm512_test_epi64_mask(bits, splat(1u << width));
    bits = pick(digit.negative, bits, _mm512_xor_si512(bits, mask));
    digit.magnitude = shr(add(bits, splat(1)), 1);
    return digit;
}

/* Entry `at` (0 to 31, a lane each) of 32 numbers that all lanes share: register permutations, no address. */
static inline lanes lookup32(const lanes table[4], lanes at)
{
    lanes low = _mm512_permutex2var_epi64(table[0], at, table[1]);
    lanes high = _mm512_permutex2var_epi64(table[2], at, table[3]);
    return pick(_mm512_test_epi64_mask(at, splat(16)), low, high);
}

#endif
