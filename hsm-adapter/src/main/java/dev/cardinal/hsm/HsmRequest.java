package dev.cardinal.hsm;

import java.security.PublicKey;
import org.jspecify.annotations.Nullable;

/**
 * Work for a token. Every request carries a deadline on the clock of {@link System#nanoTime()}: work whose deadline has
 * passed is never started.
 */
public sealed interface HsmRequest {

    long deadlineNanos();

    Urgency urgency();

    /**
     * A signature. The token hashes where it has the combined mechanism; else {@code DigestInfo} or the raw hash is
     * built on the host, as the mechanism asks.
     *
     * @param message the octets to be signed, not their hash
     */
    record Sign(KeyRef key, SignatureMechanism mechanism, byte[] message, Urgency urgency, long deadlineNanos)
            implements HsmRequest {}

    /**
     * Whether a signature is that of somebody else's key, which is given by value: no object is made of it. Only where
     * {@link TokenProfile#verifications} has the mechanism. A key that the token cannot use, and the host perhaps can, is
     * {@code UNSUPPORTED}; one that is none is {@code PEER_DATA}.
     *
     * @param key RSA, EC or Ed25519
     * @param message the octets that were signed, not their hash
     * @param signature as {@link HsmResult.Signed} has it; anything at all
     */
    record Verify(
            PublicKey key,
            SignatureMechanism mechanism,
            byte[] message,
            byte[] signature,
            Urgency urgency,
            long deadlineNanos)
            implements HsmRequest {}

    /**
     * RSA decryption with PKCS#1 v1.5 padding and implicit rejection: where the token refuses the ciphertext, however it
     * says so, the substitute is the answer, by the same way as a plaintext. Only what says nothing of the ciphertext (the
     * session, the login, the token, our own request) is a failure.
     *
     * @param key one that {@code TokenPool.findDecryptionKey} found, or any that the token lets decrypt
     * @param ciphertext anything at all, hostile octets included
     */
    record Decrypt(KeyRef key, byte[] ciphertext, Substitute substitute, Urgency urgency, long deadlineNanos)
            implements HsmRequest {}

    /**
     * What is answered for a ciphertext that is none. Made before the token is asked, and a secret: whoever knows it knows
     * what the token said.
     *
     * @param octets as many as the key's modulus has, or more; the caller's, who wipes them when the answer has come
     * @param length how many of them, from the first, are the answer
     */
    record Substitute(byte[] octets, int length) {
        public Substitute {
            if (length < 0 || length > octets.length) {
                throw new IllegalArgumentException(length + " of " + octets.length + " octets");
            }
        }

        @Override
        public String toString() {
            return "Substitute[redacted]";
        }
    }

    /** @param length octets of random wanted, 1 to 4096 */
    record Random(int length, Urgency urgency, long deadlineNanos) implements HsmRequest {}

    /** An ephemeral key pair as a session object. */
    record Generate(KeyExchangeGroup group, Urgency urgency, long deadlineNanos) implements HsmRequest {}

    /**
     * The agreement of a generated key pair with the peer's public value. The handle stays valid and is the caller's to
     * release.
     *
     * @param peerPublic the public value as the IKE key exchange payload carries it
     * @param derivation what to make of the shared secret in the same step, null to get the secret itself
     */
    record Agree(
            KeyExchangeRef handle,
            byte[] peerPublic,
            @Nullable Derivation derivation,
            Urgency urgency,
            long deadlineNanos)
            implements HsmRequest {}

    /** {@link Generate} and {@link Agree} at once; no handle outlives it. */
    record GenerateAndAgree(
            KeyExchangeGroup group,
            byte[] peerPublic,
            @Nullable Derivation derivation,
            Urgency urgency,
            long deadlineNanos)
            implements HsmRequest {}

    /** A derivation from a shared secret that {@link Agree} returned; the secret stays the caller's to release. */
    record Derive(SharedSecret secret, Derivation derivation, Urgency urgency, long deadlineNanos)
            implements HsmRequest {}
}
