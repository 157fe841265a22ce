package dev.cardinal.hsm;

import org.jspecify.annotations.Nullable;

/** What a request came to. Byte arrays belong to the receiver. */
public sealed interface HsmResult {

    /** @param signature RSA: the modulus' length; ECDSA: r and s, each of the field's length; Ed25519: 64 octets */
    record Signed(byte[] signature) implements HsmResult {}

    /** @param valid whether the signature is the key's over the message */
    record Verified(boolean valid) implements HsmResult {}

    /** @param plaintext or the substitute for one, which looks alike; a secret: the receiver wipes it */
    record Decrypted(byte[] plaintext) implements HsmResult {
        @Override
        public String toString() {
            return "Decrypted[redacted]";
        }
    }

    record RandomOctets(byte[] octets) implements HsmResult {
        @Override
        public String toString() {
            return "RandomOctets[redacted]";
        }
    }

    /** @param publicValue as the IKE key exchange payload carries it, padded to the group's length */
    record Generated(KeyExchangeRef handle, byte[] publicValue) implements HsmResult {}

    /**
     * An agreement.
     *
     * @param publicValue our own public value after {@code GenerateAndAgree}, null after {@code Agree}
     * @param derived the derivation's octets, a secret that the receiver wipes; null where none was asked for
     * @param secret the shared secret, where no derivation was asked for; the receiver releases it
     */
    record Agreed(
            byte @Nullable [] publicValue,
            byte @Nullable [] derived,
            @Nullable SharedSecret secret) implements HsmResult {
        @Override
        public String toString() {
            return "Agreed[redacted]";
        }
    }

    /** @param octets a secret: the receiver wipes it */
    record Derived(byte[] octets) implements HsmResult {
        @Override
        public String toString() {
            return "Derived[redacted]";
        }
    }
}
