/* Published values of X25519 and P-256, on every back-end. */
#include "ec_check.h"

static void x25519_vector(const struct runner *runner, const char *scalar, const char *peer, const char *expected)
{
    uint8_t k[32], u[32], out[32];
    octets(k, 32, scalar);
    octets(u, 32, peer);
    struct job job = {.primitive = X25519_DERIVE, .x25519 = {k, u, out}};
    run_one(runner, &job);
    CHECK(job.status == JOB_OK && equals(out, 32, expected), "%s: X25519(%s, %s)", runner->name, scalar, peer);
}

static void x25519_public(const struct runner *runner, const char *scalar, const char *expected)
{
    uint8_t k[32], out[32];
    octets(k, 32, scalar);
    struct job job = {.primitive = X25519_KEYGEN, .x25519 = {k, NULL, out}};
    run_one(runner, &job);
    CHECK(job.status == JOB_OK && equals(out, 32, expected), "%s: X25519(%s, 9)", runner->name, scalar);
}

/* RFC 7748 section 5.2: each result is the next scalar, and the scalar before it the next u-coordinate */
static void x25519_iterations(const struct runner *runner)
{
    uint8_t k[32] = {9}, u[32] = {9}, out[32];
    for (int i = 1; i <= 1000; i++) {
        struct job job = {.primitive = X25519_DERIVE, .x25519 = {k, u, out}};
        run_one(runner, &job);
        CHECK(job.status == JOB_OK, "%s: iteration %d", runner->name, i);
        memcpy(u, k, 32);
        memcpy(k, out, 32);
        CHECK(
            i != 1 || equals(k, 32, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"),
            "%s: after 1 iteration", runner->name);
    }
    CHECK(
        equals(k, 32, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"), "%s: after 1,000 iterations",
        runner->name);
}

static void rfc_7748(const struct runner *runner)
{
    /* section 5.2 */
    x25519_vector(
        runner, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    x25519_vector(
        runner, "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
    x25519_iterations(runner);
    /* section 6.1 */
    const char *a = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    const char *a_public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    const char *b = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    const char *b_public = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    const char *shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    x25519_public(runner, a, a_public);
    x25519_public(runner, b, b_public);
    x25519_vector(runner, a, b_public, shared);
    x25519_vector(runner, b, a_public, shared);
}

static void ecdh_pair(const struct runner *runner, const char *scalar, const char *public_key)
{
    uint8_t d[32], out[64];
    octets(d, 32, scalar);
    struct job job = {.primitive = P256_KEYGEN, .p256 = {d, NULL, out}};
    run_one(runner, &job);
    CHECK(job.status == JOB_OK && equals(out, 64, public_key), "%s: %s * G", runner->name, scalar);
}

static void ecdh_shared(const struct runner *runner, const char *scalar, const char *peer, const char *shared)
{
    uint8_t d[32], q[64], out[32];
    octets(d, 32, scalar);
    octets(q, 64, peer);
    struct job job = {.primitive = P256_DERIVE, .p256 = {d, q, out}};
    run_one(runner, &job);
    CHECK(job.status == JOB_OK && equals(out, 32, shared), "%s: %s * %s", runner->name, scalar, peer);
}

/* RFC 5903 section 8.1 */
static void rfc_5903(const struct runner *runner)
{
    const char *i = "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433";
    const char *gi = "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
                     "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3";
    const char *r = "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53";
    const char *gr = "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
                     "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab";
    const char *shared = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";
    ecdh_pair(runner, i, gi);
    ecdh_pair(runner, r, gr);
    ecdh_shared(runner, i, gr, shared);
    ecdh_shared(runner, r, gi, shared);
}

static void ecdsa_vector(const struct runner *runner, const char *nonce, const char *digest, const char *signature)
{
    uint8_t x[32], u[64], k[32], e[32], out[64];
    octets(x, 32, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    octets(
        u, 64,
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    octets(k, 32, nonce);
    octets(e, 32, digest);
    struct job sign = {.primitive = ECDSA_P256_SIGN, .ecdsa_sign = {x, k, e, out}};
    run_one(runner, &sign);
    CHECK(sign.status == JOB_OK && equals(out, 64, signature), "%s: signature with nonce %s", runner->name, nonce);
    struct job verify = {.primitive = ECDSA_P256_VERIFY, .ecdsa_verify = {u, e, out}};
    run_one(runner, &verify);
    CHECK(verify.status == JOB_OK, "%s: verification of %s", runner->name, signature);
    for (size_t bit = 0; bit < 512; bit += 37) {
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
        run_one(runner, &verify);
        CHECK(verify.status == JOB_REFUSED, "%s: signature with bit %zu flipped", runner->name, bit);
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* RFC 6979 section A.2.5; the digests are those of "sample" and "test" */
static void rfc_6979(const struct runner *runner)
{
    /* SHA-256("sample") */
    ecdsa_vector(
        runner, "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60",
        "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    /* SHA-256("test") */
    ecdsa_vector(
        runner, "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083");
    /* SHA-512("sample"), its leftmost 256 bits */
    ecdsa_vector(
        runner, "5fa81c63109badb88c1f367b47da606da28cad69aa22c4fe6ad7df73a7173aa5",
        "39a5e04aaff7455d9850c605364f514c11324ce64016960d23d5dc57d3ffd8f4",
        "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00"
        "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe");
}

int main(void)
{
    struct runner found[2];
    size_t count = runners(found);
    for (size_t i = 0; i < count; i++) {
        rfc_7748(&found[i]);
        rfc_5903(&found[i]);
        rfc_6979(&found[i]);
    }
    return checks_done();
}
