package dev.cardinal.bench.gateway;

/** Where a gateway's private key lies. */
public enum KeyPlace {
    /** PKCS#8 in a file, loaded into the daemon. */
    FILE,
    /** Born on a throw-away SoftHSM token. */
    SOFTHSM,
    /** Born on a throw-away token of the crypto card. */
    CARD
}
