package dev.cardinal.hsm;

import java.util.List;

/**
 * What to make of a shared secret {@code g^xy} without letting it leave the token where the token can do that. The keys
 * named here are the host's; the caller wipes them after completion.
 */
public sealed interface Derivation {

    /** {@code HMAC(key, g^xy | suffix)}: with an empty suffix the HKDF extract step. */
    record Hmac(HashAlgorithm hash, byte[] key, byte[] suffix) implements Derivation {
        @Override
        public String toString() {
            return "Hmac[" + hash + "]";
        }
    }

    /**
     * {@code T1 | T2 | ...} where {@code T1 = HMAC(key, g^xy | suffix | 1)} and
     * {@code Tn = HMAC(key, Tn-1 | g^xy | suffix | n)}.
     *
     * @param length octets wanted, 1 to 255 times the hash's length
     */
    record Expand(HashAlgorithm hash, byte[] key, byte[] suffix, int length) implements Derivation {
        @Override
        public String toString() {
            return "Expand[" + hash + ", " + length + "]";
        }
    }

    /**
     * Chains of MACs under one key, one block of the hash's length for each suffix: in every chain
     * {@code T1 = HMAC(key, g^xy | suffix1)} and {@code Tn = HMAC(key, Tn-1 | g^xy | suffixn)}.
     *
     * @param seeded whether the key is {@code HMAC(key, g^xy)} instead of the one given, and stands before the chains in
     *     what is made
     * @param chains suffixes; 1 to 512 in all, none of the chains empty
     */
    record Chains(HashAlgorithm hash, byte[] key, boolean seeded, List<List<byte[]>> chains) implements Derivation {
        @Override
        public String toString() {
            return "Chains[" + hash + ", " + chains.size() + "]";
        }

        /** Octets made. */
        public int length() {
            int blocks = seeded ? 1 : 0;
            for (List<byte[]> chain : chains) {
                blocks += chain.size();
            }
            return blocks * hash.length();
        }
    }

    /** The secret itself, padded to the group's length. Refused unless the pool was configured to allow it. */
    record Extract() implements Derivation {}
}
