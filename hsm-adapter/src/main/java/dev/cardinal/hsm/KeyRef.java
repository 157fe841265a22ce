package dev.cardinal.hsm;

/**
 * A private key on a token, as found when it was looked up. It names the key for good: the adapter looks the object up
 * again after a lost login or session.
 */
public interface KeyRef {

    /** The key's RFC 7512 URI, for messages. */
    String uri();

    /** DER of the {@code SubjectPublicKeyInfo} the key was matched to. */
    byte[] publicKeyInfo();

    /** Whether the token lets the key sign, {@code CKA_SIGN}, as it was when the key was found. */
    boolean maySign();
}
