package dev.cardinal.bench.jmh;

/** A way to have public-key work done, which the caller closes. Keys are made beforehand, ephemeral ones each time. */
interface PublicKeyWay extends AutoCloseable {
    /** Operations of one call of the methods here. */
    int OPERATIONS = 64;

    /** PKCS#1 v1.5 with SHA-256. */
    void rsa2048Sign() throws Exception;

    void p256Sign() throws Exception;

    /** A key pair and the agreement with a peer's public value. */
    void generateAndAgree(Group group) throws Exception;

    @Override
    void close() throws Exception;

    /** Groups that are measured. */
    enum Group {
        MODP_2048,
        P256,
        X25519
    }
}
