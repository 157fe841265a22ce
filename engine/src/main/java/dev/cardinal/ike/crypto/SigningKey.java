package dev.cardinal.ike.crypto;

import java.util.Set;

/** A private key that signs for us, on a token or on the host; its octets are never seen here. */
public interface SigningKey {

    SignatureScheme.Key kind();

    /** Bits of the RSA modulus or of the curve's field. */
    int bits();

    /** What the key's device can sign. */
    Set<SignatureScheme> schemes();

    /** Where the key lies, for messages: an RFC 7512 URI or a file. */
    String location();
}
