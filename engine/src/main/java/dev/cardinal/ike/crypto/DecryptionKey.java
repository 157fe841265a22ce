package dev.cardinal.ike.crypto;

/** An RSA private key that decrypts for us, on a token or on the host, and signs nothing; its octets are never seen here. */
public interface DecryptionKey {

    /** Bits of the modulus. */
    int bits();

    /** Where the key lies, for messages: an RFC 7512 URI or a file. */
    String location();
}
