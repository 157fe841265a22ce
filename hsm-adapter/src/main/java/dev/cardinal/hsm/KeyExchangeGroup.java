package dev.cardinal.hsm;

/** Groups for ephemeral key agreement. */
public enum KeyExchangeGroup {
    MODP_1024,
    MODP_1536,
    MODP_2048,
    MODP_3072,
    MODP_4096,
    MODP_6144,
    MODP_8192,
    P256,
    P384,
    P521,
    X25519,
    X448
}
