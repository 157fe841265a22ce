package dev.cardinal.ike.crypto;

/**
 * An RSA private key that decrypts for us (IKEv1 with RSA encryption), on a token or on the host; its octets are never seen
 * here.
 */
public interface DecryptionKey {

    /** Bits of the RSA modulus. */
    int bits();

    /** Where the key lies, for messages: an RFC 7512 URI or a file. */
    String location();
}
